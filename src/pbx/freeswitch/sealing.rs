//! Shutting the seal of the customer's leg.
//!
//! Order matters. Sensitive first, so that at no moment a key is published; the agent must be parked before
//! the two are bridged again.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tracing::{info, warn};

use super::call::{Call, Restore, Seal};
use super::event::Happening;
use super::keypad::{Keypad, KeypadError};
use super::link::LinkError;
use crate::call::{Line, SealRefusal};

/// How long media may take to come back to the PBX (`uuid_media`, two re-INVITEs).
const MEDIA_BACK_TIMEOUT_MS: u64 = 1_500;
/// Pause between two looks whether it came.
const MEDIA_LOOK_PAUSE_MS: u64 = 50;

/// What kept a step of the seal from being done.
#[derive(Debug, thiserror::Error)]
pub(super) enum SealError {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Keypad(#[from] KeypadError),
    #[error("the shield did not come down: {0}")]
    Shield(#[from] super::shield::ShieldError),
    #[error(
        "the leg's private connection did not come: is the dialplan context installed, and its port ours?"
    )]
    NoKeypad,
    #[error("the agent's leg did not wait for us after the transfer")]
    NotParked,
    #[error("the two legs were not connected again")]
    NotBridged,
    #[error("the two legs are not in conversation with each other")]
    NotTogether,
    #[error("FreeSWITCH still says the leg is sealed")]
    StillShut,
    #[error("the leg is gone")]
    Gone,
    #[error("the leg cannot be sealed: {0:?}")]
    Refused(SealRefusal),
}

impl SealError {
    fn refusal(&self) -> SealRefusal {
        match self {
            Self::Refused(why) => *why,
            _ => SealRefusal::PbxError,
        }
    }
}

impl Call {
    /// Seals the customer's leg; on an error everything is as it was, as far as FreeSWITCH lets us.
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

    async fn shut_direct(&mut self) -> Result<(), SealError> {
        self.inspect_line().await?;
        let leg = self.customer.clone();
        let keypad = match std::mem::replace(&mut self.seal, Seal::Open) {
            // A second capture on the same call: the connection is there, its binding is not.
            Seal::Kept { keypad } => {
                self.link.set(&leg, "sensitive_dtmf", "true").await?;
                keypad.bind(&leg).await?;
                keypad
            }
            _ => {
                let line = self.shared.door.held(&leg).ok_or(SealError::NoKeypad)?;
                self.link.set(&leg, "sensitive_dtmf", "true").await?;
                line.take(self.reports.clone()).await?
            }
        };
        keypad.bound().await?;
        let restore = self.mark().await?;
        keypad.open(true).await;
        self.seal = Seal::Shut { keypad: Some(keypad), restore };
        Ok(())
    }

    async fn shut_conversation(&mut self, agent: &str) -> Result<(), SealError> {
        let customer = self.customer.clone();
        for leg in [customer.as_str(), agent] {
            if self.link.is_set(leg, "proxy_media").await? {
                return Err(SealError::Refused(SealRefusal::ProxyMedia));
            }
            if self.link.is_set(leg, "pass_rfc2833").await? {
                return Err(SealError::Refused(SealRefusal::PassDtmf));
            }
        }
        let peer = match self.link.get(&customer, "signal_bond").await? {
            Some(peer) => Some(peer),
            None => self.link.get(&customer, "bridge_uuid").await?,
        };
        if peer.as_deref() != Some(agent) {
            return Err(SealError::NotTogether);
        }
        let bypass_media = self.bring_media_back(&customer).await?;
        let result = self.shut_media(&customer, agent, bypass_media).await;
        if result.is_err() && bypass_media {
            let _ = self.link.api(format!("uuid_media off {customer}")).await;
        }
        result
    }

    async fn shut_media(&mut self, customer: &str, agent: &str, bypass_media: bool) -> Result<(), SealError> {
        self.inspect_line().await?;
        let restore = Restore { bypass_media, ..self.mark().await? };
        match self.take_over(customer, agent).await {
            Ok(keypad) => {
                keypad.open(true).await;
                self.seal = Seal::Shut { keypad: Some(keypad), restore };
                self.bind_agent_keys(agent).await;
                Ok(())
            }
            Err((why, keypad)) => {
                let presence_only = Restore { bypass_media: false, ..restore };
                self.undo(customer, agent, keypad, &presence_only).await;
                Err(why)
            }
        }
    }

    /// Reads what the line's signalling says about its keys.
    async fn inspect_line(&mut self) -> Result<(), SealError> {
        let leg = self.customer.clone();
        let events = self.link.get(&leg, "rtp_2833_recv_payload").await?.is_some();
        // FreeSWITCH says `info` of every line that does not offer RFC 4733, and cannot know what such a line
        // does instead; the admin can, and says so in the dialplan.
        let tones = !events && self.link.is_set(&leg, "tonegate_inband").await?;
        let info = !tones
            && self.link.get(&leg, "dtmf_type").await?.is_some_and(|kind| kind.eq_ignore_ascii_case("info"));
        if info && !self.shared.settings.accept_sip_info {
            return Err(SealError::Refused(SealRefusal::SipInfo));
        }
        self.in_band = !events && !info;
        if self.in_band {
            self.line = Line::Dirty;
        } else if events && self.link.is_set(&leg, "tonegate_clean").await? {
            self.line = Line::Clean;
        }
        Ok(())
    }

