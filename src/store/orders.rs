//! Orders: what is owed, and by whom. How much of it is paid follows from the payments that are for it.

mod batch;
mod fault;
mod heard;
mod keyed;
mod list;
mod owed;

#[cfg(test)]
mod tests;

use jiff::civil::Date;
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{QueryBuilder, Row, Transaction, query};
use uuid::Uuid;

use crate::call::Money;

use super::text::field;
use super::{Store, StoreError, now_ms, trail};

pub use batch::{Batch, MAX_BATCH_ORDERS};
pub use fault::OrderFault;
pub use list::{OrderFilter, OrderPage};
pub use owed::ForOrder;

/// An order, and what came in for it by card and by link.
pub(super) const WITH_PAID: &str = "SELECT orders.*, CAST( \
     (SELECT COALESCE(SUM(payments.amount_minor), 0) FROM payments WHERE payments.order_id = orders.id \
        AND EXISTS (SELECT 1 FROM attempts WHERE attempts.payment = payments.id AND attempts.state = 'approved')) \
     + (SELECT COALESCE(SUM(operations.amount_minor), 0) FROM operations \
        WHERE operations.order_id = orders.id AND operations.kind = 'link' AND operations.link_state = 'paid') AS BIGINT) AS paid_minor FROM orders";

const CANCEL: &str = "UPDATE orders SET cancelled_at_ms = $2 WHERE id = $1";

/// What somebody owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Who is paid, by the id of the configuration.
    pub merchant: String,
    /// The company's own reference, one for each order of this merchant.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// What for.
    pub description: String,
    /// Who owes it.
    pub customer: Debtor,
    /// When it is due.
    pub due: Option<Date>,
    /// Whether a part of it may be paid.
    pub parts: bool,
    /// The least part that may be paid; the rest may always be.
    pub minimum: Option<Money>,
}

/// Who owes it, as far as known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Debtor {
    /// The whole name.
    pub name: Option<String>,
    /// Telephone number, without what people write between its digits.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// The language they are spoken to in, ISO 639-1.
    pub language: Option<String>,
}

/// An order as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its number here.
    pub id: Uuid,
    /// What is owed.
    pub new: NewOrder,
    /// When it was written down, in milliseconds since 1970 (UTC).
    pub created_at_ms: i64,
    /// When it was cancelled.
    pub cancelled_at_ms: Option<i64>,
    /// How much came in for it. What was given back later still counts: the order is not owed again.
    pub paid: Money,
}

/// How an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// Nothing is paid.
    Open,
    /// A part is paid.
    PartlyPaid,
    /// All of it is paid.
    Paid,
    /// Nobody pays it any more.
    Cancelled,
}

impl OrderState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::PartlyPaid, Self::Paid, Self::Cancelled];

    /// As it stands in the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::PartlyPaid => "partly_paid",
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl Order {
    /// How it stands.
    #[must_use]
    pub fn state(&self) -> OrderState {
        match self.paid.minor {
            paid if paid >= self.new.amount.minor => OrderState::Paid,
            _ if self.cancelled_at_ms.is_some() => OrderState::Cancelled,
            ..=0 => OrderState::Open,
            _ => OrderState::PartlyPaid,
        }
    }

    /// What is left to pay.
    #[must_use]
    pub fn owed(&self) -> Money {
        let minor = self.new.amount.minor.saturating_sub(self.paid.minor).max(0);
        Money { minor, ..self.new.amount }
    }

    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let bad = |what: &str| sqlx::Error::Decode(format!("orders.{what} holds what we never write").into());
        let currency = row.try_get::<&str, _>("currency")?.parse().map_err(|_| bad("currency"))?;
        let due: Option<&str> = row.try_get("due")?;
        Ok(Self {
            id: Uuid::parse_str(row.try_get("id")?).map_err(|_| bad("id"))?,
            new: NewOrder {
                merchant: row.try_get("merchant")?,
                reference: row.try_get("reference")?,
                amount: Money { minor: row.try_get("amount_minor")?, currency },
                description: row.try_get("description")?,
                customer: Debtor {
                    name: row.try_get("customer_name")?,
                    phone: row.try_get("phone")?,
                    email: row.try_get("email")?,
                    language: row.try_get("language")?,
                },
                due: due.map(str::parse).transpose().map_err(|_| bad("due"))?,
                parts: row.try_get::<i64, _>("parts")? != 0,
                minimum: row
                    .try_get::<Option<i64>, _>("minimum_minor")?
                    .map(|minor| Money { minor, currency }),
            },
            created_at_ms: row.try_get("created_at_ms")?,
            cancelled_at_ms: row.try_get("cancelled_at_ms")?,
            paid: Money { minor: row.try_get("paid_minor")?, currency },
        })
    }
}

