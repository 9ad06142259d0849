//! Shutting the seal of the customer's leg: whether it can be had, and what is written on the legs for it.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::warn;

use super::call::{Call, Restore, Seal};
use super::facts::Facts;
use super::keypad::KeypadError;
use super::link::LinkError;
use super::words;
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
        let leg = self.customer.clone();
        let facts = Facts::of(&self.link, &leg).await?.ok_or(SealError::Gone)?;
        self.inspect_line(&facts)?;
        let (restore, mark) = self.mark(&facts);
        let keypad = match std::mem::replace(&mut self.seal, Seal::Open) {
            // A second capture on the same call: the connection is there, its binding is not.
            Seal::Kept { keypad } => {
                self.link.set_all(&leg, &[("sensitive_dtmf", "true"), ("presence_data", &mark)]).await?;
                keypad.bind(&leg).await?;
                keypad
            }
            _ => {
                let line = self.shared.door.held(&leg).ok_or(SealError::NoKeypad)?;
                self.link.set_all(&leg, &[("sensitive_dtmf", "true"), ("presence_data", &mark)]).await?;
                let keypad = line.take(self.reports.clone());
                keypad.divert(&leg).await?;
                keypad
            }
        };
        keypad.bound().await?;
        keypad.open(true).await;
        self.seal = Seal::Shut { keypad: Some(keypad), restore };
        Ok(())
    }

    async fn shut_conversation(&mut self, agent: &str) -> Result<(), SealError> {
        let customer = self.customer.clone();
        let (of_customer, of_agent) =
            tokio::try_join!(Facts::of(&self.link, &customer), Facts::of(&self.link, agent))?;
        let (Some(of_customer), Some(of_agent)) = (of_customer, of_agent) else {
            return Err(SealError::Gone);
        };
        for facts in [&of_customer, &of_agent] {
            if facts.is_set("proxy_media") {
                return Err(SealError::Refused(SealRefusal::ProxyMedia));
            }
            if facts.is_set("pass_rfc2833") {
                return Err(SealError::Refused(SealRefusal::PassDtmf));
            }
        }
        if of_customer.peer() != Some(agent) {
            return Err(SealError::NotTogether);
        }
        let bypass_media = of_customer.is_set("bypass_media");
        if !bypass_media {
            return self.shut_media((&customer, &of_customer), (agent, &of_agent), false).await;
        }
        let result = self.shut_bypassed(&customer, (agent, &of_agent)).await;
        if result.is_err() {
            let _ = self.link.api(format!("uuid_media off {customer}")).await;
        }
        result
    }

    /// Media that go past the PBX are brought back to it first.
    async fn shut_bypassed(&mut self, customer: &str, agent: (&str, &Facts)) -> Result<(), SealError> {
        let refused = || SealError::Refused(SealRefusal::NoMedia);
        self.link.api(format!("uuid_media {customer}")).await.map_err(|_| refused())?;
        // The re-INVITEs are answered in their own time; a media address of our own says that they were.
        let until = Instant::now() + Duration::from_millis(MEDIA_BACK_TIMEOUT_MS);
        while self.link.get(customer, "local_media_port").await?.is_none() {
            if Instant::now() >= until {
                return Err(refused());
            }
            sleep(Duration::from_millis(MEDIA_LOOK_PAUSE_MS)).await;
        }
        let facts = Facts::of(&self.link, customer).await?.ok_or(SealError::Gone)?;
        self.shut_media((customer, &facts), agent, true).await
    }

    async fn shut_media(
        &mut self,
        (customer, facts): (&str, &Facts),
        (agent, of_agent): (&str, &Facts),
        bypass_media: bool,
    ) -> Result<(), SealError> {
        self.inspect_line(facts)?;
        let (mut restore, mark) = self.mark(facts);
        let nonce = super::nonce();
        let written = self.write_on_legs((customer, facts), (agent, of_agent), &mark, &nonce).await;
        let taken = match written {
            Ok(()) => self.take_over(customer, agent, &nonce).await,
            Err(why) => Err((why.into(), None)),
        };
        match taken {
            Ok(keypad) => {
                keypad.open(true).await;
                restore.bypass_media = bypass_media;
                self.seal = Seal::Shut { keypad: Some(keypad), restore };
                self.bind_agent_keys(agent).await;
                Ok(())
            }
            Err((why, keypad)) => {
                self.undo(customer, agent, keypad, &restore).await;
                Err(why)
            }
        }
    }

    /// Reads what the line's signalling says about its keys.
    fn inspect_line(&mut self, facts: &Facts) -> Result<(), SealError> {
        let events = facts.get("rtp_2833_recv_payload").is_some();
        // FreeSWITCH says `info` of every line that does not offer RFC 4733, and cannot know what such a line
        // does instead; the admin can, and says so in the dialplan.
        let tones = !events && facts.is_set("tonegate_inband");
        let info = !tones && facts.get("dtmf_type").is_some_and(|kind| kind.eq_ignore_ascii_case("info"));
        if info && !self.shared.settings.accept_sip_info {
            return Err(SealError::Refused(SealRefusal::SipInfo));
        }
        self.in_band = !events && !info;
        if self.in_band {
            self.line = Line::Dirty;
        } else if events && facts.is_set("tonegate_clean") {
            self.line = Line::Clean;
        }
        Ok(())
    }

    /// What is written on the leg to say whose it is, for a later life of the daemon, and what stood there.
    fn mark(&self, facts: &Facts) -> (Restore, String) {
        let presence_data = facts.get("presence_data").filter(|was| !was.starts_with(super::MARK));
        let restore = Restore { presence_data: presence_data.map(str::to_owned), bypass_media: false };
        (restore, format!("{}{}", super::MARK, self.payment))
    }

    /// Everything that has to stand on the legs before they are moved. Sensitive first, so that at no moment
    /// a key is published.
    async fn write_on_legs(
        &self,
        (customer, facts): (&str, &Facts),
        (agent, of_agent): (&str, &Facts),
        mark: &str,
        nonce: &str,
    ) -> Result<(), LinkError> {
        let word = |value: Option<&String>| {
            value.map(String::as_str).filter(|value| words::is_number(value)).unwrap_or_default().to_owned()
        };
        let ours = &self.shared.settings.keypad_context;
        // Our dialplan puts it back, so that a transfer (REFER) is looked up where it always was.
        let context = |facts: &Facts| {
            let own = facts.get("context").filter(|context| *context != ours && words::is_number(context));
            own.or_else(|| facts.get("tonegate_context")).unwrap_or_default().to_owned()
        };
        // Where the call came from is lost with the transfer: what follows a conversation is its end. And
        // FreeSWITCH transfers one leg after the other: the second may notice before its turn that the first
        // is gone, and hangs up then, unless it is to park; this is looked at first.
        let parting = [("hangup_after_bridge", "true"), ("park_after_bridge", "true")];
        // The transfer overwrites who called whom; a second payment on the call still wants to know.
        let offer = &self.offer;
        let (caller, dialled) = (word(offer.caller_number.as_ref()), word(offer.dialled_number.as_ref()));
        let (extension, of_customer) = (word(offer.agent_extension.as_ref()), context(facts));
        let of_agent = context(of_agent);
        let mut on_customer =
            vec![("sensitive_dtmf", "true"), ("presence_data", mark), ("tonegate_nonce", nonce)];
        // With whom the dialplan connects it if we die on the way.
        on_customer.push(("tonegate_peer", agent));
        on_customer.extend(parting);
        let notes = [
            ("tonegate_caller", &caller),
            ("tonegate_dialled", &dialled),
            ("tonegate_context", &of_customer),
        ];
        on_customer.extend(notes.iter().filter(|(_, v)| !v.is_empty()).map(|(name, v)| (*name, v.as_str())));
        let mut on_agent = parting.to_vec();
        let notes = [("tonegate_agent", &extension), ("tonegate_context", &of_agent)];
        on_agent.extend(notes.iter().filter(|(_, v)| !v.is_empty()).map(|(name, v)| (*name, v.as_str())));
        tokio::try_join!(self.link.set_all(customer, &on_customer), self.link.set_all(agent, &on_agent))
            .map(drop)
    }
}
