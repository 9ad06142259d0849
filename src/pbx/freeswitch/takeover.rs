//! Moving both legs of a conversation to us and connecting them again, the customer's keys diverted.
//!
//! Order matters. The agent must be parked before the two are bridged again; the private connection says that
//! the customer has arrived. Meanwhile they hear nothing, so nothing else is waited for: a key that comes
//! before the binding is swallowed, because the leg is sensitive already.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};

use super::call::{Call, Restore};
use super::door::Waiting;
use super::event::Happening;
use super::keypad::{Keypad, Line};
use super::link::LinkError;
use super::sealing::SealError;
use crate::call::SealRefusal;

impl Call {
    /// Moves and connects; gives the keypad back on an error too, if it got that far.
    pub async fn take_over(
        &mut self,
        customer: &str,
        agent: &str,
        nonce: &str,
    ) -> Result<Keypad, (SealError, Option<Keypad>)> {
        let mut waiting = self.shared.door.expect(customer, nonce);
        let context = &self.shared.settings.keypad_context;
        let transfer = format!(
            "uuid_dual_transfer {customer} tonegate_customer/XML/{context} tonegate_agent/XML/{context}"
        );
        self.link.api(transfer).await.map_err(|why| (why.into(), None))?;
        let line = self.both_arrive(agent, &mut waiting).await.map_err(|why| (why, None))?;
        drop(waiting);
        let keypad = line.take(self.reports.clone());
        match self.connect_again(&keypad, customer, agent).await {
            Ok(()) => Ok(keypad),
            Err(why) => Err((why, Some(keypad))),
        }
    }

    /// Waits for the customer's private connection and for the agent to be parked.
    async fn both_arrive(&mut self, agent: &str, waiting: &mut Waiting) -> Result<Line, SealError> {
        let until = Instant::now() + Duration::from_millis(self.shared.settings.seal_timeout_ms);
        let (mut line, mut parked) = (None, false);
        loop {
            if let Some(here) = line.take_if(|_| parked) {
                return Ok(here);
            }
            tokio::select! {
                came = waiting.line(), if line.is_none() => line = Some(came.ok_or(SealError::NoKeypad)?),
                event = self.legs.next() => {
                    let event = event.ok_or(SealError::Gone)?;
                    parked |= event.leg == agent && event.kind == Happening::Park;
                    self.note(event).await;
                    if self.customer_left || self.agent_left {
                        return Err(SealError::Gone);
                    }
                }
                () = sleep_until(until) => {
                    return Err(if line.is_none() { SealError::NoKeypad } else { SealError::NotParked });
                }
            }
        }
    }

    /// Diverts the keys and bridges the two, both at once.
    async fn connect_again(&mut self, keypad: &Keypad, customer: &str, agent: &str) -> Result<(), SealError> {
        let link = self.link.clone();
        let bridge = async { Ok(link.api(format!("uuid_bridge {customer} {agent}")).await?) };
        let divert = async { Ok::<_, SealError>(keypad.divert(customer).await?) };
        tokio::try_join!(bridge, divert)?;
        if !self.wait_for(customer, &Happening::Bridge).await? {
            return Err(SealError::NotBridged);
        }
        let part = async { Ok(self.part_for_good(customer, agent).await?) };
        let sensitive = async { Ok(self.link.is_set(customer, "sensitive_dtmf").await?) };
        let bound = async { Ok::<_, SealError>(keypad.bound().await?) };
        let ((), sensitive, ()) = tokio::try_join!(part, sensitive, bound)?;
        if sensitive { Ok(()) } else { Err(SealError::Refused(SealRefusal::PbxError)) }
    }

    /// From here on, a side that hangs up ends the other again.
    async fn part_for_good(&self, customer: &str, agent: &str) -> Result<(), LinkError> {
        let (one, other) =
            (self.link.unset(customer, "park_after_bridge"), self.link.unset(agent, "park_after_bridge"));
        tokio::try_join!(one, other).map(drop)
    }

    /// Waits for an event on a leg, taking notice of others meanwhile; false if it does not come in time.
    async fn wait_for(&mut self, leg: &str, kind: &Happening) -> Result<bool, SealError> {
        let until = Instant::now() + Duration::from_millis(self.shared.settings.seal_timeout_ms);
        loop {
            let event = tokio::select! {
                event = self.legs.next() => event.ok_or(SealError::Gone)?,
                () = sleep_until(until) => return Ok(false),
            };
            let found = event.leg == leg && event.kind == *kind;
            self.note(event).await;
            if self.customer_left || self.agent_left {
                return Err(SealError::Gone);
            }
            if found {
                return Ok(true);
            }
        }
    }

    /// Puts the conversation together again after a seal that did not come about.
    pub async fn undo(&mut self, customer: &str, agent: &str, keypad: Option<Keypad>, restore: &Restore) {
        if let Some(keypad) = keypad.as_ref().filter(|_| !self.customer_left)
            && let Err(why) = keypad.release().await
        {
            info!(leg = %customer, %why, "the private connection was not released in order");
        }
        drop(keypad);
        if self.customer_left || self.agent_left {
            // Parted by us at the moment one of them hung up: the other must not wait in silence.
            for leg in [customer, agent] {
                let _ = self.link.api(format!("uuid_kill {leg}")).await;
            }
            return;
        }
        if let Err(why) = self.link.api(format!("uuid_bridge {customer} {agent}")).await {
            info!(leg = %customer, %why, "the legs were not bridged again; they may never have been parted");
        }
        if let Err(why) = self.part_for_good(customer, agent).await {
            warn!(leg = %customer, %why, "the legs may stay parked when a side hangs up");
        }
        if let Err(why) = self.clean(restore).await {
            warn!(leg = %customer, %why, "a leg that was not sealed could not be put back as it was");
        }
    }

    /// Lets the agent command the payment by `*` and a digit. A payment goes on without.
    pub async fn bind_agent_keys(&self, agent: &str) {
        let digits: String = self.shared.settings.agent_keys.all().iter().collect();
        let binding = format!("tgctl,=~^[*][{digits}],exec[i]:event,tg_key=\\${{last_matching_digits}}");
        let bound = async {
            self.link.execute(agent, "bind_digit_action", &binding).await?;
            self.link.execute(agent, "digit_action_set_realm", "tgctl").await
        };
        if let Err(why) = bound.await {
            warn!(leg = %agent, %why, "the agent's keys could not be bound; the payment goes on without them");
        }
    }
}