/// What the trail names.
fn subject(merchant: &str, reference: &str) -> String {
    format!("order {merchant}/{reference}")
}

impl Store {
    /// Writes an order down.
    ///
    /// # Errors
    /// If the merchant has one of this reference, or it could not be written.
    pub async fn add_order(&self, new: &NewOrder, actor: &str) -> Result<Order, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.write().await?;
        if self.order_in(&mut transaction, &new.merchant, &new.reference).await?.is_some() {
            return Err(OrderFault::Exists(new.reference.clone()).into());
        }
        batch::insert(&[new]).build().execute(&mut *transaction).await.map_err(failed)?;
        let subject = subject(&new.merchant, &new.reference);
        trail::append(&mut transaction, actor, "order_added", &subject, &new.amount.to_string())
            .await
            .map_err(failed)?;
        let order = self.existing_order(&mut transaction, &new.merchant, &new.reference).await?;
        self.commit(transaction).await?;
        Ok(order)
    }

    /// Looks an order of a merchant up.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn order(&self, merchant: &str, reference: &str) -> Result<Option<Order>, StoreError> {
        let mut transaction = self.read().await?;
        self.order_in(&mut transaction, merchant, reference).await
    }

    /// Cancels an order: nobody pays it any more. One that is cancelled already stays as it is.
    ///
    /// # Errors
    /// If there is none, it is paid, somebody is or may be paying it, or it could not be written.
    pub async fn cancel_order(
        &self,
        merchant: &str,
        reference: &str,
        actor: &str,
    ) -> Result<Order, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.write().await?;
        let order = self.existing_order(&mut transaction, merchant, reference).await?;
        match order.state() {
            OrderState::Cancelled => return Ok(order),
            OrderState::Paid => return Err(OrderFault::Paid(reference.to_owned()).into()),
            OrderState::Open | OrderState::PartlyPaid => {}
        }
        self.nothing_in_the_way(&mut transaction, &order, false).await?;
        query(CANCEL)
            .bind(order.id.to_string())
            .bind(now_ms())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let (subject, words) = (subject(merchant, reference), format!("{} was owed", order.owed()));
        trail::append(&mut transaction, actor, "order_cancelled", &subject, &words).await.map_err(failed)?;
        let order = self.existing_order(&mut transaction, merchant, reference).await?;
        self.commit(transaction).await?;
        Ok(order)
    }

    /// Looks an order up by its number here.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn order_numbered(&self, id: Uuid) -> Result<Option<Order>, StoreError> {
        let mut transaction = self.read().await?;
        self.order_by_id(&mut transaction, id).await
    }

    async fn order_by_id(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        id: Uuid,
    ) -> Result<Option<Order>, StoreError> {
        let mut one = QueryBuilder::new(WITH_PAID);
        one.push(" WHERE orders.id = ").push_bind(id.to_string());
        self.order_of(transaction, one).await
    }

    async fn order_in(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        merchant: &str,
        reference: &str,
    ) -> Result<Option<Order>, StoreError> {
        let mut one = QueryBuilder::new(WITH_PAID);
        one.push(" WHERE merchant = ").push_bind(field(merchant));
        one.push(" AND reference = ").push_bind(field(reference));
        self.order_of(transaction, one).await
    }

    /// The one order that a question is about.
    async fn order_of(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        mut one: QueryBuilder<Sqlite>,
    ) -> Result<Option<Order>, StoreError> {
        let row = one.build().fetch_optional(&mut **transaction).await.map_err(|e| self.failed(&e))?;
        row.map(|row| Order::from_row(&row)).transpose().map_err(|e| self.failed(&e))
    }

    async fn existing_order(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        merchant: &str,
        reference: &str,
    ) -> Result<Order, StoreError> {
        let found = self.order_in(transaction, merchant, reference).await?;
        found.ok_or_else(|| OrderFault::NoSuch(reference.to_owned()).into())
    }
}
