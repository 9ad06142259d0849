//! Orders as the company's own system has them: written down when they are heard of, brought up to date when they
//! change.

use sqlx::query;

use crate::observe::redact;

use super::super::text::{detail, field};
use super::super::{Store, StoreError, trail};
use super::{NewOrder, Order, OrderState, batch, subject};

const UPDATE: &str = "UPDATE orders SET amount_minor = $2, currency = $3, description = $4, customer_name = $5, \
     phone = $6, email = $7, language = $8, due = $9, parts = $10, minimum_minor = $11 WHERE id = $1";

/// As its row holds it.
fn as_kept(new: &NewOrder) -> NewOrder {
    let short = |text: &Option<String>| text.as_deref().map(|text| field(text).to_owned());
    let mut kept = new.clone();
    kept.description = detail(&new.description);
    kept.customer.name = new.customer.name.as_deref().map(detail);
    kept.customer.phone = short(&new.customer.phone);
    kept.customer.email = short(&new.customer.email);
    kept.customer.language = short(&new.customer.language);
    kept
}

impl Store {
    /// An order that the company's system tells of, as it stands then. What was paid of it here counts, whatever that
    /// system says. Of one that is being paid, may have been paid, or is cancelled here, nothing changes.
    ///
    /// # Errors
    /// If it could not be read or written.
    pub async fn hear_order(&self, told: &NewOrder, source: &str) -> Result<Order, StoreError> {
        let told = as_kept(told);
        if let Some(known) = self.order(&told.merchant, &told.reference).await?
            && known.new == told
        {
            return Ok(known);
        }
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.write().await?;
        let known = self.order_in(&mut transaction, &told.merchant, &told.reference).await?;
        let subject = subject(&told.merchant, &told.reference);
        let (act, words) = match known {
            None => {
                batch::insert(&[&told]).build().execute(&mut *transaction).await.map_err(failed)?;
                ("order_added", told.amount.to_string())
            }
            Some(known) => {
                if !self.may_change(&mut transaction, &known, &told).await? {
                    return Ok(known);
                }
                self.change(&mut transaction, &known, &told).await?;
                ("order_changed", format!("{}, before: {}", told.amount, known.new.amount))
            }
        };
        let words = redact(&words);
        trail::append(&mut transaction, source, act, &subject, &words).await.map_err(failed)?;
        let order = self.existing_order(&mut transaction, &told.merchant, &told.reference).await?;
        self.commit(transaction).await?;
        Ok(order)
    }

    async fn may_change(
        &self,
        transaction: &mut super::super::Work,
        known: &Order,
        told: &NewOrder,
    ) -> Result<bool, StoreError> {
        let other_money = known.new.amount.currency != told.amount.currency && known.paid.minor > 0;
        if known.new == *told || known.state() == OrderState::Cancelled || other_money {
            return Ok(false);
        }
        match self.nothing_in_the_way(transaction, known, false).await {
            Ok(()) => Ok(true),
            Err(StoreError::Order(_)) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    async fn change(
        &self,
        transaction: &mut super::super::Work,
        known: &Order,
        told: &NewOrder,
    ) -> Result<(), StoreError> {
        query(UPDATE)
            .bind(known.id.to_string())
            .bind(told.amount.minor)
            .bind(told.amount.currency.code().to_owned())
            .bind(told.description.clone())
            .bind(told.customer.name.clone())
            .bind(told.customer.phone.clone())
            .bind(told.customer.email.clone())
            .bind(told.customer.language.clone())
            .bind(told.due.map(|due| due.to_string()))
            .bind(i64::from(told.parts))
            .bind(told.minimum.map(|least| least.minor))
            .execute(&mut **transaction)
            .await
            .map(|_| ())
            .map_err(|fault| self.failed(&fault))
    }
}
