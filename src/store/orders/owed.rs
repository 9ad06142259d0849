//! An order is never paid twice: what has to hold, in one transaction, before anybody pays it.

use sqlx::sqlite::Sqlite;
use sqlx::{Row, Transaction, query};
use uuid::Uuid;

use crate::call::Money;

use super::super::{Store, StoreError};
use super::{Order, OrderFault, OrderState};

/// A payment that has not ended, of a life of the daemon that has, is no longer under way.
const UNDER_WAY: &str =
    "SELECT id FROM payments WHERE order_id = $1 AND ending IS NULL AND life = $2 AND id <> $3 LIMIT 1";

const UNKNOWN: &str = "SELECT idempotency_key AS id FROM attempts \
     JOIN payments ON payments.id = attempts.payment \
     WHERE payments.order_id = $1 AND attempts.state IN ('journalled', 'sent', 'unknown') LIMIT 1";

/// A link counts until the provider says that nobody can pay it, or that it never made it.
const LINK: &str = "SELECT operations.id AS id FROM operations \
     WHERE operations.order_id = $1 AND operations.kind = 'link' AND operations.state <> 'refused' \
       AND (operations.link_state IS NULL OR operations.link_state IN ('open', 'pending')) LIMIT 1";

const OF_PAYMENT: &str = "SELECT order_id FROM payments WHERE id = $1";

/// The order a payment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForOrder {
    /// The order's number.
    pub id: Uuid,
    /// Somebody takes it upon themselves that an earlier attempt may have been charged.
    pub even_if_unknown: bool,
}

impl Order {
    /// Whether this much of it can be paid, as far as the order itself tells.
    ///
    /// # Errors
    /// If it is paid or cancelled, or the amount does not fit.
    pub fn takes(&self, amount: Money) -> Result<(), OrderFault> {
        let reference = self.new.reference.clone();
        let owed = self.owed();
        match self.state() {
            OrderState::Paid => Err(OrderFault::Paid(reference)),
            OrderState::Cancelled => Err(OrderFault::Cancelled(reference)),
            _ if amount.currency != owed.currency => {
                Err(OrderFault::Currency { reference, currency: owed.currency })
            }
            _ if amount.minor > owed.minor => Err(OrderFault::TooMuch { reference, asked: amount, owed }),
            _ if amount.minor < owed.minor && !self.new.parts => Err(OrderFault::Whole { reference, owed }),
            _ if amount.minor < owed.minor && amount.minor < self.least().minor => {
                Err(OrderFault::TooLittle { reference, asked: amount, least: self.least() })
            }
            _ => Ok(()),
        }
    }
}

impl Order {
    /// The least part that may be paid now: the smallest there is, or what the order says, or all that is left.
    #[must_use]
    pub fn least(&self) -> Money {
        let owed = self.owed();
        let least = self.new.minimum.map_or(1, |least| least.minor);
        Money { minor: if self.new.parts { least.min(owed.minor) } else { owed.minor }, ..owed }
    }
}

impl Store {
    /// Whether this much of an order could be paid now. What is decided here is decided once more when the payment
    /// is written down.
    ///
    /// # Errors
    /// If it is paid or cancelled, the amount does not fit, somebody is or may be paying it, or it could not be read.
    pub async fn order_can_be_paid(&self, wanted: ForOrder, amount: Money) -> Result<(), StoreError> {
        let mut transaction = self.read().await?;
        self.pay_in(&mut transaction, wanted, amount, None).await
    }

    /// As [`Store::order_can_be_paid`], of what the transaction sees; `own` is the payment that asks, if it is under way.
    pub(in crate::store) async fn pay_in(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        wanted: ForOrder,
        amount: Money,
        own: Option<Uuid>,
    ) -> Result<(), StoreError> {
        let order = self.order_by_id(transaction, wanted.id).await?;
        let order = order.ok_or_else(|| OrderFault::NoSuch(wanted.id.to_string()))?;
        order.takes(amount)?;
        self.nobody_else_pays(transaction, &order, wanted.even_if_unknown, own).await
    }

    /// The order a payment is for: a link for that payment pays that order.
    pub(in crate::store) async fn order_of_payment(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        payment: Uuid,
    ) -> Result<Option<Uuid>, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let row = query(OF_PAYMENT).bind(payment.to_string()).fetch_optional(&mut **transaction).await;
        let id: Option<String> = match row.map_err(failed)? {
            Some(row) => row.try_get("order_id").map_err(failed)?,
            None => None,
        };
        let bad = |_| failed(sqlx::Error::Decode("payments.order_id holds what we never write".into()));
        id.as_deref().map(Uuid::parse_str).transpose().map_err(bad)
    }

    /// Nobody is paying it, and nobody may have paid it without anybody knowing.
    pub(super) async fn nothing_in_the_way(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        order: &Order,
        even_if_unknown: bool,
    ) -> Result<(), StoreError> {
        self.nobody_else_pays(transaction, order, even_if_unknown, None).await
    }

    async fn nobody_else_pays(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        order: &Order,
        even_if_unknown: bool,
        own: Option<Uuid>,
    ) -> Result<(), StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let (id, reference) = (order.id.to_string(), order.new.reference.clone());
        let under_way = query(UNDER_WAY).bind(&id).bind(self.life.to_string());
        let under_way = under_way.bind(own.map_or_else(String::new, |own| own.to_string()));
        if let Some(row) = under_way.fetch_optional(&mut **transaction).await.map_err(failed)? {
            let payment = row.try_get("id").map_err(failed)?;
            return Err(OrderFault::UnderWay { reference, payment }.into());
        }
        if even_if_unknown {
            return Ok(());
        }
        if let Some(row) =
            query(UNKNOWN).bind(&id).fetch_optional(&mut **transaction).await.map_err(failed)?
        {
            let attempt = row.try_get("id").map_err(failed)?;
            return Err(OrderFault::Unknown { reference, attempt }.into());
        }
        if let Some(row) = query(LINK).bind(&id).fetch_optional(&mut **transaction).await.map_err(failed)? {
            let link = row.try_get("id").map_err(failed)?;
            return Err(OrderFault::Link { reference, link }.into());
        }
        Ok(())
    }
}
