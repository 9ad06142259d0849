//! Shutting the seal of the customer's leg.
//!
//! One redirect takes both legs out of their bridge; a second one would lose the agent's. From then on no key
//! of the customer reaches anybody, and it stays so when both meet again in our bridge, which hands on no keys.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use tracing::{info, warn};

use super::ami::Action;
use super::call::{Call, Seal};
use super::event::Happening;
use super::frames::Message;
use super::keypad::Counts;
use super::link::LinkError;
use super::release::channels_of;
use super::{nonce, offers};
use crate::call::{Line, SealRefusal};

/// What the name of our bridges begins with; the payment follows.
pub(super) const BRIDGE: &str = "tonegate-";

/// What kept a step of the seal from being done.
#[derive(Debug, thiserror::Error)]
pub(super) enum SealError {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("the shield did not come down: {0}")]
    Shield(#[from] super::shield::ShieldError),
    #[error(
        "the legs did not come to us after the redirect: is the context of pbx.asterisk.legs_context loaded?"
    )]
    NotCome,
    #[error("the two legs are not in conversation with each other")]
    NotTogether,
    #[error(
        "our bridge passes packets through without looking at them (`{0}`), so the agent would get the keys; load \
         bridge_simple.so and bridge_softmix.so in modules.conf"
    )]
    Native(String),
    #[error("the legs are not in our bridge")]
    NotBridged,
    #[error("the two legs were not connected again")]
    NotRejoined,
    #[error("the leg is gone")]
    Gone,
}

impl SealError {
    fn refusal(&self) -> SealRefusal {
        match self {
            Self::Native(_) => SealRefusal::NoMedia,
            _ => SealRefusal::PbxError,
        }
    }
}

/// Who is in a bridge through which nothing passes unseen.
fn looked_into(bridge: &Value) -> Result<Vec<String>, SealError> {
    match bridge["technology"].as_str().unwrap_or_default() {
        unseen @ ("" | "native_rtp") => Err(SealError::Native(unseen.to_owned())),
        _ => Ok(channels_of(bridge)),
    }
}

/// Sets a variable of a channel; an empty value takes it away.
pub(super) fn set(leg: &str, name: &str, value: &str) -> Action {
    Action::new("Setvar").with("Channel", leg).with("Variable", name).with("Value", value)
}

impl Call {
    /// Seals the customer's leg; on an error everything is as it was, as far as Asterisk lets us.
    pub async fn shut(&mut self) -> Result<(), SealRefusal> {
        if self.is_shut() {
            return Ok(());
        }
        if !self.shared.is_proven() {
            return Err(SealRefusal::SelfTestFailed);
        }
        let result = match self.agent.clone() {
            Some(agent) => self.shut_conversation(&agent).await,
            None => self.shut_direct().await,
        };
        result.map_err(|why| {
            warn!(leg = %self.customer, %why, "the leg could not be sealed");
            why.refusal()
        })
    }

    /// In self-service the leg is with us already, and talks to nobody.
    async fn shut_direct(&mut self) -> Result<(), SealError> {
        let row = self.row(&self.customer.clone()).await?;
        let counts = self.inspect_line(&row).await;
        self.link.one(set(&self.customer, "TONEGATE_PAYMENT", &self.payment)).await?;
        let ear = self.shared.keypad.customer(&self.customer, counts, self.reports.clone());
        self.seal = Seal::Shut { bridge: None, ears: vec![ear] };
        Ok(())
    }

    async fn shut_conversation(&mut self, agent: &str) -> Result<(), SealError> {
        let customer = self.customer.clone();
        let (customer_row, agent_row) = (self.row(&customer).await?, self.row(agent).await?);
        let bridge = customer_row.get("BridgeID");
        if bridge.is_empty() || bridge != agent_row.get("BridgeID") {
            return Err(SealError::NotTogether);
        }
        // Before the redirect: while the legs are apart nobody hears anything.
        let bridge = format!("{BRIDGE}{}", nonce());
        let made = format!("/bridges/{bridge}?type=mixing,dtmf_events&name={BRIDGE}{}", self.payment);
        self.link.post(&made).await?;
        let counts = self.inspect_line(&customer_row).await;
        let agent_counts = self.counts(&agent_row).await.0;
        match self.take_over(&bridge, &customer_row, &agent_row).await {
            Ok(()) => {
                let keypad = &self.shared.keypad;
                let keys = self.shared.settings.agent_keys;
                let ears = vec![
                    keypad.customer(&customer, counts, self.reports.clone()),
                    keypad.agent(agent, agent_counts, keys, self.reports.clone()),
                ];
                self.parted = None;
                self.moved = false;
                // Whoever else comes into it is told to us.
                self.legs.also(&bridge);
                self.seal = Seal::Shut { bridge: Some(bridge), ears };
                Ok(())
            }
            Err(why) => {
                self.undo(bridge).await;
                Err(why)
            }
        }
    }

