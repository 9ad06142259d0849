//! Ending the seal of the customer's leg.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use tracing::info;

use super::ami::Action;
use super::call::{Call, Seal};
use super::event::{self, Happening};
use super::frames::Message;
use super::link::LinkError;
use super::sealing::{SealError, set};
use super::words;

/// Others in our bridge that are looked at.
const STRANGERS_MAX: usize = 8;

impl Call {
    /// Ends the seal and hands the call back.
    pub async fn unseal(&mut self) -> Result<(), SealError> {
        if !self.is_shut() {
            return Ok(());
        }
        let bridge = self.bridge().map(str::to_owned);
        if !self.customer_left {
            self.lower_all().await?;
        }
        match self.agent.clone() {
            None => self.unmark().await?,
            Some(agent) => {
                self.end_whispers().await;
                self.hand_back(&agent, bridge.as_deref()).await?;
            }
        }
        if let Some(bridge) = bridge {
            // It goes with the application's last channel; it may be gone already.
            let _ = self.link.delete(&format!("/bridges/{bridge}")).await;
            self.legs.no_more(&bridge);
        }
        self.seal = Seal::Open;
        self.parted = None;
        Ok(())
    }

    async fn hand_back(&mut self, agent: &str, bridge: Option<&str>) -> Result<(), SealError> {
        if self.moved || self.agent_left {
            let inside = self.inside(bridge).await?;
            let agent_stays = !self.agent_left && inside.iter().any(|leg| leg == agent);
            if !self.customer_left && inside.contains(&self.customer) {
                if agent_stays {
                    return self.rejoin(agent, bridge).await;
                }
                // Somebody came in the agent's place, as at the end of a transfer: they keep the customer.
                if let Some(other) = self.stranger(&inside).await? {
                    return self.rejoin_other(&other, bridge).await;
                }
            }
            if self.moved {
                // Whoever has the customer now keeps them; an agent left alone has nobody to talk to.
                self.unmark().await?;
                if agent_stays {
                    self.hang_up(agent).await?;
                }
                return Ok(());
            }
        }
        match (self.customer_left, self.agent_left) {
            (true, true) => Ok(()),
            // As after any call whose other end hung up.
            (true, false) => self.hang_up(agent).await,
            (false, true) => {
                self.unmark().await?;
                self.hang_up(&self.customer.clone()).await
            }
            (false, false) => self.rejoin(agent, bridge).await,
        }
    }

    /// The agent's channel goes on in the dialplan, and there takes the customer along.
    async fn rejoin(&mut self, agent: &str, bridge: Option<&str>) -> Result<(), SealError> {
        self.absorb_no_longer(bridge).await?;
        let context = &self.shared.settings.legs_context;
        let path = format!("/channels/{agent}/continue?context={context}&extension=rejoin&priority=1");
        match self.link.post(&path).await {
            Ok(_) => self.rejoined(bridge).await?,
            // Not with us: it may have gone back already.
            Err(LinkError::Refused(_)) if self.are_together(agent, bridge).await? => {}
            Err(why) => return Err(why.into()),
        }
        Ok(self.unmark().await?)
    }

    /// As [`Call::rejoin`], by a channel that did not come from us.
    async fn rejoin_other(&mut self, other: &Message, bridge: Option<&str>) -> Result<(), SealError> {
        let rows = self.link.channels(Some(&self.customer), "").await?;
        let customer = super::offers::row(&rows, &self.customer).ok_or(SealError::Gone)?.get("Channel");
        self.absorb_no_longer(bridge).await?;
        let go_on = Action::new("Redirect")
            .with("Channel", other.get("Channel"))
            .with("Context", &self.shared.settings.legs_context)
            .with("Exten", "rejoin")
            .with("Priority", "1");
        self.link.all(&[set(other.get("Uniqueid"), "TONEGATE_PEER", customer), go_on]).await?;
        self.rejoined(bridge).await?;
        Ok(self.unmark().await?)
    }

    /// Absorbing keys stays with a channel that leaves the bridge; added again it does so no longer.
    async fn absorb_no_longer(&self, bridge: Option<&str>) -> Result<(), LinkError> {
        let Some(bridge) = bridge else { return Ok(()) };
        let customer = &self.customer;
        let add = format!("/bridges/{bridge}/addChannel?channel={customer}&inhibitConnectedLineUpdates=true");
        self.link.post(&add).await.map(drop)
    }

