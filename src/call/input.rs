//! What the payment call is told.

use crate::card::Key;

use super::bank::{AttemptId, Outcome};
use super::command::SayId;
use super::money::Money;
use super::notice::Field;

/// Milliseconds on a clock that only goes forward; where it starts does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(pub u64);

impl Millis {
    /// This instant, `ms` later.
    #[must_use]
    pub fn plus(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds since `earlier`, 0 if that lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// One of the two people on the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// The one who pays; their leg is sealed.
    Customer,
    /// The company's agent; absent in self-service.
    Agent,
}

/// How keys travel on the customer's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// RFC 4733 and, by observation, no tone in the audio.
    Clean,
    /// Tones travel in the audio, alone or beside RFC 4733.
    Dirty,
    /// Not yet known; treated like [`Line::Dirty`].
    Unknown,
}

/// Why a leg cannot be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SealRefusal {
    /// `proxy_media`: the PBX passes packets through without looking at them.
    ProxyMedia,
    /// `pass_rfc2833`: the PBX hands key packets on untouched.
    PassDtmf,
    /// Keys come as SIP INFO, which this PBX publishes; the admin has not accepted it.
    SipInfo,
    /// The PBX failed the daemon's own test of the seal.
    SelfTestFailed,
    /// The leg's media cannot be brought to the PBX.
    NoMedia,
    /// The PBX answered with an error or not at all.
    PbxError,
}

/// Why a seal that was shut no longer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SealLoss {
    /// The private keypad's connection ended while the leg is up. The leg stays sealed.
    KeypadLost,
    /// The PBX reports that the leg is no longer kept from others.
    Opened,
    /// The leg was moved (transfer, parking) away from the bridge we made.
    Moved,
}

/// What the PBX reports about this call.
pub enum FromPbx {
    /// The customer's leg is sealed and the PBX has confirmed it.
    Sealed {
        /// What is known about the line at this moment.
        line: Line,
    },
    /// The leg could not be sealed; nothing was changed or all of it was undone.
    SealRefused(SealRefusal),
    /// The seal is no longer to be trusted.
    SealLost(SealLoss),
    /// The leg is an ordinary leg again.
    Unsealed,
    /// The seal could not be ended; it stays shut.
    UnsealFailed,
    /// Recordings are masked (and the audio closed where the line is not clean), or all open again.
    Shield {
        /// Whether the shield is up.
        up: bool,
    },
    /// The shield could not be moved.
    ShieldFailed,
    /// What is known about the line has changed.
    Line(Line),
    /// The customer pressed a key.
    Key(Key),
    /// A sentence has ended: played to its end, or hushed, or impossible.
    Said {
        /// Which.
        id: SayId,
        /// False if it could not be played.
        heard: bool,
    },
    /// The agent keyed a command.
    Agent(AgentCommand),
    /// A party hung up.
    Left(Party),
    /// The connection that controls the PBX is gone.
    LinkLost,
    /// It is back.
    LinkBack {
        /// Whether the customer's leg was found, and found sealed.
        sealed: bool,
    },
}

/// What the agent may say at any time, by key or by API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AgentCommand {
    /// Take the current field again.
    RestartField,
    /// Take all fields again; after a decline: take another card.
    RestartAll,
    /// Leave the keypad for another means of payment (a link).
    OtherMeans,
    /// Stop listening for keys; the two talk.
    Pause,
    /// Go on with the field that was open.
    Resume,
    /// [`AgentCommand::Pause`] or [`AgentCommand::Resume`], whichever applies: one key for both.
    TogglePause,
    /// Say the question once more.
    Repeat,
    /// Speak to the customer at another pace, and wait for them accordingly: slow, text relay, normal again.
    NextPace,
    /// Speak to the customer in the next of the merchant's languages.
    NextLanguage,
    /// End the payment; the conversation goes on.
    Cancel,
    /// Ask for this field now, whatever was taken of it before. Only where the desk asks for each field
    /// ([`FieldOrder::Commanded`](super::FieldOrder::Commanded)).
    Ask(Field),
    /// All that was to be taken is there: charge or store the card. Only where the desk asks for each field.
    Complete,
}

/// How much is owed, and how much of it has to be paid now at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// All of it.
    pub owed: Money,
    /// The least part; all of it where parts are not allowed.
    pub least: Money,
}

impl Due {
    /// All of it, at once.
    #[must_use]
    pub fn at_once(owed: Money) -> Self {
        Self { owed, least: owed }
    }

    /// Whether less than all of it may be paid.
    #[must_use]
    pub fn allows_parts(&self) -> bool {
        self.least.minor < self.owed.minor
    }
}

/// What a reference that the customer keyed stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owed {
    /// This is owed; the payment is for all of it, or for the part that was agreed on, from now on.
    This(Due),
    /// Nothing: it is no reference of ours, or it is paid.
    Nothing,
    /// Nobody who knows could be asked, or it cannot be paid at this moment.
    Unknown,
}

/// Everything that can happen to a payment call.
pub enum Input {
    /// Someone wants this payment: begin.
    Start,
    /// From the PBX.
    Pbx(FromPbx),
    /// From the agent, by API. (By key it comes as [`FromPbx::Agent`].)
    Agent(AgentCommand),
    /// The attempt is written down: it may be sent.
    Journalled(AttemptId),
    /// The attempt could not be written down: it must not be sent.
    JournalFailed(AttemptId),
    /// What became of an attempt; may come late, twice, or for an attempt long settled.
    Bank(AttemptId, Outcome),
    /// What the reference that was looked up stands for.
    Owed(Owed),
    /// A deadline may have passed.
    Tick,
    /// The daemon is stopping: end in order, do not begin anything new.
    Drain,
}
