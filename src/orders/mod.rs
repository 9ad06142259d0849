//! What is owed, and by whom: orders as they come from outside, read and checked, and whole files of them.
//!
//! An order stands in the store ([`crate::store::Order`]); what was paid of it follows from the payments that are for
//! it. Here is what comes before: a [`Draft`] is text from anywhere, and becomes an order only if every field of it is
//! what it has to be.

/// The company's own system, asked over HTTP.
pub mod crm;
mod draft;
mod payees;
mod table;
mod told;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::store::{Batch, OrderFilter, OrderState, Store, StoreError};

pub use draft::{Draft, MAX_DESCRIPTION_CHARS, MAX_REFERENCE_CHARS, Slip};
pub use payees::Payees;
pub use table::{COLUMNS, Line, Table, TableFault};
pub use told::{DebtorView, OrderView};

/// Orders that are to be written down together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drafts {
    /// The orders.
    pub orders: Vec<Draft>,
    /// Where they come from, for the trail.
    pub source: String,
    /// Only say which could not be.
    pub dry_run: bool,
}

/// Which orders are to be named; what is not set does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Whose.
    pub merchant: Option<String>,
    /// The company's own reference.
    pub reference: Option<String>,
    /// The customer's telephone number, however it is written.
    pub phone: Option<String>,
    /// `open`, `partly_paid`, `paid` or `cancelled`.
    pub state: Option<String>,
}

/// What became of many drafts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// How many were written down.
    pub added: u64,
    /// Places, from 0, of those whose reference is taken; they were left out.
    pub known: Vec<usize>,
}

/// Why orders were not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrdersFault {
    /// One of them is none.
    #[error(transparent)]
    Slip(#[from] Slip),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes orders down, or says which of them it could not.
///
/// # Errors
/// If one of them is no order, or the store fails: nothing is written then.
pub async fn take(store: &Store, drafts: &Drafts, actor: &str) -> Result<Taken, OrdersFault> {
    let orders = drafts.orders.iter().map(Draft::read).collect::<Result<Vec<_>, _>>()?;
    if drafts.dry_run {
        return Ok(Taken { added: 0, known: store.known_orders(&orders).await? });
    }
    let Batch { added, known } = store.add_orders(&orders, &drafts.source, actor).await?;
    Ok(Taken { added, known })
}

impl Asked {
    /// As the store is asked.
    ///
    /// # Errors
    /// If it asks for what cannot be.
    pub fn filter(&self) -> Result<OrderFilter, Slip> {
        let state = self.state.as_deref().map(|word| {
            let words = || OrderState::ALL.map(OrderState::word).join(", ");
            OrderState::of_word(word).ok_or_else(|| Slip::new("state", format!("write one of {}", words())))
        });
        Ok(OrderFilter {
            merchant: self.merchant.clone(),
            reference: self.reference.clone(),
            phone: self.phone.as_deref().map(draft::phone).transpose()?,
            state: state.transpose()?,
        })
    }
}