    /// Waits until the customer is in another bridge than ours.
    async fn rejoined(&mut self, ours: Option<&str>) -> Result<(), SealError> {
        let until = Instant::now() + Duration::from_millis(self.shared.settings.seal_timeout_ms);
        // From here on it is no news that they leave our bridge.
        if let Seal::Shut { bridge, .. } = &mut self.seal {
            *bridge = None;
        }
        let rejoined = loop {
            let event = match timeout_at(until, self.legs.next()).await {
                Err(_) => break Err(SealError::NotRejoined),
                Ok(None) => break Err(SealError::Gone),
                Ok(Some(event)) => event,
            };
            match &event.kind {
                Happening::Bridged(bridge) if event.leg == self.customer && Some(bridge.as_str()) != ours => {
                    break Ok(());
                }
                _ => self.note(event).await,
            }
            if self.customer_left || self.agent_left {
                break Ok(());
            }
        };
        if let Seal::Shut { bridge, .. } = &mut self.seal {
            *bridge = ours.map(str::to_owned);
        }
        rejoined
    }

    /// Who is in our bridge.
    async fn inside(&self, bridge: Option<&str>) -> Result<Vec<String>, LinkError> {
        let Some(bridge) = bridge else { return Ok(Vec::new()) };
        match self.link.get(&format!("/bridges/{bridge}")).await {
            Ok(found) => Ok(channels_of(&found)),
            Err(LinkError::Gone) => Ok(Vec::new()),
            Err(why) => Err(why),
        }
    }

    /// Somebody in our bridge who is neither of the two, if there is one.
    pub async fn stranger(&self, inside: &[String]) -> Result<Option<Message>, LinkError> {
        let others = inside.iter().filter(|leg| **leg != self.customer && self.agent.as_ref() != Some(leg));
        for other in others.filter(|leg| words::is_leg(leg)).take(STRANGERS_MAX) {
            let rows = self.link.channels(Some(other), "").await?;
            if let Some(row) = super::offers::row(&rows, other).filter(|row| !event::is_of_a_bridge(row)) {
                return Ok(Some(row.clone()));
            }
        }
        Ok(None)
    }

    async fn are_together(&self, agent: &str, ours: Option<&str>) -> Result<bool, LinkError> {
        let mut bridges = Vec::with_capacity(2);
        for leg in [self.customer.as_str(), agent] {
            let rows = self.link.channels(Some(leg), "").await?;
            bridges.push(super::offers::row(&rows, leg).map(|row| row.get("BridgeID").to_owned()));
        }
        let is_theirs = |bridge: &&Option<String>| {
            bridge.as_deref().is_some_and(|bridge| !bridge.is_empty() && Some(bridge) != ours)
        };
        Ok(bridges.first().filter(is_theirs).is_some_and(|bridge| bridges.get(1) == Some(bridge)))
    }

    async fn hang_up(&self, leg: &str) -> Result<(), SealError> {
        match self.link.delete(&format!("/channels/{leg}")).await {
            Ok(_) | Err(LinkError::Gone) => Ok(()),
            // A channel that is not with us any more.
            Err(LinkError::Refused(_)) => {
                Ok(self.link.one(Action::new("Hangup").with("Channel", leg)).await.map(drop)?)
            }
            Err(why) => Err(why.into()),
        }
    }

    /// Self-service: the dialplan goes on to its fallback.
    pub async fn hand_over(&mut self) {
        if self.agent.is_some() || self.customer_left {
            return;
        }
        self.let_go = true;
        if let Err(why) = self.unseal().await {
            info!(leg = %self.customer, %why, "a caller is handed over with the seal still shut");
        }
        if let Err(why) = self.link.post(&format!("/channels/{}/continue", self.customer)).await {
            info!(leg = %self.customer, %why, "a caller could not be handed over");
        }
    }
}

/// The channels in a bridge, as ARI shows it.
pub(super) fn channels_of(bridge: &Value) -> Vec<String> {
    bridge["channels"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
