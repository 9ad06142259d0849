//! Payment service providers.
//!
//! One trait with no default bodies: what a provider cannot do it has to say. Every operation is named
//! by a key that derives from the attempt and was journalled before; a lost answer is
//! [`Outcome::Unknown`] until a query, a same-key retry or a webhook tells.

mod config;
pub mod generic;
pub mod resolve;
pub mod testbank;
#[cfg(test)]
mod tests;

pub use config::{PspConfigError, PspSettings, from_config, from_section};
pub use resolve::{Bounds, Step, reconcile, settle};

use std::collections::BTreeMap;

use crate::call::{AttemptId, Money, Outcome};
use crate::card::Card;

/// What to charge, apart from the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The attempt; journalled before.
    pub attempt: AttemptId,
    /// Derived from the attempt alone; sent as the provider's idempotency key or transaction id.
    pub key: String,
    /// How much.
    pub amount: Money,
    /// What for, in words the customer knows.
    pub description: String,
    /// The company's own reference of the order.
    pub reference: Option<String>,
    /// The customer's telephone number.
    pub caller_number: Option<String>,
    /// Free fields for the provider.
    pub parameters: BTreeMap<String, String>,
}

/// What came of one exchange with a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it means for the payment.
    pub outcome: Outcome,
    /// The provider's own code and words, for the journal and the admin; no card data.
    pub detail: String,
    /// The fault lies in the configuration: what the admin has to do.
    pub remedy: Option<String>,
    /// Whether sending the same key again is certain not to charge twice and may tell more.
    pub may_retry: bool,
}

/// What a provider can do; whatever is asked beyond is refused when the configuration is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The provider recognises a key it has seen and gives the first answer again.
    pub deduplicates: bool,
    /// [`Psp::query`] can tell what became of a key.
    pub query: bool,
}

/// One account with one provider.
#[async_trait::async_trait]
pub trait Psp: Send + Sync {
    /// The name it has in the configuration.
    fn name(&self) -> &str;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Asks the issuer for the money, as mail order / telephone order (MOTO), once.
    ///
    /// The card is borrowed: the caller keeps it for a same-key retry, bounded in seconds, then drops it.
    async fn authorise(&self, charge: &Charge, card: &Card) -> Answer;

    /// Asks what became of a key, without a card. [`Outcome::NotCharged`] only if the provider says that
    /// it never saw the key.
    async fn query(&self, charge: &Charge) -> Answer;
}
