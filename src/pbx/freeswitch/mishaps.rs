//! What befalls a payment call: hang-ups, lost connections, legs that are moved away.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};

use super::call::{Call, PARTED_GRACE_MS, Seal};
use super::event::{Event, Happening};
use super::facts;
use super::keypad::KeypadError;
use super::link::{LinkError, LinkState};
use crate::call::{FromPbx, Party, SealLoss};

impl Call {
    pub async fn left(&mut self, party: Party) {
        let gone = match party {
            Party::Customer => &mut self.customer_left,
            Party::Agent => &mut self.agent_left,
        };
        if std::mem::replace(gone, true) {
            return;
        }
        let unsaid = match party {
            Party::Customer => self.to_customer.drop_all(),
            Party::Agent => self.to_agent.drop_all(),
        };
        self.said(unsaid).await;
        if party == Party::Customer {
            self.parted = None;
        }
        self.tell(FromPbx::Left(party)).await;
    }

    pub async fn keypad_ended(&mut self, why: KeypadError) {
        match &mut self.seal {
            Seal::Kept { .. } => self.seal = Seal::Open,
            Seal::Shut { keypad, .. } => *keypad = None,
            Seal::Open => return,
        }
        if self.customer_left || !self.is_shut() {
            return;
        }
        // The connection ends with the leg, a moment before or after we hear of the hang-up.
        self.look().await;
        if self.customer_left {
            return;
        }
        if let Some(end) = self.heard_of_end().await {
            self.note(end).await;
        }
        if !self.customer_left {
            warn!(leg = %self.customer, %why, "the private connection is lost; the leg stays sealed");
            self.tell(FromPbx::SealLost(SealLoss::KeypadLost)).await;
        }
    }

    /// Waits a moment for the hang-up of the customer; other events are taken notice of meanwhile.
    async fn heard_of_end(&mut self) -> Option<Event> {
        let until = Instant::now() + Duration::from_millis(PARTED_GRACE_MS / 2);
        loop {
            let event = tokio::select! {
                event = self.legs.next() => event?,
                () = sleep_until(until) => return None,
            };
            if event.kind == Happening::Hangup && event.leg == self.customer {
                return Some(event);
            }
            self.note(event).await;
        }
    }

    pub async fn parted_for_good(&mut self) {
        if self.parted.is_some_and(|at| Instant::now() >= at) {
            self.parted = None;
            if !self.customer_left && !self.agent_left {
                self.lost_to_another().await;
            }
        }
    }

    pub async fn lost_to_another(&mut self) {
        self.parted = None;
        if !std::mem::replace(&mut self.moved, true) {
            info!(leg = %self.customer, "the customer's leg was moved away; it stays sealed");
            self.tell(FromPbx::SealLost(SealLoss::Moved)).await;
        }
    }

    pub async fn link_changed(&mut self, state: &LinkState) {
        match state {
            LinkState::Starting | LinkState::Down(_) => self.tell(FromPbx::LinkLost).await,
            LinkState::Up { .. } => {
                self.look().await;
                if self.customer_left {
                    return;
                }
                let shut = self.link.is_set(&self.customer, "sensitive_dtmf").await.unwrap_or(false);
                let heard = matches!(self.seal, Seal::Shut { keypad: Some(_), .. });
                self.tell(FromPbx::LinkBack { sealed: shut && heard }).await;
                if self.shield.is_up() && self.move_shield(true).await.is_err() {
                    self.tell(FromPbx::ShieldFailed).await;
                }
            }
        }
    }

    /// Looks whether the legs are there, and the seal is shut, although nothing was heard.
    pub async fn look(&mut self) {
        if !self.customer_left {
            match self.link.get(&self.customer, "sensitive_dtmf").await {
                Err(LinkError::Refused(why)) if facts::is_gone(&why) => self.left(Party::Customer).await,
                Ok(None) if self.is_shut() => {
                    warn!(leg = %self.customer, "somebody else ended the seal");
                    self.tell(FromPbx::SealLost(SealLoss::Opened)).await;
                }
                _ => {}
            }
        }
        if let Some(agent) = self.agent.clone()
            && !self.agent_left
            && self.link.exists(&agent).await == Ok(false)
        {
            self.left(Party::Agent).await;
        }
    }
}
