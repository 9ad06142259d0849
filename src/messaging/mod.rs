//! Texts to customers: by SMS and by e-mail, through whoever carries them for the company.
//!
//! One trait with no default bodies: what a carrier cannot do it has to say. A message is written down before it is
//! sent, and sent once: none of the SMS carriers, and no mail server, takes a key by which it would know the same
//! message again. What was certainly not taken (no connection, "too many at once") is tried again; what may have been
//! taken is told as *unknown* and left to a person, who can send it again with one click. A link that comes twice is a
//! nuisance and no charge, but a phone that rings all night is worse than one that did not ring.
//!
//! No text ever holds a card number (PCI DSS 4.2.2).

mod address;
pub mod alphabet;
mod answer;
mod brevo;
mod config;
mod generic;
mod http;
mod ovh;
mod post;
mod smtp;
pub mod text;
mod twilio;
mod vonage;
mod wording;
#[cfg(test)]
pub(crate) mod tests;

pub use address::{Address, AddressFault, Medium, Numbering};
pub use config::{KINDS, from_section, post};
pub use post::Post;

/// A message as it leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number here: sent along wherever a carrier has a place for it.
    pub id: String,
    /// To whom: `+33612345678`, or an e-mail address.
    pub to: String,
    /// What stands above an e-mail; an SMS has none.
    pub subject: String,
    /// What it says.
    pub text: String,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The carrier took it, and calls it this, if it said.
    Taken(Option<String>),
    /// The carrier does not take it; it would not take it a second time.
    Refused,
    /// It was certainly not taken, and might be in a while.
    NotNow,
    /// It may have been taken.
    Unknown,
}

/// What came of sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// What became of it.
    pub fate: Fate,
    /// The carrier's own code and words.
    pub detail: String,
    /// The fault lies in the configuration or the account: what the admin has to do.
    pub remedy: Option<String>,
}

/// What came of asking whether an account answers. Nothing is sent to anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It lets us in.
    Answers,
    /// This carrier cannot be asked without sending something.
    CannotBeAsked,
    /// It does not.
    Fault {
        /// What it says.
        what: String,
        /// What to do.
        remedy: String,
    },
}

/// One account with one carrier.
#[async_trait::async_trait]
pub trait Messenger: Send + Sync {
    /// The name it has in the configuration.
    fn name(&self) -> &str;

    /// What it carries.
    fn medium(&self) -> Medium;

    /// Whether the same message, sent again under its number, is certain to arrive once.
    fn deduplicates(&self) -> bool;

    /// Sends once.
    async fn send(&self, message: &Message) -> Sent;

    /// Asks whether the account answers.
    async fn probe(&self) -> Probe;
}