    /// Brings media that go past the PBX back to it; says whether they did.
    async fn bring_media_back(&self, customer: &str) -> Result<bool, SealError> {
        if !self.link.is_set(customer, "bypass_media").await? {
            return Ok(false);
        }
        self.link
            .api(format!("uuid_media {customer}"))
            .await
            .map_err(|_| SealError::Refused(SealRefusal::NoMedia))?;
        // The re-INVITEs are answered in their own time; a media address of our own says that they were.
        let until = Instant::now() + Duration::from_millis(MEDIA_BACK_TIMEOUT_MS);
        while self.link.get(customer, "local_media_port").await?.is_none() {
            if Instant::now() >= until {
                return Err(SealError::Refused(SealRefusal::NoMedia));
            }
            sleep(Duration::from_millis(MEDIA_LOOK_PAUSE_MS)).await;
        }
        Ok(true)
    }

    /// Writes on the leg whose it is, for a later life of the daemon.
    async fn mark(&self) -> Result<Restore, SealError> {
        let leg = &self.customer;
        let presence_data =
            self.link.get(leg, "presence_data").await?.filter(|was| !was.starts_with(super::MARK));
        self.link.set(leg, "presence_data", &format!("{}{}", super::MARK, self.payment)).await?;
        Ok(Restore { presence_data, bypass_media: false })
    }

    /// Steps one to four; gives the keypad back on an error too, if it got that far.
    async fn take_over(
        &mut self,
        customer: &str,
        agent: &str,
    ) -> Result<Keypad, (SealError, Option<Keypad>)> {
        let keypad = self.transfer_both(customer, agent).await.map_err(|why| (why, None))?;
        let bridged = match self.bridge_again(customer, agent).await {
            Ok(()) => keypad.bound().await.map_err(SealError::from),
            Err(why) => Err(why),
        };
        match bridged {
            Ok(()) => Ok(keypad),
            Err(why) => Err((why, Some(keypad))),
        }
    }

    pub async fn transfer_both(&mut self, customer: &str, agent: &str) -> Result<Keypad, SealError> {
        let link = self.link.clone();
        let nonce = super::nonce();
        link.set(customer, "sensitive_dtmf", "true").await?;
        link.set(customer, "tonegate_nonce", &nonce).await?;
        // With whom the dialplan connects it if we die on the way.
        link.set(customer, "tonegate_peer", agent).await?;
        // Where the call came from is lost with the transfer: what follows a conversation is its end.
        for leg in [customer, agent] {
            link.set(leg, "hangup_after_bridge", "true").await?;
            // FreeSWITCH transfers one leg after the other. The second may notice before its turn that the
            // first is gone, and hangs up then, unless it is to park; this is looked at first.
            link.set(leg, "park_after_bridge", "true").await?;
        }
        self.remember_numbers(customer, agent).await?;
        let mut waiting = self.shared.door.expect(customer, &nonce);
        let context = &self.shared.settings.keypad_context;
        link.api(format!(
            "uuid_dual_transfer {customer} tonegate_customer/XML/{context} tonegate_agent/XML/{context}"
        ))
        .await?;
        let until = Instant::now() + Duration::from_millis(self.shared.settings.seal_timeout_ms);
        let line = timeout_at(until, waiting.line()).await.ok().flatten().ok_or(SealError::NoKeypad)?;
        drop(waiting);
        Ok(line.take(self.reports.clone()).await?)
    }

    pub async fn bridge_again(&mut self, customer: &str, agent: &str) -> Result<(), SealError> {
        if !self.wait_for(agent, &Happening::Park).await? {
            return Err(SealError::NotParked);
        }
        self.link.api(format!("uuid_bridge {customer} {agent}")).await?;
        if !self.wait_for(customer, &Happening::Bridge).await? {
            return Err(SealError::NotBridged);
        }
        self.part_for_good(customer, agent).await?;
        if !self.link.is_set(customer, "sensitive_dtmf").await? {
            return Err(SealError::Refused(SealRefusal::PbxError));
        }
        Ok(())
    }

    /// From here on, a side that hangs up ends the other again.
    async fn part_for_good(&self, customer: &str, agent: &str) -> Result<(), LinkError> {
        for leg in [customer, agent] {
            self.link.unset(leg, "park_after_bridge").await?;
        }
        Ok(())
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

    /// The transfer overwrites who called whom and in which context; a second payment on the call still wants
    /// to know.
    async fn remember_numbers(&self, customer: &str, agent: &str) -> Result<(), LinkError> {
        let offer = &self.offer;
        for (leg, name, value) in [
            (customer, "tonegate_caller", &offer.caller_number),
            (customer, "tonegate_dialled", &offer.dialled_number),
            (agent, "tonegate_agent", &offer.agent_extension),
        ] {
            if let Some(value) = value.as_deref().filter(|value| super::words::is_number(value)) {
                self.link.set(leg, name, value).await?;
            }
        }
        // Our dialplan puts it back, so that a transfer (REFER) is looked up where it always was.
        for leg in [customer, agent] {
            let context = self.link.get(leg, "context").await?;
            let ours = &self.shared.settings.keypad_context;
            if let Some(context) =
                context.filter(|context| context != ours && super::words::is_number(context))
            {
                self.link.set(leg, "tonegate_context", &context).await?;
            }
        }
        Ok(())
    }

    /// Puts the conversation together again after a seal that did not come about.
    async fn undo(&mut self, customer: &str, agent: &str, keypad: Option<Keypad>, restore: &Restore) {
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
    async fn bind_agent_keys(&self, agent: &str) {
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
