//! Payments: begin, card seen, end, look up.

use std::fmt;
use std::str::FromStr;

use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{QueryBuilder, Row, Transaction, query};
use uuid::Uuid;

use crate::call::Ending;
use crate::card::{Brand, MaskedPan};

use super::{ForOrder, NewPayment, Payment, Store, StoreError, attempts, now_ms, outbox, text};

/// Payments a page can hold.
pub const MAX_PAGE_LENGTH: u32 = 100;

const BEGIN: &str = "INSERT INTO payments (id, created_at_ms, merchant, agent, means, caller_number, \
     dialled_number, reference, amount_minor, currency, description, customer_leg, agent_leg, order_id, life) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

const CARD: &str = "UPDATE payments SET brand = $2, masked_pan = $3 WHERE id = $1";

/// The first end stays.
const END: &str = "UPDATE payments SET ending = $2, ended_at_ms = $3 WHERE id = $1 AND ending IS NULL";

const ONE: &str = "SELECT * FROM payments WHERE id = $1";

/// Which payments; what is not set does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymentFilter {
    /// The company's own reference.
    pub reference: Option<String>,
    /// The agent's extension or user name.
    pub agent: Option<String>,
    /// The customer's telephone number.
    pub caller_number: Option<String>,
    /// How it ended.
    pub ending: Option<Ending>,
    /// Only those that have not ended: their call is under way, or the daemon died with it.
    pub open: bool,
    /// Begun at this instant or later.
    pub from_ms: Option<i64>,
    /// Begun before this instant.
    pub until_ms: Option<i64>,
}

/// Where the next page begins. Opaque to callers: hand it back as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(super) created_at_ms: i64,
    pub(super) id: Uuid,
}

impl Cursor {
    /// What comes after it, the youngest first.
    pub(super) fn push_to(self, page: &mut QueryBuilder<Sqlite>) {
        page.push(" AND (created_at_ms < ").push_bind(self.created_at_ms);
        page.push(" OR (created_at_ms = ").push_bind(self.created_at_ms);
        page.push(" AND id < ").push_bind(self.id.to_string()).push("))");
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.created_at_ms, self.id.simple())
    }
}

impl FromStr for Cursor {
    type Err = StoreError;

    fn from_str(cursor: &str) -> Result<Self, StoreError> {
        let bad = || StoreError::Cursor(text::cut(cursor, 60).to_owned());
        let (at, id) = cursor.split_once('.').ok_or_else(bad)?;
        Ok(Self {
            created_at_ms: at.parse().map_err(|_| bad())?,
            id: Uuid::try_parse(id).map_err(|_| bad())?,
        })
    }
}

/// Some payments, the youngest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentPage {
    /// The payments.
    pub payments: Vec<Payment>,
    /// Where the next page begins; none if this is the last.
    pub next: Option<Cursor>,
}

/// Names only what matters, so that the database can choose an index.
fn page(filter: &PaymentFilter, after: Option<Cursor>, limit: usize) -> QueryBuilder<Sqlite> {
    let mut page = QueryBuilder::new("SELECT * FROM payments WHERE created_at_ms < ");
    page.push_bind(filter.until_ms.unwrap_or(i64::MAX));
    if let Some(from_ms) = filter.from_ms {
        page.push(" AND created_at_ms >= ").push_bind(from_ms);
    }
    let texts = [
        ("reference", &filter.reference),
        ("agent", &filter.agent),
        ("caller_number", &filter.caller_number),
    ];
    for (column, wanted) in texts {
        if let Some(wanted) = wanted {
            page.push(" AND ").push(column).push(" = ").push_bind(wanted.clone());
        }
    }
    if let Some(ending) = filter.ending {
        page.push(" AND ending = ").push_bind(text::word(ending));
    }
    if filter.open {
        page.push(" AND ending IS NULL");
    }
    if let Some(after) = after {
        after.push_to(&mut page);
    }
    // One more, to know whether there are more.
    page.push(" ORDER BY created_at_ms DESC, id DESC LIMIT ").push_bind(limit as i64 + 1);
    page
}

impl Store {
    /// Writes a payment down that begins now.
    ///
    /// # Errors
    /// If its number was used before, or it could not be written.
    pub async fn begin_payment(&self, new: &NewPayment) -> Result<(), StoreError> {
        self.begin_payment_for(new, None).await
    }

