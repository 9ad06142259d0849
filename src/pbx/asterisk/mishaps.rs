//! What befalls a payment call: hang-ups, lost connections, legs that are moved away.

use tokio::time::Instant;
use tracing::{info, warn};

use super::call::{Call, Seal};
use super::link::{LinkError, LinkState};
use super::sealing::SealError;
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
        self.parted = None;
        let unsaid = self.prompts(party).drop_all();
        self.said(unsaid).await;
        if party == Party::Agent && self.is_shut() && !self.customer_left {
            // With no voice from the other side, what is whispered would not be sent either.
            let silence = format!("/channels/{}/silence", self.customer);
            self.shield.alone = self.link.post(&silence).await.is_ok();
        }
        self.tell(FromPbx::Left(party)).await;
    }

    pub async fn parted_for_good(&mut self) {
        if self.parted.is_some_and(|at| Instant::now() >= at) {
            self.parted = None;
            self.look().await;
            if !self.customer_left && !self.agent_left && self.bridge_is_broken().await {
                self.lost_to_another().await;
            }
        }
    }

    pub async fn lost_to_another(&mut self) {
        self.parted = None;
        if !std::mem::replace(&mut self.moved, true) {
            info!(leg = %self.customer, "a leg was moved away from our bridge, or another moved in: the seal is lost");
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
                let heard = matches!(&self.seal, Seal::Shut { ears, .. } if !ears.is_empty());
                let sealed = heard && !self.moved && !self.bridge_is_broken().await;
                self.tell(FromPbx::LinkBack { sealed }).await;
                if self.shield.is_up() && self.move_shield(true).await.is_err() {
                    self.tell(FromPbx::ShieldFailed).await;
                }
            }
        }
    }

    /// Looks whether the legs are there, and the seal is shut, although nothing was heard.
    pub async fn look(&mut self) {
        for party in [Party::Customer, Party::Agent] {
            if let Some(leg) = self.leg_of(party)
                && self.link.get(&format!("/channels/{leg}")).await == Err(LinkError::Gone)
            {
                self.left(party).await;
            }
        }
        if self.parted.is_none() && self.bridge_is_broken().await {
            warn!(leg = %self.customer, "the bridge of a payment is not as we made it");
            self.lost_to_another().await;
        }
    }

    /// Whether the two legs of a sealed conversation are not in our bridge any more, or not alone; if that
    /// cannot be known, no.
    async fn bridge_is_broken(&self) -> bool {
        let Some(bridge) = self.bridge() else { return false };
        if self.moved || self.customer_left || self.agent_left {
            return false;
        }
        match self.inspect_bridge(bridge).await {
            Ok(inside) => self.stranger(&inside).await.is_ok_and(|stranger| stranger.is_some()),
            Err(SealError::Link(LinkError::Gone)) => true,
            Err(SealError::Link(_)) => false,
            Err(_) => true,
        }
    }
}
