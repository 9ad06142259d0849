//! How the customer is spoken to: pace, wording, and what is said besides the payment itself.

use jiff::civil::Date;

use super::spelt::Spelt;

/// How fast the customer is spoken to, and how long they are waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pace {
    /// As recorded.
    #[default]
    Normal,
    /// Slower speech, twice the time for every key.
    Slow,
    /// Somebody relays the call as text, or signs it: slower speech, six times the time.
    Relay,
}

impl Pace {
    /// Whether speech is slowed down.
    #[must_use]
    pub fn is_slow(self) -> bool {
        self != Pace::Normal
    }

    /// By how much the customer's time is multiplied.
    #[must_use]
    pub fn patience(self) -> u64 {
        match self {
            Pace::Normal => 1,
            Pace::Slow => 2,
            Pace::Relay => 6,
        }
    }

    /// The pace that follows when the agent asks for another.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Pace::Normal => Pace::Slow,
            Pace::Slow => Pace::Relay,
            Pace::Relay => Pace::Normal,
        }
    }
}

/// How many words are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Wording {
    /// Everything a first-time caller needs to hear.
    #[default]
    Calm,
    /// Short questions, for whoever has paid in this way before.
    Brief,
}

/// How the customer is spoken to when the payment begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// How fast.
    pub pace: Pace,
    /// In how many words.
    pub wording: Wording,
    /// Languages that the agent may change to during the payment, besides the one it begins in.
    pub other_languages: u8,
}

/// What the customer is told besides amount and outcome; what is not there is not said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Besides {
    /// The reference that is paid, told to a caller who is alone.
    pub reference: Option<Spelt>,
    /// When it is or was due, told to a caller who is alone.
    pub due: Option<Date>,
    /// The day of the payment.
    pub today: Option<Date>,
    /// The reference to be noted once it is paid.
    pub receipt: Option<Spelt>,
}
