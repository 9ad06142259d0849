//! What is being said to one party: one sentence at a time, the others wait in order.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use super::call::Call;
use super::link::{Link, LinkError};
use super::words::{self, Unspeakable};
use crate::call::{FromPbx, Party, SayId};
use crate::pbx::clips::{self, CLIPS_MAX, WAITING_MAX};

/// How long FreeSWITCH may take to take a stopped sentence away; the same files cannot begin before.
const STOP_TIMEOUT_MS: u64 = 250;
/// The sentences for one party.
#[derive(Debug, Default)]
pub(super) struct Prompts {
    current: Option<Current>,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    id: SayId,
    clips: Vec<PathBuf>,
    target: String,
}

#[derive(Debug)]
struct Current {
    /// None once it was hushed and reported; the name is kept until FreeSWITCH lets go of it.
    id: Option<SayId>,
    target: String,
    deadline: Instant,
}

/// A sentence that has ended.
pub(super) type Ended = (SayId, bool);

/// Why a sentence cannot be said.
pub(super) type CannotSay = clips::CannotSay<Unspeakable>;

/// The files as FreeSWITCH names them.
fn target(clips: &[PathBuf]) -> Result<String, CannotSay> {
    let paths = clips.iter().map(|clip| words::path(clip)).collect::<Result<Vec<_>, _>>()?;
    match paths.as_slice() {
        [] => Err(CannotSay::Clips),
        [one] => Ok((*one).to_owned()),
        many if many.len() <= CLIPS_MAX => Ok(format!("file_string://{}", many.join("!"))),
        _ => Err(CannotSay::Clips),
    }
}

/// Mixes files into what one leg hears; the other hears nothing of them.
fn displace(leg: &str, target: &str) -> String {
    format!("uuid_displace {leg} start {target} 0 mux")
}

impl Prompts {
    /// Puts a sentence at the end of the queue.
    pub fn add(&mut self, id: SayId, clips: Vec<PathBuf>) -> Result<(), CannotSay> {
        let target = target(&clips)?;
        if self.waiting.len() >= WAITING_MAX {
            return Err(CannotSay::TooMany);
        }
        self.waiting.push_back(Waiting { id, clips, target });
        Ok(())
    }

    /// When what is being said must have ended.
    pub fn deadline(&self) -> Option<Instant> {
        self.current.as_ref().map(|current| current.deadline)
    }

    /// FreeSWITCH let go of these files.
    pub fn ended(&mut self, target: &str) -> Vec<Ended> {
        let current = self.current.take_if(|current| current.target == target);
        current.and_then(|current| current.id).map(|id| (id, true)).into_iter().collect()
    }

    /// FreeSWITCH ended whatever it played.
    pub fn ended_playing(&mut self) -> Vec<Ended> {
        self.current.take().and_then(|current| current.id).map(|id| (id, true)).into_iter().collect()
    }

    /// Nobody is there to listen.
    pub fn drop_all(&mut self) -> Vec<Ended> {
        let current = self.current.take().and_then(|current| current.id);
        let waiting = self.waiting.drain(..).map(|w| w.id);
        current.into_iter().chain(waiting).map(|id| (id, false)).collect()
    }

    /// Hushed: what to stop, and what has thereby ended.
    fn hush(&mut self) -> (Option<String>, Vec<Ended>) {
        let mut ended = Vec::new();
        let mut stop = None;
        if let Some(current) = &mut self.current
            && let Some(id) = current.id.take()
        {
            ended.push((id, true));
            stop = Some(current.target.clone());
            current.deadline = Instant::now() + Duration::from_millis(STOP_TIMEOUT_MS);
        }
        ended.extend(self.waiting.drain(..).map(|w| (w.id, false)));
        (stop, ended)
    }

    /// Plays what waits first to a leg in conversation, without following it to its end.
    pub async fn play_once(&mut self, link: &Link, leg: &str) -> Result<(), LinkError> {
        match self.waiting.pop_front() {
            Some(next) => link.api(displace(leg, &next.target)).await.map(drop),
            None => Ok(()),
        }
    }

