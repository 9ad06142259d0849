//! Ending the seal of the customer's leg.
//!
//! Order matters. The diversion is ended only after the binding, because a key that falls between is then
//! swallowed instead of published; sensitive last, for the same reason.

use std::time::Duration;

use tokio::time::sleep;
use tracing::info;

use super::call::{Call, Restore, Seal};
use super::facts::Facts;
use super::link::LinkError;
use super::sealing::SealError;
use crate::pbx::Means;

/// How long an application sent to a leg we do not hear may take to have run.
const FAR_SETTLE_MS: u64 = 100;

impl Call {
    /// Takes our marks off the leg, the protection last.
    pub async fn clean(&self, restore: &Restore) -> Result<(), LinkError> {
        let leg = &self.customer;
        let presence_data = restore.presence_data.as_deref().filter(|data| super::words::is_leg(data));
        let marks = [
            ("tonegate_nonce", ""),
            ("tonegate_peer", ""),
            ("last_matching_digits", ""),
            ("bind_digit_action_api_result", ""),
            ("presence_data", presence_data.unwrap_or_default()),
            ("sensitive_dtmf", ""),
        ];
        self.link.set_all(leg, &marks).await?;
        if restore.bypass_media {
            self.link.api(format!("uuid_media off {leg}")).await?;
        }
        Ok(())
    }

    /// Ends the seal and makes the leg an ordinary one again.
    pub async fn unseal(&mut self) -> Result<(), SealError> {
        if self.customer_left || !self.is_shut() {
            self.shield.forget_all();
            return Ok(());
        }
        if matches!(self.seal, Seal::Shut { keypad: None, .. }) {
            self.inherit_shield().await?;
        }
        self.move_shield(false).await?;
        self.stop_detector().await?;
        if let Some(agent) = self.agent.clone().filter(|_| !self.agent_left) {
            self.unbind_agent_keys(&agent).await;
        }
        if let Seal::Shut { keypad: None, restore } = &self.seal {
            let restore = restore.clone();
            if !self.reclaim().await? {
                return self.release_from_afar(&restore).await;
            }
        }
        let Seal::Shut { keypad: Some(keypad), restore } = &self.seal else {
            return Err(SealError::NoKeypad);
        };
        let restore = restore.clone();
        keypad.release().await?;
        self.clean(&restore).await?;
        if self.link.is_set(&self.customer, "sensitive_dtmf").await? {
            return Err(SealError::StillShut);
        }
        self.seal = match std::mem::replace(&mut self.seal, Seal::Open) {
            // In self-service the connection keeps the call with us until it is handed over or hung up.
            Seal::Shut { keypad: Some(keypad), .. } if self.agent.is_none() => Seal::Kept { keypad },
            _ => Seal::Open,
        };
        Ok(())
    }

    /// A sealed leg whose private connection is gone: has FreeSWITCH make a new one, for the release alone.
    /// Keys pressed meanwhile come out there and are dropped. False if the leg is not in conversation with
    /// the agent any more: it must not be taken away from wherever it is now.
    async fn reclaim(&mut self) -> Result<bool, SealError> {
        let customer = self.customer.clone();
        let _ = self.link.api(format!("uuid_flush_dtmf {customer}")).await;
        let bridged = Facts::some(&self.link, &customer, &["signal_bond", "bridge_uuid"]).await?;
        let Some(agent) =
            self.agent.clone().filter(|agent| bridged.peer() == Some(agent) && !self.agent_left)
        else {
            return Ok(false);
        };
        let nonce = super::nonce();
        // As before the first take-over; everything else of it still stands on the legs.
        let again =
            [("tonegate_nonce", nonce.as_str()), ("tonegate_peer", &agent), ("park_after_bridge", "true")];
        self.link.set_all(&customer, &again).await?;
        self.link.set_all(&agent, &[("park_after_bridge", "true")]).await?;
        let new = self.take_over(&customer, &agent, &nonce).await.map_err(|(why, _)| why)?;
        if let Seal::Shut { keypad, .. } = &mut self.seal {
            *keypad = Some(new);
        }
        Ok(true)
    }

    /// Ends the seal without a private connection. The keys reach whoever the leg talks to; only Event
    /// Socket listeners get none of this leg any more, because the diversion cannot be ended from here.
    async fn release_from_afar(&mut self, restore: &Restore) -> Result<(), SealError> {
        let customer = self.customer.clone();
        self.link.execute(&customer, "clear_digit_action", "all").await?;
        sleep(Duration::from_millis(FAR_SETTLE_MS)).await;
        self.clean(restore).await?;
        if self.link.is_set(&customer, "sensitive_dtmf").await? {
            return Err(SealError::StillShut);
        }
        info!(leg = %customer, "unsealed without its private connection: listeners get no DTMF events of this leg");
        self.seal = Seal::Open;
        Ok(())
    }

    /// Gives the agent's leg back its own feature code.
    async fn unbind_agent_keys(&self, agent: &str) {
        let settings = &self.shared.settings;
        let realm = &settings.agent_realm;
        let unbound = async {
            if self.offer.means != Means::FeatureCode {
                // Nobody keyed it, so it may never have been bound; without an active realm every key of
                // the agent would be held back for a second and a half.
                let code = format!("{realm},{},exec[i]:event,tg_code=pay", settings.feature_code);
                self.link.execute(agent, "bind_digit_action", &code).await?;
            }
            self.link.execute(agent, "digit_action_set_realm", realm).await?;
            self.link.execute(agent, "clear_digit_action", "tgctl").await
        };
        if let Err(why) = unbound.await {
            info!(leg = %agent, %why, "the agent's keys could not be given back");
        }
    }
}
