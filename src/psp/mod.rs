//! Payment service providers.
//!
//! One trait with no default bodies: what a provider cannot do it has to say. Every operation is named
//! by a key that derives from the attempt and was journalled before; a lost answer is
//! [`Outcome::Unknown`](crate::call::Outcome::Unknown) until a query, a same-key retry or a webhook tells.

mod capabilities;
mod charge;
mod codes;
mod compose;
mod config;
mod customer;
pub mod adyen;
pub mod checkout;
pub mod generic;
pub mod http;
pub mod hyperswitch;
pub mod lyra;
mod operation;
pub mod resolve;
pub mod stripe;
pub mod testbank;
pub mod webhook;
pub mod worldline;
#[cfg(test)]
pub(crate) mod tests;

pub use capabilities::{Capabilities, Environment, Mode};
pub use charge::{Answer, Charge};
pub use config::{KINDS, PspConfigError, dummy, from_section, from_section_with, uses};
pub use customer::{Address, Customer, History, is_email, is_shopper_reference, plausible_phone};
pub use operation::{
    Agreement, Change, Effect, Link, LinkState, NewLink, Operation, Reply, StoredCard, Storing,
};
pub use resolve::{Bounds, Elsewhere, Reroute, Step, reconcile, settle, settle_or_elsewhere};
pub use webhook::{Event, News, Verified, Webhook, WebhookFault};

use crate::card::Card;

/// One account with one provider.
///
/// An operation that the provider [lacks](Capabilities::lacking) is refused with the same reason when it is asked
/// for all the same: it never looks like a success.
#[async_trait::async_trait]
pub trait Psp: Send + Sync {
    /// The name it has in the configuration.
    fn name(&self) -> &str;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Whether it moves money.
    fn mode(&self) -> Mode;

    /// Asks the issuer for the money, as mail order / telephone order (MOTO), once.
    ///
    /// The card is borrowed: the caller keeps it for a same-key retry, bounded in seconds, then drops it.
    async fn authorise(&self, charge: &Charge, card: &Card) -> Answer;

    /// Charges a stored card without the customer (merchant initiated).
    async fn charge_token(&self, charge: &Charge, stored: &StoredCard, agreement: Agreement) -> Answer;

    /// Stores a card without charging it.
    async fn tokenise(&self, storing: &Storing, card: &Card) -> Reply<StoredCard>;

    /// Takes the money of an authorisation. Replies with the provider's reference of the change.
    async fn capture(&self, change: &Change) -> Reply<String>;

    /// Gives an authorisation up. Replies with the provider's reference of the change.
    async fn cancel(&self, change: &Change) -> Reply<String>;

    /// Gives money back. Replies with the provider's reference of the change.
    async fn refund(&self, change: &Change) -> Reply<String>;

    /// Makes a payment link.
    async fn create_link(&self, link: &NewLink) -> Reply<Link>;

    /// Looks at a payment link, by the provider's name of it.
    async fn link(&self, id: &str) -> Reply<Link>;

    /// Ends a payment link, by the provider's name of it.
    async fn expire_link(&self, id: &str) -> Reply<Link>;

    /// Asks what became of a key, without a card.
    /// [`Outcome::NotCharged`](crate::call::Outcome::NotCharged) only if the provider says that it never saw the
    /// key.
    async fn query(&self, charge: &Charge) -> Answer;

    /// Reads what the provider tells, if its signature is right.
    ///
    /// # Errors
    /// If it is not signed by the provider, too old, or cannot be read.
    fn verify_webhook(&self, webhook: &Webhook<'_>) -> Result<Verified, WebhookFault>;
}
