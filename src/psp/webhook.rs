//! What providers tell on their own.
//!
//! Nothing is believed before its signature is verified, and nothing that is believed changes more than the one
//! charge it names: news carry our key and the provider's reference, and the store weighs them against what it
//! knows. Late, doubled and out-of-order news are then harmless.

use crate::call::{Money, Outcome};

/// Largest webhook body that is looked at, in bytes.
pub const WEBHOOK_MAX_BYTES: usize = 256 * 1024;

/// A request that says it comes from the provider.
pub struct Webhook<'a> {
    /// Its headers, names in small letters.
    pub headers: &'a [(String, String)],
    /// Its body, to the letter.
    pub body: &'a [u8],
    /// The time now, in seconds since 1970 (UTC).
    pub now_s: i64,
}

impl Webhook<'_> {
    /// A header by its name in small letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A webhook that did come from the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What it tells; empty if it is about nothing we look after.
    pub news: Vec<News>,
    /// What to answer, with HTTP 200, once the news are written down.
    pub reply: &'static str,
}

/// One thing a provider tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Our key of the charge, change or link, if it is named.
    pub key: Option<String>,
    /// The provider's reference of the charge.
    pub reference: Option<String>,
    /// The provider's reference of the refund, capture, cancellation or dispute, where that is what it is about.
    pub change: Option<String>,
    /// How much it is about.
    pub amount: Option<Money>,
    /// What happened.
    pub event: Event,
    /// The provider's own words; no card data.
    pub detail: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A charge came to this.
    Charge(Outcome),
    /// The money of a charge was taken (`true`), or could not be.
    Captured(bool),
    /// A charge was given up, or could not be.
    Cancelled(bool),
    /// Money was given back, or could not be.
    Refunded(bool),
    /// A payment link was paid (`true`) or ended.
    Link(bool),
    /// The customer's bank took the money back.
    Chargeback,
}

/// Why a webhook is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookFault {
    /// No secret is configured.
    #[error("webhooks of this provider cannot be verified: {0}")]
    Unverifiable(&'static str),
    /// The signature is missing or wrong.
    #[error(
        "the webhook's signature does not fit; if the provider did send it, the configured webhook secret is not \
         the one it signs with"
    )]
    Signature,
    /// It is older than it may be.
    #[error("the webhook is {0} s old; check this machine's clock")]
    Stale(i64),
    /// It is not what the provider sends.
    #[error("the webhook cannot be read: {0}")]
    Malformed(&'static str),
}
