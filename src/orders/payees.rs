//! Who can be owed something: the merchants of the configuration.

use std::collections::BTreeMap;

use super::{Draft, Slip};
use crate::call::Currency;

/// Everybody who can be owed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payees {
    usual: String,
    known: BTreeMap<String, Currency>,
}

impl Payees {
    /// `usual` is owed what names nobody; `known` are all, with their currencies.
    #[must_use]
    pub fn new(usual: &str, known: impl IntoIterator<Item = (String, Currency)>) -> Self {
        Self { usual: usual.to_owned(), known: known.into_iter().collect() }
    }

    /// Adds who is paid and in which currency, where a draft does not say.
    ///
    /// # Errors
    /// If it names somebody that there is not.
    pub fn complete(&self, draft: &mut Draft) -> Result<(), Slip> {
        if draft.merchant.is_empty() {
            draft.merchant.clone_from(&self.usual);
        }
        let Some(currency) = self.known.get(&draft.merchant) else {
            let all: Vec<&str> = self.known.keys().map(String::as_str).collect();
            return Err(Slip::new(
                "merchant",
                format!("there is none of this name; there are: {}", all.join(", ")),
            ));
        };
        if draft.currency.is_empty() {
            currency.code().clone_into(&mut draft.currency);
        }
        Ok(())
    }
}