    /// Writes a payment down that begins now, for an order if there is one. Of many that begin at once for the same
    /// order, one begins.
    ///
    /// # Errors
    /// If its number was used before, the order cannot be paid now ([`super::OrderFault`]), or it could not be
    /// written.
    pub async fn begin_payment_for(
        &self,
        new: &NewPayment,
        order: Option<ForOrder>,
    ) -> Result<(), StoreError> {
        let optional = |text: &Option<String>| text.as_deref().map(|t| text::field(t).to_owned());
        let mut transaction = self.write().await?;
        if let Some(order) = order {
            self.pay_in(&mut transaction, order, new.amount, None).await?;
        }
        let added = query(BEGIN)
            .bind(new.id.to_string())
            .bind(now_ms())
            .bind(text::field(&new.merchant))
            .bind(optional(&new.agent))
            .bind(text::means_word(new.means))
            .bind(optional(&new.caller_number))
            .bind(optional(&new.dialled_number))
            .bind(optional(&new.reference))
            .bind(new.amount.minor)
            .bind(new.amount.currency.code().to_owned())
            .bind(text::detail(&new.description))
            .bind(text::field(&new.customer_leg))
            .bind(optional(&new.agent_leg))
            .bind(order.map(|order| order.id.to_string()))
            .bind(self.life.to_string())
            .execute(&mut *transaction)
            .await;
        match added {
            Ok(_) => {
                self.announce(&mut transaction, &new.id.to_string(), outbox::STARTED).await?;
                self.commit(transaction).await?;
                self.ring();
                Ok(())
            }
            Err(sqlx::Error::Database(fault)) if fault.is_unique_violation() => {
                Err(StoreError::PaymentExists(new.id.to_string()))
            }
            Err(fault) => Err(self.failed(&fault)),
        }
    }

    /// Notes the card that was taken: brand and last four digits.
    ///
    /// # Errors
    /// If there is no such payment, or it could not be written.
    pub async fn card_seen(
        &self,
        payment: Uuid,
        brand: Option<Brand>,
        masked: &MaskedPan,
    ) -> Result<(), StoreError> {
        self.note_card(payment, brand.map(text::word), &text::word(masked)).await
    }

    pub(super) async fn note_card(
        &self,
        payment: Uuid,
        brand: Option<String>,
        masked: &str,
    ) -> Result<(), StoreError> {
        let hidden = masked.len().saturating_sub(4);
        if masked.len() > 19 || masked.bytes().take(hidden).any(|b| b.is_ascii_digit()) {
            return Err(StoreError::NotMasked);
        }
        let mut transaction = self.write().await?;
        let done =
            query(CARD).bind(payment.to_string()).bind(brand).bind(masked).execute(&mut *transaction).await;
        if done.map_err(|e| self.failed(&e))?.rows_affected() == 0 {
            return Err(StoreError::NoSuchPayment(payment.to_string()));
        }
        self.commit(transaction).await
    }

    /// Ends a payment; true if it had not ended before. The first end stays.
    ///
    /// # Errors
    /// If there is no such payment, or it could not be written.
    pub async fn end_payment(&self, payment: Uuid, ending: Ending) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let id = payment.to_string();
        let done =
            query(END).bind(&id).bind(text::word(ending)).bind(now_ms()).execute(&mut *transaction).await;
        let first = done.map_err(|e| self.failed(&e))?.rows_affected() == 1;
        if !first && self.row(&mut transaction, &id).await?.is_none() {
            return Err(StoreError::NoSuchPayment(id));
        }
        if first {
            self.announce(&mut transaction, &id, outbox::ENDED).await?;
        }
        self.commit(transaction).await?;
        self.ring();
        Ok(first)
    }

    /// Looks a payment up.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn payment(&self, payment: Uuid) -> Result<Option<Payment>, StoreError> {
        let mut transaction = self.read().await?;
        self.payment_in(&mut transaction, &payment.to_string()).await
    }

    pub(super) async fn payment_in(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        id: &str,
    ) -> Result<Option<Payment>, StoreError> {
        match self.row(transaction, id).await? {
            None => Ok(None),
            Some(row) => Ok(Some(self.whole(transaction, &row).await?)),
        }
    }

    /// Looks payments up, the youngest first, at most [`MAX_PAGE_LENGTH`] at a time.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn payments(
        &self,
        filter: &PaymentFilter,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<PaymentPage, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE_LENGTH) as usize;
        let mut transaction = self.read().await?;
        let rows = page(filter, after, limit)
            .build()
            .fetch_all(&mut *transaction)
            .await
            .map_err(|e| self.failed(&e))?;
        let mut payments = Vec::with_capacity(limit);
        for row in rows.iter().take(limit) {
            payments.push(self.whole(&mut transaction, row).await?);
        }
        let last = payments.last().filter(|_| rows.len() > limit);
        let next = last.map(|last| Cursor { created_at_ms: last.created_at_ms, id: last.begun.id });
        Ok(PaymentPage { payments, next })
    }

    async fn row(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        id: &str,
    ) -> Result<Option<SqliteRow>, StoreError> {
        query(ONE).bind(id).fetch_optional(&mut **transaction).await.map_err(|e| self.failed(&e))
    }

    async fn whole(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        row: &SqliteRow,
    ) -> Result<Payment, StoreError> {
        let failed = |e| self.failed(&e);
        let id: &str = row.try_get("id").map_err(failed)?;
        let attempts = attempts::of_payment(transaction, id).await.map_err(failed)?;
        Payment::from_row(row, attempts).map_err(failed)
    }
}
