//! Who is paid: several merchants, each with accounts, currency, brands and prompts of its own.

use std::sync::Arc;

use crate::call::Currency;
use crate::card::Brand;
use crate::config::{CodeDigits, is_queue, plain_number};
use crate::pbx::Offer;
use crate::prompts::{Language, SoundTree};
use crate::psp::Psp;

use super::speech::Speech;

/// One merchant.
pub struct Merchant {
    /// Its short name; payments are kept under it.
    pub id: String,
    /// The name customers know.
    pub name: String,
    /// For payments that name none.
    pub currency: Currency,
    /// For payments that name none.
    pub language: Language,
    /// Brands that are taken.
    pub accepted: Vec<Brand>,
    /// What stands on the statement.
    pub description: String,
    /// What digits after the feature code mean.
    pub code_digits: CodeDigits,
    /// Numbers that lead to it.
    pub dialled_numbers: Vec<String>,
    /// Queues that lead to it.
    pub queues: Vec<String>,
    /// The account payments are charged to.
    pub psp: Arc<dyn Psp>,
    /// The account that is asked when the first is not there at all.
    pub fallback: Option<Arc<dyn Psp>>,
    /// What is said, in its own recordings where it has some.
    pub sounds: Arc<SoundTree>,
    /// How people are spoken to.
    pub speech: Speech,
}

/// Somebody named a merchant that there is not. Nobody else is paid in its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no merchant `{named}`; there are: {}", .known.join(", "))]
pub struct UnknownMerchant {
    /// What was named.
    pub named: String,
    /// Everybody there is.
    pub known: Vec<String>,
}

/// Everybody who is paid.
pub struct Merchants {
    default: Arc<Merchant>,
    others: Vec<Arc<Merchant>>,
}

impl Merchants {
    /// `default` is paid where nothing else decides.
    #[must_use]
    pub fn new(default: Merchant, others: Vec<Merchant>) -> Self {
        Self { default: Arc::new(default), others: others.into_iter().map(Arc::new).collect() }
    }

    /// The one that is paid where nothing else decides.
    #[must_use]
    pub fn default_one(&self) -> &Arc<Merchant> {
        &self.default
    }

    /// Everybody.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Merchant>> {
        std::iter::once(&self.default).chain(&self.others)
    }

    /// The merchant of this id.
    ///
    /// # Errors
    /// If there is none.
    pub fn named(&self, id: &str) -> Result<&Arc<Merchant>, UnknownMerchant> {
        self.all().find(|merchant| merchant.id == id).ok_or_else(|| UnknownMerchant {
            named: id.to_owned(),
            known: self.all().map(|merchant| merchant.id.clone()).collect(),
        })
    }

    /// Who is paid on a call: whom the request or what was prepared names, whom the dialplan names, whose queue the
    /// customer waited in, whose number they dialled, or else the default.
    ///
    /// # Errors
    /// If somebody is named that there is not.
    pub fn of_call(&self, requested: Option<&str>, offer: &Offer) -> Result<&Arc<Merchant>, UnknownMerchant> {
        if let Some(id) = requested.or(offer.merchant.as_deref()) {
            return self.named(id);
        }
        let by_queue = |queue: &String| {
            self.all().find(|merchant| merchant.queues.iter().any(|named| is_queue(named, queue)))
        };
        let by_number = |number: &String| {
            let plain = plain_number(number);
            self.all().find(|merchant| merchant.dialled_numbers.iter().any(|own| plain_number(own) == plain))
        };
        let found = offer.queue.as_ref().and_then(by_queue);
        Ok(found.or_else(|| offer.dialled_number.as_ref().and_then(by_number)).unwrap_or(&self.default))
    }
}

#[cfg(test)]
pub(super) mod tests;
