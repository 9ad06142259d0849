//! A telephone with audio in a stage call.

mod foreign;

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use crate::call::Party;
use crate::inspect::audio::Marker;
use crate::inspect::phone::{Answer, Dialog, Heard, KeyMode, KeyStyle, Phone, PhoneError, PhoneSettings};

use super::{Conversation, Handset, KeySent, Keys, StageError};
use foreign::hears_foreign;

/// How long a call may take until both telephones have answered.
pub(super) const ANSWER_MS: u64 = 30_000;
/// How long it may take from there until both hear each other.
const VOICE_MS: u64 = 10_000;
/// How long until the PBX lists a leg that is up.
const LISTED_MS: u64 = 5_000;
/// How long a called telephone rings.
const RING_MS: u64 = 60;
/// The number of the customer.
pub(super) const CUSTOMER: &str = "0123456789";
/// The number of the agent.
pub(super) const AGENT: &str = "1001";
/// The number that is dialled to pay without an agent.
pub(super) const PAYMENT_NUMBER: &str = "700";

/// The one of which the dialplan does not say what is owed.
pub(super) const UNSAID_NUMBER: &str = "701";

/// A telephone of this number that sends its keys like this. Without telephone events nothing of them is
/// offered.
///
/// # Errors
/// If it gets no port.
pub(super) async fn telephone(user: &str, keys: Keys) -> Result<Phone, StageError> {
    let telephone_event = match keys {
        Keys::Rfc4733 | Keys::Both => Some(101),
        Keys::InBand | Keys::Info => None,
    };
    let settings = PhoneSettings {
        telephone_event,
        answer: Answer::AfterMs(RING_MS),
        ring_timeout_ms: ANSWER_MS,
        seed: rand::random(),
        ..PhoneSettings::new(user)
    };
    Phone::bind(settings).await.map_err(told)
}

/// Calls from one telephone to the other through a PBX, `target` being what is dialled there; the caller's
/// dialog first.
///
/// # Errors
/// If the PBX refuses, or the other telephone is not reached in time.
pub(super) async fn bring_together(
    caller: &Phone,
    called: &Phone,
    target: &str,
    headers: &[(&str, &str)],
) -> Result<(Dialog, Dialog), StageError> {
    let both =
        async { tokio::try_join!(caller.call_with(target, headers), async { Ok(called.answered().await) }) };
    let both = timeout(Duration::from_millis(ANSWER_MS), both).await;
    both.map_err(|_| StageError("the called telephone was not reached; see the PBX's log".into()))?
        .map_err(told)
}

