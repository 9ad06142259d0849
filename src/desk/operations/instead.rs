//! A payment link in place of a card that was not charged.

use jiff::Timestamp;

use crate::psp::{Customer, Operation};
use crate::store::{OperationId, Payment};

use super::super::{Desk, UnknownMerchant};
use super::LinkRequest;

/// How long a link lives that nobody gave an end: a day.
pub const LINK_KEPT_MS: i64 = 24 * 3_600_000;

impl Desk {
    /// Whether links can be made for this merchant's payments.
    #[must_use]
    pub fn makes_links(&self, merchant: &str) -> bool {
        let merchant = self.rules.merchants.named(merchant);
        merchant.is_ok_and(|merchant| merchant.psp.capabilities().can(Operation::Link))
    }

    /// The link that asks for the same as a payment whose card was not charged, for a day.
    ///
    /// # Errors
    /// If its merchant is configured no more.
    pub fn link_instead_of(&self, payment: &Payment, actor: String) -> Result<LinkRequest, UnknownMerchant> {
        let begun = &payment.begun;
        let merchant = self.rules.merchants.named(&begun.merchant)?;
        let description = match begun.description.is_empty() {
            true => merchant.description.clone(),
            false => begun.description.clone(),
        };
        Ok(LinkRequest {
            id: OperationId::fresh(),
            payment: Some(begun.id),
            order: None,
            merchant: merchant.id.clone(),
            psp: merchant.psp.name().to_owned(),
            amount: begun.amount,
            description,
            reference: begun.reference.clone(),
            expires_at: Timestamp::now() + jiff::SignedDuration::from_millis(LINK_KEPT_MS),
            language: merchant.language.code().to_owned(),
            customer: Customer::default(),
            actor,
        })
    }
}
