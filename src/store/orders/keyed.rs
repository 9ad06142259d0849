//! A payment that began before anybody knew what it is for: the order is known once the customer has keyed a reference.

use sqlx::query;
use uuid::Uuid;

use crate::call::Money;

use super::super::text::{detail, field};
use super::super::{Store, StoreError};
use super::{ForOrder, Order};

/// Only one that has no other order, has not ended and was never tried to charge.
const TIE: &str = "UPDATE payments SET order_id = $2, reference = $3, amount_minor = $4, currency = $5, \
     description = $6 WHERE id = $1 AND (order_id IS NULL OR order_id = $2) AND ending IS NULL \
     AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.payment = payments.id)";

impl Store {
    /// From now on, a payment that is under way is for this much of an order. Decided and written down at once,
    /// as when a payment begins for an order.
    ///
    /// # Errors
    /// If the order cannot be paid now, the payment is for another, or it could not be written.
    pub async fn tie_to_order(
        &self,
        payment: Uuid,
        order: &Order,
        amount: Money,
        description: &str,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let wanted = ForOrder { id: order.id, even_if_unknown: false };
        self.pay_in(&mut transaction, wanted, amount, Some(payment)).await?;
        let tied = query(TIE)
            .bind(payment.to_string())
            .bind(order.id.to_string())
            .bind(field(&order.new.reference))
            .bind(amount.minor)
            .bind(amount.currency.code().to_owned())
            .bind(detail(description))
            .execute(&mut *transaction)
            .await
            .map_err(|fault| self.failed(&fault))?;
        if tied.rows_affected() == 0 {
            return Err(StoreError::Ended(payment.to_string()));
        }
        self.commit(transaction).await
    }
}
