//! What is asked of a provider beside charging a card.

use jiff::Timestamp;

use super::{Answer, Customer};
use crate::call::{DeclineReason, Money, Outcome};

/// What a provider may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Charge a card.
    Authorise,
    /// Take the money of an authorisation that was made without.
    Capture,
    /// Give an authorisation up before its money is taken.
    Cancel,
    /// Give money back.
    Refund,
    /// Store a card for later, without charging it.
    Tokenise,
    /// Charge a stored card.
    ChargeToken,
    /// Make, look at and end payment links.
    Link,
    /// Ask what became of a charge.
    Query,
    /// Hear from the provider.
    Webhook,
}

/// A card that is to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storing {
    /// Sent as the idempotency key.
    pub key: String,
    /// The company's own name of the customer the card belongs to.
    pub shopper_reference: String,
    /// The currency it will be charged in.
    pub currency: crate::call::Currency,
    /// What it will be charged for, if the company said.
    pub agreement: Agreement,
    /// What is known of the customer.
    pub customer: Customer,
}

/// What the customer agreed to (the schemes' stored credential framework).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Agreement {
    /// The same amount at regular times.
    Subscription,
    /// Amounts and times that vary.
    #[default]
    Unscheduled,
}

/// A card that a provider keeps. No card data: worthless to anybody but this account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCard {
    /// The provider's name of it.
    pub token: String,
    /// The customer it is tied to: the company's own reference, or the provider's where it keeps its own.
    pub shopper: String,
}

/// A change to a charge that was approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Sent as the idempotency key.
    pub key: String,
    /// The provider's reference of the charge.
    pub reference: String,
    /// How much of it; a cancellation is always of all.
    pub amount: Money,
}

/// A payment link to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLink {
    /// Sent as the idempotency key, and what a later webhook names.
    pub key: String,
    /// How much.
    pub amount: Money,
    /// What for.
    pub description: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Language tag of the page, `fr` or `fr-FR`.
    pub language: String,
    /// What is known of the customer.
    pub customer: Customer,
}

/// A payment link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The provider's name of it.
    pub id: String,
    /// What the customer opens.
    pub url: Option<String>,
    /// How it stands.
    pub state: LinkState,
}

/// How a payment link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Nobody paid yet.
    Open,
    /// The customer paid, and the money is still under way.
    Pending,
    /// Paid.
    Paid,
    /// Nobody can pay any more.
    Ended,
}

impl LinkState {
    const ALL: [LinkState; 4] = [LinkState::Open, LinkState::Pending, LinkState::Paid, LinkState::Ended];

    /// As it stands in the database, in the API and on the console.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            LinkState::Open => "open",
            LinkState::Pending => "pending",
            LinkState::Paid => "paid",
            LinkState::Ended => "ended",
        }
    }

    /// The state of this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<LinkState> {
        LinkState::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What an operation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect<T> {
    /// Done.
    Done(T),
    /// The provider took it; whether it succeeds comes by webhook.
    Taken(T),
    /// Issuer or provider said no.
    Refused(DeclineReason),
    /// It was not done, for a reason that is nobody's but ours: fault or configuration.
    NotDone,
    /// It may have been done.
    Unknown,
}

/// What came of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply<T> {
    /// What it came to.
    pub effect: Effect<T>,
    /// The provider's own code and words; no card data.
    pub detail: String,
    /// The fault lies in the configuration: what the admin has to do.
    pub remedy: Option<String>,
    /// Whether asking again with the same key is certain not to do it twice.
    pub may_retry: bool,
}

impl<T> Reply<T> {
    /// Done.
    #[must_use]
    pub fn done(what: T, detail: impl Into<String>) -> Reply<T> {
        Reply { effect: Effect::Done(what), detail: detail.into(), remedy: None, may_retry: false }
    }

    /// Taken: the result comes by webhook.
    #[must_use]
    pub fn taken(what: T, detail: impl Into<String>) -> Reply<T> {
        Reply { effect: Effect::Taken(what), detail: detail.into(), remedy: None, may_retry: false }
    }

    /// It may have been done.
    #[must_use]
    pub fn unknown(detail: impl Into<String>) -> Reply<T> {
        Reply { effect: Effect::Unknown, detail: detail.into(), remedy: None, may_retry: false }
    }

    /// This provider cannot do it, for this reason.
    #[must_use]
    pub fn cannot(reason: &str) -> Reply<T> {
        Reply { effect: Effect::NotDone, detail: reason.into(), remedy: None, may_retry: false }
    }

    /// What the same answer would mean for a charge, said of an operation; an approval becomes `made` of the
    /// provider's reference.
    #[must_use]
    pub fn from_answer(answer: Answer, made: impl FnOnce(String) -> Effect<T>) -> Reply<T> {
        let effect = match answer.outcome {
            Outcome::Approved { reference } => made(reference),
            Outcome::Declined(reason) => Effect::Refused(reason),
            Outcome::NotCharged => Effect::NotDone,
            Outcome::Unknown => Effect::Unknown,
        };
        Reply { effect, detail: answer.detail, remedy: answer.remedy, may_retry: answer.may_retry }
    }
}