/// Waits until the PBX lists the leg of a telephone, which it does a little after the leg is up.
///
/// # Errors
/// If it does not in time, or cannot be asked.
pub(super) async fn until_listed<T, F: Future<Output = Result<Option<T>, StageError>>>(
    dialog: &Dialog,
    listed: impl Fn() -> F,
) -> Result<T, StageError> {
    let end = Instant::now() + Duration::from_millis(LISTED_MS);
    loop {
        if let Some(leg) = listed().await? {
            return Ok(leg);
        }
        if Instant::now() > end {
            return Err(StageError(format!("the PBX has no leg with the Call-ID {}", dialog.call_id())));
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Calls a payment number and speaks as the customer; `human` is kept ready in case the dialplan falls
/// back to one.
///
/// # Errors
/// If nobody answers in time.
pub(super) async fn dial_payment_number(
    number: &str,
    customer: &Phone,
    human: Phone,
    keys: Keys,
    exchange: &str,
    headers: &[(&str, &str)],
) -> Result<Box<dyn Handset>, StageError> {
    human.speak(Some(marker(Party::Agent)));
    let target = format!("sip:{number}@{exchange}");
    let dialog = timeout(Duration::from_millis(ANSWER_MS), customer.call_with(&target, headers))
        .await
        .map_err(|_| StageError("the payment number does not answer; see the PBX's log".into()))?
        .map_err(told)?;
    dialog.speak(Some(marker(Party::Customer)));
    let customer = Telephone::new(dialog, keys, exchange);
    Ok(Box::new(Telephone { _beside: Some(human), ..customer }))
}

/// Lets both speak, and waits until they hear each other.
///
/// # Errors
/// If one does not hear the other.
pub(super) async fn conversation(
    customer: (Dialog, String),
    agent: (Dialog, String),
    keys: Keys,
    exchange: &str,
) -> Result<Conversation, StageError> {
    let ((customer, customer_leg), (agent, agent_leg)) = (customer, agent);
    customer.speak(Some(marker(Party::Customer)));
    agent.speak(Some(marker(Party::Agent)));
    let customer = Telephone::new(customer, keys, exchange);
    let agent = Telephone::new(agent, Keys::Rfc4733, exchange);
    let (one, other) =
        tokio::join!(customer.awaits(Party::Agent, VOICE_MS), agent.awaits(Party::Customer, VOICE_MS));
    if !(one && other) {
        return Err(StageError(format!(
            "no voice: customer hears agent: {one}, agent hears customer: {other}"
        )));
    }
    Ok(Conversation { customer: Box::new(customer), agent: Box::new(agent), customer_leg, agent_leg })
}

/// A [`Dialog`], with the questions a story asks.
struct Telephone {
    dialog: Dialog,
    keys: Keys,
    /// Where an extension is dialled.
    exchange: String,
    /// A telephone that may be called as long as this one is there.
    _beside: Option<Phone>,
}

impl Telephone {
    /// A telephone whose keys travel like this; extensions are at the address `exchange`.
    fn new(dialog: Dialog, keys: Keys, exchange: &str) -> Self {
        Self { dialog, keys, exchange: exchange.to_owned(), _beside: None }
    }

    /// Waits until somebody's voice is heard; false if that does not come in time.
    async fn awaits(&self, of: Party, wait_ms: u64) -> bool {
        let end = Instant::now() + Duration::from_millis(wait_ms);
        while Instant::now() < end {
            let now = Instant::now();
            // The last packets may still be on their way.
            let to = now.checked_sub(Duration::from_millis(60)).unwrap_or(now);
            let from = to.checked_sub(Duration::from_millis(200)).unwrap_or(to);
            if self.hears_voice(of, from, to) {
                return true;
            }
            sleep(Duration::from_millis(40)).await;
        }
        false
    }
}

/// With whose voice somebody speaks.
fn marker(of: Party) -> Marker {
    match of {
        Party::Customer => Marker::Customer,
        Party::Agent => Marker::Agent,
    }
}

/// A telephone's fault, as the stage tells it.
pub(super) fn told(fault: PhoneError) -> StageError {
    StageError(fault.to_string())
}

#[async_trait::async_trait]
impl Handset for Telephone {
    async fn key(&self, keys: &str, tone_ms: u32, gap_ms: u32) -> Result<Vec<KeySent>, StageError> {
        let mode = match self.keys {
            Keys::Rfc4733 => KeyMode::Rfc4733,
            Keys::InBand => KeyMode::InBand,
            Keys::Both => KeyMode::Both,
            Keys::Info => KeyMode::Info,
        };
        let pressed = self.dialog.keys(keys, KeyStyle::new(mode, tone_ms, gap_ms)).await.map_err(told)?;
        Ok(pressed.iter().map(|key| KeySent { began: key.first_packet, ended: key.end_packet }).collect())
    }

    async fn hang_up(&self) -> Result<(), StageError> {
        self.dialog.hang_up().await.map_err(told)
    }

    async fn hold(&self) -> Result<(), StageError> {
        self.dialog.hold().await.map_err(told)
    }

    async fn resume(&self) -> Result<(), StageError> {
        self.dialog.resume().await.map_err(told)
    }

    async fn transfer(&self, to: &str) -> Result<(), StageError> {
        // What follows a question mark names a call that is to be taken over there (`Replaces`).
        let (to, replaces) =
            to.split_once('?').map_or((to, String::new()), |(to, rest)| (to, format!("?{rest}")));
        self.dialog.refer(&format!("sip:{to}@{}{replaces}", self.exchange)).await.map_err(told)
    }

    fn is_up(&self) -> bool {
        self.dialog.is_up()
    }

    fn keys_received(&self) -> String {
        let heard = self.dialog.heard();
        let events = heard.keys.iter().map(|key| (key.at, key.key));
        let infos = heard.infos.iter().filter_map(|info| Some((info.at, info.key()?)));
        let mut keys: Vec<(Instant, char)> = events.chain(infos).collect();
        keys.sort_by_key(|(at, _)| *at);
        keys.into_iter().map(|(_, key)| key).collect()
    }

    fn tones_heard(&self) -> String {
        self.dialog.heard().tones_pressed()
    }

    fn hears_voice(&self, of: Party, from: Instant, to: Instant) -> bool {
        let heard = self.dialog.heard();
        heard.hears(marker(of), heard.ms_at(from), heard.ms_at(to))
    }

    fn hears_prompt(&self, from: Instant, to: Instant) -> bool {
        let heard = self.dialog.heard();
        hears_foreign(&heard, heard.ms_at(from), heard.ms_at(to))
    }

    fn longest_gap_ms(&self, of: Party, from: Instant, to: Instant) -> u32 {
        let heard: Heard = self.dialog.heard();
        let gaps = heard.voice_gaps(marker(of), heard.ms_at(from), heard.ms_at(to));
        gaps.iter().map(|gap| gap.ms).max().unwrap_or(0)
    }

    fn listen(&self) -> Option<tokio::sync::broadcast::Receiver<crate::pbx::rehearsal::Heard>> {
        None
    }

    fn save(&self, path: &Path) -> Result<bool, StageError> {
        self.dialog.heard().save_wav(path).map_err(|fault| StageError(fault.to_string()))?;
        Ok(true)
    }
}