    async fn take_over(
        &mut self,
        bridge: &str,
        customer: &Message,
        agent: &Message,
    ) -> Result<(), SealError> {
        let context = self.shared.settings.legs_context.clone();
        let (customer_leg, agent_leg) = (customer.get("Uniqueid"), agent.get("Uniqueid"));
        let (customer_name, agent_name) = (customer.get("Channel"), agent.get("Channel"));
        let redirect = Action::new("Redirect")
            .with("Channel", customer_name)
            .with("Context", &context)
            .with("Exten", "customer")
            .with("Priority", "1")
            .with("ExtraChannel", agent_name)
            .with("ExtraContext", &context)
            .with("ExtraExten", "agent")
            .with("ExtraPriority", "1");
        let orders = [
            set(customer_leg, "TONEGATE_PAYMENT", &self.payment),
            set(customer_leg, "TONEGATE_PEER", agent_name),
            set(agent_leg, "TONEGATE_PEER", customer_name),
            redirect,
        ];
        // Events of the legs wait in their queue meanwhile.
        self.link.all(&orders).await?;
        self.both_come().await?;
        let add = format!(
            "/bridges/{bridge}/addChannel?channel={agent_leg},{customer_leg}&absorbDTMF=true&inhibitConnectedLineUpdates=true"
        );
        self.link.post(&add).await?;
        self.inspect_bridge(bridge).await.map(drop)
    }

    /// Waits until the dialplan has given us both legs.
    async fn both_come(&mut self) -> Result<(), SealError> {
        let until = Instant::now() + Duration::from_millis(self.shared.settings.seal_timeout_ms);
        let (mut customer, mut agent) = (false, false);
        while !(customer && agent) {
            let event = timeout_at(until, self.legs.next()).await.map_err(|_| SealError::NotCome)?;
            let event = event.ok_or(SealError::Gone)?;
            match &event.kind {
                Happening::Came(_) if event.leg == self.customer => customer = true,
                Happening::Came(_) if self.agent.as_ref() == Some(&event.leg) => agent = true,
                _ => self.note(event).await,
            }
            if self.customer_left || self.agent_left {
                return Err(SealError::Gone);
            }
        }
        Ok(())
    }

    /// Who is in our bridge, if it holds both legs and looks at what passes through it.
    pub async fn inspect_bridge(&self, bridge: &str) -> Result<Vec<String>, SealError> {
        let found = self.link.get(&format!("/bridges/{bridge}")).await?;
        let inside = looked_into(&found)?;
        if inside.contains(&self.customer) && self.agent.as_ref().is_none_or(|agent| inside.contains(agent)) {
            return Ok(inside);
        }
        Err(SealError::NotBridged)
    }

    /// Puts the two together again after a seal that failed half-way.
    async fn undo(&mut self, bridge: String) {
        let was_moved = self.row(&self.customer.clone()).await;
        let moved = was_moved.is_ok_and(|row| row.get("Context") == self.shared.settings.legs_context);
        self.seal = Seal::Shut { bridge: Some(bridge.clone()), ears: Vec::new() };
        let undone = if moved || self.customer_left {
            self.unseal().await
        } else {
            self.unmark().await.map_err(SealError::from)
        };
        if let Err(why) = undone {
            info!(leg = %self.customer, %why, "a seal that failed could not be undone entirely");
        }
        let _ = self.link.delete(&format!("/bridges/{bridge}")).await;
        self.seal = Seal::Open;
    }

    /// Takes our marks off both legs.
    pub async fn unmark(&self) -> Result<(), LinkError> {
        let marks = [("TONEGATE_PAYMENT", ""), ("TONEGATE_PEER", "")];
        let orders = marks.map(|(name, value)| set(&self.customer, name, value));
        match self.link.all(&orders).await {
            // It hung up meanwhile.
            Err(LinkError::Refused(_)) => Ok(()),
            other => other.map(drop),
        }
    }

    async fn row(&self, leg: &str) -> Result<Message, SealError> {
        let rows = self.link.channels(Some(leg), offers::VARIABLES).await?;
        offers::row(&rows, leg).cloned().ok_or(SealError::Gone)
    }

    async fn inspect_line(&mut self, row: &Message) -> Counts {
        let (counts, in_band) = self.counts(row).await;
        self.line = if in_band {
            Line::Dirty
        } else if row.variable("TONEGATE_CLEAN").as_deref() == Some("true") {
            Line::Clean
        } else {
            Line::Unknown
        };
        counts
    }

    /// Which of a key's events counts on this line, and whether its keys are tones in the audio.
    async fn counts(&self, row: &Message) -> (Counts, bool) {
        if !row.get("Channel").starts_with("PJSIP/") {
            return (Counts::Unknown, false);
        }
        let leg = row.get("Uniqueid");
        let ask = Action::new("Getvar").with("Channel", leg).with("Variable", "PJSIP_DTMF_MODE()");
        let mode = self.link.one(ask).await.map(|answer| answer.message.get("Value").to_owned());
        match mode.as_deref() {
            Ok("info") => (Counts::Release, false),
            Ok("inband") => (Counts::Press, true),
            Ok("rfc4733" | "auto") => (Counts::Press, false),
            _ => (Counts::Unknown, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_bridge_that_stays_native_is_no_seal_and_the_remedy_is_told() {
        for technology in ["native_rtp", ""] {
            let bridge = json!({ "technology": technology, "channels": ["17.1", "17.2"] });
            let fault = looked_into(&bridge).expect_err("it is not looked into");
            assert_eq!(fault.refusal(), SealRefusal::NoMedia);
            assert!(fault.to_string().contains("load bridge_simple.so"), "{fault}");
        }
        for technology in ["simple_bridge", "softmix"] {
            let bridge = json!({ "technology": technology, "channels": ["17.1", "17.2"] });
            assert_eq!(looked_into(&bridge).expect("looked into"), ["17.1", "17.2"]);
        }
    }
}