    fn overdue(&mut self) -> Vec<Ended> {
        let late = self.current.take_if(|current| Instant::now() >= current.deadline);
        late.and_then(|current| current.id).map(|id| (id, true)).into_iter().collect()
    }
}

impl Call {
    /// Begins whatever waits to be said and is free to be.
    pub async fn speak(&mut self) {
        for party in [Party::Customer, Party::Agent] {
            let late = self.prompts(party).overdue();
            self.said(late).await;
            while self.prompts(party).current.is_none() {
                let Some(next) = self.prompts(party).waiting.pop_front() else { break };
                if self.begin(party, &next).await {
                    let deadline = clips::deadline(next.clips).await;
                    self.prompts(party).current =
                        Some(Current { id: Some(next.id), target: next.target, deadline });
                } else {
                    self.said(vec![(next.id, false)]).await;
                }
            }
        }
    }

    /// Stops what is said to a party, and drops what waits.
    pub async fn hush(&mut self, party: Party) {
        let (stop, ended) = self.prompts(party).hush();
        if let (Some(target), Some(leg)) = (stop, self.leg_of(party)) {
            let command = if self.agent.is_none() {
                format!("uuid_break {leg} all")
            } else {
                format!("uuid_displace {leg} stop {target}")
            };
            // It may just have ended by itself.
            let _ = self.link.api(command).await;
        }
        self.said(ended).await;
    }

    /// Reports sentences that have ended.
    pub async fn said(&mut self, ended: Vec<Ended>) {
        for (id, heard) in ended {
            self.tell(FromPbx::Said { id, heard }).await;
        }
    }

    async fn begin(&mut self, party: Party, next: &Waiting) -> bool {
        let Some(leg) = self.leg_of(party) else { return false };
        let begun = if self.agent.is_none() {
            self.link.execute(&leg, "playback", &next.target).await
        } else {
            self.link.api(displace(&leg, &next.target)).await.map(drop)
        };
        if let Err(why) = &begun {
            tracing::warn!(%leg, %why, files = %next.target, "a prompt could not be played");
        }
        begun.is_ok()
    }

    fn leg_of(&self, party: Party) -> Option<String> {
        match party {
            Party::Customer => (!self.customer_left).then(|| self.customer.clone()),
            Party::Agent => self.agent.clone().filter(|_| !self.agent_left),
        }
    }

    fn prompts(&mut self, party: Party) -> &mut Prompts {
        match party {
            Party::Customer => &mut self.to_customer,
            Party::Agent => &mut self.to_agent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_wait_in_order_and_a_hush_drops_them_all() {
        let mut prompts = Prompts::default();
        let clip = |name: &str| vec![PathBuf::from(format!("/s/{name}.wav"))];
        assert!(prompts.add(SayId(1), vec![]).is_err());
        assert!(prompts.add(SayId(1), vec![PathBuf::from("/s/a b.wav")]).is_err());
        for n in 1..=3 {
            prompts.add(SayId(n), clip("a")).unwrap();
        }
        let first = prompts.waiting.pop_front().unwrap();
        prompts.current =
            Some(Current { id: Some(first.id), target: first.target, deadline: Instant::now() });
        assert_eq!(prompts.ended("/s/other.wav"), []);
        let (stop, ended) = prompts.hush();
        assert_eq!(stop.as_deref(), Some("/s/a.wav"));
        assert_eq!(ended, [(SayId(1), true), (SayId(2), false), (SayId(3), false)]);
        // The same file cannot begin before FreeSWITCH let go of it; its end is reported only once.
        assert!(prompts.current.is_some());
        assert_eq!(prompts.ended("/s/a.wav"), []);
        assert!(prompts.current.is_none());
    }

    #[test]
    fn several_files_are_one_target() {
        let two = [PathBuf::from("/s/a.wav"), PathBuf::from("/s/b.wav")];
        assert_eq!(target(&two).unwrap(), "file_string:///s/a.wav!/s/b.wav");
        assert!(target(&vec![PathBuf::from("/s/a.wav"); CLIPS_MAX + 1]).is_err());
    }
}
