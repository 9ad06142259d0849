//! Saying what waits to be said, on the channels of one payment call.

use super::call::Call;
use super::link::LinkError;
use super::prompts::{self, Current, Ended, Whisper};
use super::{WHISPER, nonce};
use crate::call::{FromPbx, Party};
use crate::pbx::clips;

impl Call {
    /// Has a channel whisper to a party, so that its first sentence begins at once.
    pub async fn prepare_whisper(&mut self, party: Party) -> Result<(), LinkError> {
        let Some(leg) = self.leg_of(party).filter(|_| self.agent.is_some()) else { return Ok(()) };
        if self.prompts(party).whisper.is_some() {
            return Ok(());
        }
        let id = format!("{WHISPER}{}", nonce());
        self.legs.also(&id);
        self.prompts(party).whisper = Some(Whisper::coming(id.clone()));
        let application = &self.shared.settings.application;
        let path =
            format!("/channels/{leg}/snoop/{id}?spy=none&whisper=out&app={application}&appArgs=whisper");
        let made = self.link.post(&path).await;
        if made.is_err() {
            self.legs.no_more(&id);
            self.prompts(party).whisper = None;
        }
        made.map(drop)
    }

    /// Begins whatever waits to be said and is free to be.
    pub async fn speak(&mut self) {
        for party in [Party::Customer, Party::Agent] {
            let late = self.prompts(party).overdue();
            self.said(late).await;
            if self.prompts(party).is_silent() {
                self.end_idle_whisper(party).await;
                continue;
            }
            if self.leg_of(party).is_none() {
                let unsaid = self.prompts(party).drop_all();
                self.said(unsaid).await;
                continue;
            }
            if let Err(why) = self.prepare_whisper(party).await {
                tracing::warn!(leg = %self.customer, %why, "nothing can be whispered");
                let unsaid = self.prompts(party).drop_all();
                self.said(unsaid).await;
            }
            let Some(channel) = self.speaker(party) else { continue };
            while let Some(next) = self.prompts(party).next() {
                let playback = format!("tonegate-{}", nonce());
                let path = format!("/channels/{channel}/play/{playback}?media={}", next.media);
                match self.link.post(&path).await {
                    Ok(_) => {
                        let deadline = clips::deadline(next.clips).await;
                        self.prompts(party).current = Some(Current { id: next.id, playback, deadline });
                    }
                    Err(why) => {
                        tracing::warn!(%channel, %why, files = %next.media, "a prompt could not be played");
                        self.said(vec![(next.id, false)]).await;
                    }
                }
            }
        }
    }

    /// The channel sentences for a party are played on, if it is there.
    fn speaker(&mut self, party: Party) -> Option<String> {
        if self.agent.is_none() {
            return self.leg_of(party);
        }
        let whisper = self.prompts(party).whisper.as_ref().filter(|whisper| whisper.coming.is_none());
        whisper.map(|whisper| whisper.id.clone())
    }

    /// Stops what is said to a party, and drops what waits.
    pub async fn hush(&mut self, party: Party) {
        let (stop, ended) = self.prompts(party).hush();
        if let Some(playback) = stop {
            // It may just have ended by itself.
            let _ = self.link.delete(&format!("/playbacks/{playback}")).await;
        }
        self.said(ended).await;
    }

    /// Takes the whispering channels away.
    pub async fn end_whispers(&mut self) {
        for party in [Party::Customer, Party::Agent] {
            let unsaid = self.prompts(party).drop_all();
            self.said(unsaid).await;
            if let Some(whisper) = self.prompts(party).whisper.take() {
                self.legs.no_more(&whisper.id);
                let _ = self.link.delete(&format!("/channels/{}", whisper.id)).await;
            }
        }
    }

    /// Takes a whispering channel away that has had nothing to say for a while; the next sentence makes another.
    async fn end_idle_whisper(&mut self, party: Party) {
        if let Some(whisper) = self.prompts(party).idle() {
            self.legs.no_more(&whisper.id);
            let _ = self.link.delete(&format!("/channels/{}", whisper.id)).await;
        }
    }

    /// A whispering channel hung up: with its party, or taken away by somebody.
    pub async fn whisper_ended(&mut self, channel: &str) {
        for party in [Party::Customer, Party::Agent] {
            let prompts = self.prompts(party);
            if prompts.whisper.take_if(|whisper| whisper.id == channel).is_some() {
                let unsaid = prompts.current.take().map(|current| (current.id, false));
                self.said(unsaid.into_iter().collect()).await;
            }
        }
        self.legs.no_more(channel);
    }

    /// Reports sentences that have ended.
    pub async fn said(&mut self, ended: Vec<Ended>) {
        for (id, heard) in ended {
            self.tell(FromPbx::Said { id, heard }).await;
        }
    }

    /// The party's leg, if it is there.
    pub fn leg_of(&self, party: Party) -> Option<String> {
        match party {
            Party::Customer => (!self.customer_left).then(|| self.customer.clone()),
            Party::Agent => self.agent.clone().filter(|_| !self.agent_left),
        }
    }

    /// The party's sentences.
    pub fn prompts(&mut self, party: Party) -> &mut prompts::Prompts {
        match party {
            Party::Customer => &mut self.to_customer,
            Party::Agent => &mut self.to_agent,
        }
    }
}
