//! What the PBX tells outside of any payment call.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use uuid::Uuid;

use crate::call::{FromPbx, Party, Phrase, SayId};
use crate::pbx::{News, Offer, Order};

use super::Desk;
use super::start::StartError;
use crate::observe::alarm;
use crate::prompts;
use crate::store::OrderFault;

/// What to do about a seal that cannot be ended.
pub(super) const STUCK_REMEDY: &str =
    "the customer's leg stays sealed until it hangs up; look at the PBX's log";

/// How long the end of a stray seal may take before it counts as stuck.
const ORPHAN_UNSEAL_MS: u64 = 15_000;

impl Desk {
    /// Listens to the PBX until it is closed.
    pub async fn hear(self: Arc<Self>, mut news: mpsc::Receiver<News>) {
        while let Some(piece) = news.recv().await {
            match piece {
                News::Up { version } => {
                    tracing::info!("the PBX is connected and its seal holds: {version}");
                    self.pbx_down.send_replace(None);
                    tokio::spawn(Arc::clone(&self).have_prompts_found());
                }
                News::Down { why } => {
                    alarm("pbx_down", None, &why, "no payment can be taken until it is back");
                    self.pbx_down.send_replace(Some(why));
                }
                News::Offer(offer) => {
                    let desk = Arc::clone(&self);
                    self.calls.spawn(async move { desk.take_offer(offer).await });
                }
                News::Orphan { offer, payment } => {
                    let desk = Arc::clone(&self);
                    self.calls.spawn(async move { desk.free_orphan(offer, &payment).await });
                }
            }
        }
    }

    async fn take_offer(self: Arc<Self>, offer: Offer) {
        let fault = match self.begin(offer.clone(), None).await {
            Ok(payment) => return tracing::info!(%payment, means = ?offer.means, "a payment begins"),
            Err(fault) => fault,
        };
        tracing::warn!(agent = offer.agent_extension, "no payment on this call: {fault}");
        if let StartError::Merchant(unknown) = &fault {
            let remedy = "correct tonegate_merchant (Asterisk: TONEGATE_MERCHANT) in the dialplan, or add the merchant";
            alarm("unknown_merchant", None, unknown, remedy);
        }
        let phrase = match fault {
            StartError::NoAmount
            | StartError::Amount(_)
            | StartError::Zero
            | StartError::Crm { by_hand: true, .. } => Phrase::WhisperNoAmount,
            StartError::SameCall
            | StartError::Limit(_)
            | StartError::Order(OrderFault::UnderWay { .. } | OrderFault::Link { .. }) => Phrase::WhisperBusy,
            StartError::StillUnknown { .. } | StartError::Order(OrderFault::Unknown { .. }) => {
                Phrase::WhisperUnknown
            }
            _ => Phrase::WhisperTechnical,
        };
        if offer.agent.is_some() {
            self.whisper(&offer, phrase).await;
        } else {
            self.turn_away(offer).await;
        }
    }

    pub(super) async fn whisper(&self, offer: &Offer, phrase: Phrase) {
        let clips = self.clips_on(offer, phrase).await;
        if let Err(fault) = self.pbx.whisper(offer, clips).await {
            tracing::warn!("the agent could not be told: {fault}");
        }
    }

    /// A sentence in the voice of whoever is paid on this call; of the default if a merchant is named that there is not.
    async fn clips_on(&self, offer: &Offer, phrase: Phrase) -> Vec<PathBuf> {
        let merchants = &self.rules.merchants;
        let merchant = merchants.of_call(None, offer).unwrap_or_else(|_| merchants.default_one());
        // Who is told that there is no payment is an agent.
        merchant.clips(phrase, merchant.speech.agent_language).await
    }

    /// A direct call that cannot be served goes on to the dialplan's fallback.
    async fn turn_away(&self, offer: Offer) {
        match self.pbx.open(&offer, "").await {
            Ok(session) => {
                let _ = session.orders.send(Order::HandOver).await;
            }
            Err(fault) => tracing::warn!("a direct call could not be handed over: {fault}"),
        }
    }

    /// A leg sealed by a former life of the daemon: ends the seal and tells the agent where things stand.
    async fn free_orphan(self: Arc<Self>, offer: Offer, payment: &str) {
        tracing::warn!(payment, "a call is still sealed from before; ending its seal");
        let open = match payment.parse::<Uuid>() {
            Ok(id) => self.has_open_attempt(id).await,
            Err(_) => false,
        };
        let mut session = match self.pbx.open(&offer, payment).await {
            Ok(session) => session,
            Err(fault) => return alarm("seal_stuck", Some(payment), fault, STUCK_REMEDY),
        };
        let phrase = if open { Phrase::WhisperUnknown } else { Phrase::WhisperTechnical };
        let clips = self.clips_on(&offer, phrase).await;
        let say = Order::Say { id: SayId(0), to: prompts::listener(phrase), clips };
        if session.orders.send(Order::Unseal).await.is_err() {
            return alarm("seal_stuck", Some(payment), "the PBX adapter is gone", STUCK_REMEDY);
        }
        let freed = async {
            while let Some(report) = session.reports.recv().await {
                match report {
                    FromPbx::Unsealed | FromPbx::Left(Party::Customer) => return true,
                    FromPbx::UnsealFailed => return false,
                    _ => {}
                }
            }
            false
        };
        let bound = std::time::Duration::from_millis(ORPHAN_UNSEAL_MS);
        if !matches!(tokio::time::timeout(bound, freed).await, Ok(true)) {
            return alarm("seal_stuck", Some(payment), "the seal was not ended in time", STUCK_REMEDY);
        }
        let _ = session.orders.send(say).await;
        if let Err(fault) = self.store.trail("tonegate", "orphan_unsealed", payment, "").await {
            tracing::error!(payment, "the trail has a gap: {fault}");
        }
    }
}

impl Desk {
    /// Whether a payment may have been charged without anybody knowing; if in doubt, yes.
    async fn has_open_attempt(&self, payment: Uuid) -> bool {
        match self.store.payment(payment).await {
            Ok(Some(payment)) => payment.attempts.iter().any(|attempt| attempt.state.is_open()),
            Ok(None) => false,
            Err(_) => true,
        }
    }
}
