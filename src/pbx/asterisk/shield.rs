//! The shield: recordings masked on both legs, and the customer's audio closed where it may carry tones. That closes
//! it to all who listen to the leg, whatever with; where it stays open, those who listen over ARI are made deaf.

use super::ami::Action;
use super::call::Call;
use super::link::LinkError;
use super::recorders::Listener;
use crate::call::{FromPbx, Line, Party};

/// What Asterisk says if nothing records a channel, cannot (the module is not loaded), or there is no channel.
const NO_RECORDING: [&str; 3] = ["Cannot set mute flag", "unknown command", "No such channel"];

/// What is masked and closed.
#[derive(Debug, Default)]
pub(super) struct Shield {
    up: bool,
    /// The customer's audio is closed, and an agent hears silence instead.
    muted: bool,
    /// Whoever listens over ARI and was made deaf.
    pub deaf: Vec<Listener>,
    /// The customer alone hears silence, so that what is whispered is heard.
    pub alone: bool,
}

/// What kept the shield from being moved.
#[derive(Debug, thiserror::Error)]
pub(super) enum ShieldError {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("the leg is not sealed")]
    NotSealed,
}

impl Shield {
    /// Whether it is up.
    pub fn is_up(&self) -> bool {
        self.up
    }
}

impl Call {
    /// Moves the shield; done only when Asterisk has confirmed each part.
    pub async fn move_shield(&mut self, up: bool) -> Result<(), ShieldError> {
        if up { self.raise().await } else { self.lower().await }
    }

    async fn raise(&mut self) -> Result<(), ShieldError> {
        if !self.is_shut() {
            return Err(ShieldError::NotSealed);
        }
        // From here on a recording that begins is masked by its event.
        self.shield.up = true;
        let raised = self.raise_parts().await;
        if raised.is_err() {
            self.shield.up = false;
        }
        raised
    }

    async fn raise_parts(&mut self) -> Result<(), ShieldError> {
        let (customer, other) = (self.mask(Party::Customer, true), self.mask(Party::Agent, true));
        tokio::try_join!(customer, other)?;
        // In self-service too: a program that spies on the leg hears what the leg hands on.
        if self.line != Line::Clean && !self.shield.muted && !self.customer_left {
            self.link.post(&format!("/channels/{}/mute?direction=in", self.customer)).await?;
            self.shield.muted = true;
            if let Some(agent) = self.leg_of(Party::Agent) {
                // Without a voice to hand on, Asterisk would send the agent's phone no packet at all.
                let silence = format!("/channels/{agent}/silence");
                if let Err(why) = self.link.post(&silence).await {
                    tracing::info!(leg = %agent, %why, "no silence for the agent while the audio is closed");
                }
            }
        }
        if self.line == Line::Clean {
            self.deafen().await?;
        }
        Ok(())
    }

    async fn lower(&mut self) -> Result<(), ShieldError> {
        self.shield.up = false;
        if self.customer_left {
            let deaf = std::mem::take(&mut self.shield.deaf);
            self.shield = Shield { deaf, ..Shield::default() };
        }
        self.let_hear().await?;
        if self.shield.muted {
            self.unmute().await?;
            self.shield.muted = false;
        }
        let (customer, agent) = (self.mask(Party::Customer, false), self.mask(Party::Agent, false));
        tokio::try_join!(customer, agent)?;
        Ok(())
    }

    /// Opens everything, and what an earlier life of the daemon may have closed.
    pub async fn lower_all(&mut self) -> Result<(), ShieldError> {
        let inherited = matches!(&self.seal, super::call::Seal::Shut { ears, .. } if ears.is_empty());
        self.shield.muted |= inherited;
        if inherited {
            self.shield.deaf = self.listeners();
        }
        self.lower().await?;
        if std::mem::take(&mut self.shield.alone) {
            let _ = self.link.delete(&format!("/channels/{}/silence", self.customer)).await;
        }
        Ok(())
    }

    async fn unmute(&self) -> Result<(), LinkError> {
        if let Some(agent) = self.leg_of(Party::Agent) {
            // It ends with the channel's stay with us at the latest.
            let _ = self.link.delete(&format!("/channels/{agent}/silence")).await;
        }
        match self.link.delete(&format!("/channels/{}/mute?direction=in", self.customer)).await {
            Err(LinkError::Gone) => Ok(()),
            // The leg is not with us any more: it is opened where it is.
            Err(LinkError::Refused(_)) => {
                let open = Action::new("MuteAudio").with("Channel", &self.customer);
                match self.link.one(open.with("Direction", "in").with("State", "off")).await {
                    Err(LinkError::Refused(_)) => Ok(()),
                    other => other.map(drop),
                }
            }
            other => other.map(drop),
        }
    }

    /// Masks the customer's voice in what records a leg, or opens it again.
    async fn mask(&self, party: Party, on: bool) -> Result<(), LinkError> {
        let Some(leg) = self.leg_of(party) else { return Ok(()) };
        // What the agent's channel is sent is the customer's voice.
        let direction = if party == Party::Customer { "read" } else { "write" };
        let order = Action::new("MixMonitorMute")
            .with("Channel", &leg)
            .with("Direction", direction)
            .with("State", if on { "1" } else { "0" });
        match self.link.one(order).await {
            Err(LinkError::Refused(why)) if NO_RECORDING.iter().any(|none| why.contains(none)) => Ok(()),
            other => other.map(drop),
        }
    }

    /// A recording began: masked at once if the shield is up.
    pub async fn recording_began(&mut self, party: Party) {
        if self.shield.up {
            let masked = self.mask(party, true).await;
            self.masked(masked).await;
        }
    }

    /// Another program began to listen: it hears nothing if the shield is up.
    pub async fn overheard(&mut self) {
        if self.shield.up && self.line == Line::Clean {
            let deaf = self.deafen().await;
            self.masked(deaf).await;
        }
    }

    async fn masked(&self, masked: Result<(), LinkError>) {
        if let Err(why) = masked {
            tracing::warn!(leg = %self.customer, %why, "a recording began during a payment and could not be masked");
            self.tell(FromPbx::ShieldFailed).await;
        }
    }
}
