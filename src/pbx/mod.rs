//! What a PBX is asked and what it tells.
//!
//! An adapter owns the connections to one PBX. It tells the desk when somebody wants to pay ([`News`]),
//! and gives for each payment call a [`Session`]: a pair of bounded channels over which the desk orders
//! ([`Order`]) and the adapter reports ([`FromPbx`]). The adapter may die, reconnect and reconcile
//! behind them; the session lives as long as the payment call.

/// FreeSWITCH and telephones inside this process, for `tonegate demo` and tests.
pub mod rehearsal;
/// FreeSWITCH, by Event Socket.
pub mod freeswitch;
/// Asterisk, by ARI and AMI.
pub mod asterisk;

mod agent_keys;
mod clips;
mod finding;
mod followers;
mod keeping;
mod play;
mod setting;

use std::path::PathBuf;

use tokio::sync::mpsc;

pub use agent_keys::AgentKeys;
pub use finding::{Finding, Severity};
pub use play::TestCall;
pub use setting::SettingError;

use crate::call::{FromPbx, Party, SayId};

/// Orders and reports that may wait in a session before the sender has to wait too.
pub const SESSION_QUEUE_LENGTH: usize = 64;

/// Pieces of news that may wait before the adapter has to wait.
pub const NEWS_QUEUE_LENGTH: usize = 256;

/// A PBX's own name for a leg (FreeSWITCH: its UUID; Asterisk: its uniqueid).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegId(pub String);

/// How a payment call came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Means {
    /// The agent keyed the feature code during a conversation.
    FeatureCode,
    /// The API asked for it, on a conversation that is up.
    Api,
    /// The caller dialled the payment number; there is no agent.
    DirectNumber,
}

/// A call on which somebody wants to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The customer's leg.
    pub customer: LegId,
    /// The agent's leg; none in self-service.
    pub agent: Option<LegId>,
    /// How it came about.
    pub means: Means,
    /// The customer's number as the PBX knows it.
    pub caller_number: Option<String>,
    /// The number that was dialled.
    pub dialled_number: Option<String>,
    /// The agent's extension or user name.
    pub agent_extension: Option<String>,
    /// The order reference keyed after the feature code, or given by the dialplan.
    pub reference: Option<String>,
    /// Amount given by the dialplan or an agent key, as decimal text, and its currency.
    pub amount: Option<String>,
    /// See `amount`.
    pub currency: Option<String>,
    /// Language tag from the dialplan (`fr`, `en`).
    pub language: Option<String>,
    /// Who is paid, by the id of the configuration, if the dialplan says so.
    pub merchant: Option<String>,
    /// The queue the customer waited in.
    pub queue: Option<String>,
    /// The customer's name as one text, from the dialplan.
    pub customer_name: Option<String>,
    /// The customer's e-mail address, from the dialplan.
    pub customer_email: Option<String>,
    /// The company's own name of the customer, from the dialplan.
    pub customer_reference: Option<String>,
}

/// What a PBX tells outside of any payment call.
#[derive(Debug)]
pub enum News {
    /// The connection stands and the seal has passed its self-test.
    Up {
        /// What it calls itself, for the log.
        version: String,
    },
    /// No connection, or no seal to be had; the sentence says why and what to do.
    Down {
        /// For an admin.
        why: String,
    },
    /// Somebody wants to pay.
    Offer(Offer),
    /// A leg was found sealed by an earlier life of this daemon: [`Pbx::open`] it to end its seal.
    Orphan {
        /// The call it is.
        offer: Offer,
        /// The payment it was sealed for.
        payment: String,
    },
}

/// An order to the adapter, about one payment call.
#[derive(Debug)]
pub enum Order {
    /// Take the call over and seal the customer's leg for this payment.
    Seal,
    /// End the seal and hand the call back.
    Unseal,
    /// Mask recordings and close the audio where the line is not clean; or open both.
    Shield {
        /// Which of the two.
        up: bool,
    },
    /// Play these files, one after another, to one party alone.
    Say {
        /// Its name.
        id: SayId,
        /// Who alone hears it.
        to: Party,
        /// WAV files, absolute paths, all checked to exist.
        clips: Vec<PathBuf>,
    },
    /// Stop what is being played to a party.
    Hush {
        /// To whom.
        to: Party,
    },
    /// Self-service: let the dialplan go on to its fallback (a human).
    HandOver,
    /// Self-service: hang up.
    HangUp,
}

/// The two ends the desk holds of one payment call. Dropping `orders` ends the seal in order.
pub struct Session {
    /// Orders to the adapter.
    pub orders: mpsc::Sender<Order>,
    /// Its reports.
    pub reports: mpsc::Receiver<FromPbx>,
}

/// How to name a call that is up, for the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallName {
    /// Either leg's own id.
    Leg(LegId),
    /// The agent's extension.
    AgentExtension(String),
    /// The customer's number.
    CustomerNumber(String),
}

/// What keeps an adapter from serving.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PbxError {
    /// No connection.
    #[error("the PBX is not connected: {0}")]
    NotConnected(String),
    /// No such call, or not one that is in conversation.
    #[error(
        "no call in conversation fits {0}; name the agent's extension, a leg's id, or the customer's number"
    )]
    NoSuchCall(String),
    /// More than one call fits.
    #[error("{0} calls in conversation fit {1}; name a leg's id")]
    Ambiguous(usize, String),
    /// A payment is already running on the call.
    #[error("a payment is already running on this call")]
    Busy,
    /// The PBX refused.
    #[error("the PBX refused: {0}")]
    Refused(String),
}

/// One PBX.
#[async_trait::async_trait]
pub trait Pbx: Send + Sync {
    /// Begins a payment call: nothing is changed on the PBX before the first order.
    ///
    /// `payment` is written on the customer's leg so that a later life of the daemon finds it.
    ///
    /// # Errors
    /// If there is no connection or a payment is already running on the call.
    async fn open(&self, offer: &Offer, payment: &str) -> Result<Session, PbxError>;

    /// Finds a conversation to take a payment on.
    ///
    /// # Errors
    /// If none or several fit, or there is no connection.
    async fn find(&self, name: &CallName) -> Result<Offer, PbxError>;

    /// Whispers to the agent of a call on which no payment is running (busy, not possible).
    ///
    /// # Errors
    /// If it could not be played.
    async fn whisper(&self, offer: &Offer, clips: Vec<PathBuf>) -> Result<(), PbxError>;

    /// Which of these files the PBX does not find where it looks: its user and its view of the disk may be others than
    /// ours. It need not try each of a directory that it cannot read.
    ///
    /// # Errors
    /// If it cannot be asked.
    async fn lacking(&self, files: &[PathBuf]) -> Result<Vec<PathBuf>, PbxError>;

    /// Tells the PBX to stop offering calls: ends the lease, closes connections that carry no call.
    async fn close(&self);
}
