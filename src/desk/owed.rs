//! The order a payment is for: the one that was named, or the one its reference happens to be.

use crate::call::Money;
use crate::pbx::Offer;
use crate::store::{ForOrder, Order, OrderFault, StoreError};

use super::Desk;
use super::merchant::Merchant;
use super::payment::{Prepared, keys_amount};
use super::start::StartError;

impl Desk {
    /// An order of a merchant, or of the default one.
    ///
    /// # Errors
    /// If there is no such merchant or order, or the store does not answer.
    pub async fn named_order(&self, merchant: Option<&str>, reference: &str) -> Result<Order, StartError> {
        let merchants = &self.rules.merchants;
        let merchant = merchant.map_or(Ok(merchants.default_one()), |id| merchants.named(id))?;
        Ok(self.order_of(merchant, reference).await?)
    }

    /// Whether a payment for this order may begin, as far as it can be told before its call is there: a link that stands in
    /// the way is ended when it does.
    ///
    /// # Errors
    /// If it is paid or cancelled, the amount does not fit, somebody is or may be paying it otherwise, or the store does not
    /// answer.
    pub async fn order_may_be_paid(&self, wanted: ForOrder, amount: Money) -> Result<(), StoreError> {
        match self.store.order_can_be_paid(wanted, amount).await {
            Err(StoreError::Order(OrderFault::Link { .. })) => Ok(()),
            other => other,
        }
    }

    /// The order a payment that begins is for.
    pub(super) async fn order_for(
        &self,
        offer: &Offer,
        merchant: &Merchant,
        prepared: Option<&Prepared>,
    ) -> Result<Option<Order>, StartError> {
        if let Some(reference) = prepared.and_then(|prepared| prepared.order.as_ref()) {
            return Ok(Some(self.order_of(merchant, reference).await?));
        }
        // Storing a card pays nothing.
        if prepared.and_then(|prepared| prepared.commanded.as_ref()).is_some_and(|one| one.store_card) {
            return Ok(None);
        }
        let own = prepared.and_then(|prepared| prepared.reference.as_ref());
        let of_call =
            offer.reference.as_ref().filter(|_| prepared.is_some() || !keys_amount(merchant, offer));
        let Some(reference) = own.or(of_call) else { return Ok(None) };
        Ok(self.store.order(&merchant.id, reference).await?)
    }

    async fn order_of(&self, merchant: &Merchant, reference: &str) -> Result<Order, StoreError> {
        let found = self.store.order(&merchant.id, reference).await?;
        found.ok_or_else(|| OrderFault::NoSuch(reference.to_owned()).into())
    }
}
