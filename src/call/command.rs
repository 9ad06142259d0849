//! What the payment call wants done.

use crate::card::Card;

use super::bank::AttemptId;
use super::input::Party;
use super::manner::Pace;
use super::money::Money;
use super::notice::{Ending, Notice};
use super::phrase::Phrase;

/// Names one spoken sentence, so that its end can be told from another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SayId(pub u32);

/// One thing to do, in the order given.
pub enum Command {
    /// Make the customer's leg private: answered by `Sealed` or `SealRefused`.
    Seal,
    /// Make it an ordinary leg again: answered by `Unsealed` or `UnsealFailed`.
    Unseal,
    /// Mask the recordings of both legs and, unless the line is clean, close the customer's audio towards
    /// the agent; or undo both. Answered by `Shield` or `ShieldFailed`.
    Shield {
        /// Up before a field opens, down when the two may talk.
        up: bool,
    },
    /// Speak to one party alone: answered by `Said`.
    Say {
        /// Its name.
        id: SayId,
        /// Who alone hears it.
        to: Party,
        /// What.
        phrase: Phrase,
        /// How fast.
        pace: Pace,
    },
    /// From now on speak the next of the customer's languages.
    NextLanguage,
    /// Stop whatever is being said to a party, at once.
    Hush {
        /// To whom.
        to: Party,
    },
    /// Look up what a reference stands for, and tie the payment to it: answered by `Owed`.
    LookUp {
        /// As the customer keyed it: digits, fewer than any card number has.
        reference: String,
    },
    /// Make the payment one of this part of what is owed: answered by `Owed`.
    Agree {
        /// What the customer wants to pay.
        amount: Money,
    },
    /// Write the attempt down before it is sent: answered by `Journalled` or `JournalFailed`.
    Journal {
        /// The attempt to be.
        attempt: AttemptId,
    },
    /// Send the card to the bank, once: answered by `Bank`.
    Charge {
        /// The attempt, journalled before.
        attempt: AttemptId,
        /// The card; it leaves the core here and is wiped when the attempt is settled.
        card: Card,
    },
    /// Tell agent's desk, API and trail what is going on; never holds a digit beyond the last four.
    Tell(Notice),
    /// Hand the caller to a human (self-service): the dialplan's fallback.
    HandOver,
    /// Hang up on the customer (self-service), after the goodbye.
    HangUp,
    /// Nothing follows.
    Finish(Ending),
}
