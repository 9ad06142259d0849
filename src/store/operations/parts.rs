//! What transactions about operations are made of.

use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Transaction, query};
use uuid::Uuid;

use crate::call::Money;
use crate::observe::alarm;

use super::super::attempt::MAX_REFERENCE_BYTES;
use super::super::changes::{ChangeFault, Charged, charged};
use super::super::operation::from_row;
use super::super::text::{cut, detail, field};
use super::super::{
    OperationId, OperationKind, OperationRecord, OperationState, Store, StoreError, now_ms, trail,
};
use super::Written;

/// Operations of one payment that are looked at; a payment has a handful.
const MAX_OF_PAYMENT: i64 = 1_000;
const ADD: &str = "INSERT INTO operations (id, payment, kind, idempotency_key, psp, charge_reference, \
     amount_minor, currency, state, psp_reference, detail, actor, may_resend, expires_at_ms, order_id, merchant, \
     reference, language, journalled_at_ms, changed_at_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14, $15, $16, $17, $18, $18)";

const ONE: &str = "SELECT * FROM operations WHERE id = $1";

const OF_PAYMENT: &str = "SELECT * FROM operations WHERE payment = $1 ORDER BY journalled_at_ms, id LIMIT $2";

/// A row to be.
pub(in crate::store) struct Row<'a> {
    pub(in crate::store) id: OperationId,
    pub(in crate::store) payment: Option<Uuid>,
    pub(in crate::store) kind: OperationKind,
    pub(in crate::store) psp: &'a str,
    pub(in crate::store) charge_reference: Option<&'a str>,
    pub(in crate::store) amount: Money,
    pub(in crate::store) state: OperationState,
    pub(in crate::store) psp_reference: Option<&'a str>,
    pub(in crate::store) words: &'a str,
    pub(in crate::store) actor: &'a str,
    pub(in crate::store) link: Option<&'a ForLink>,
}

/// What is known of a link alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForLink {
    /// When it ends, in milliseconds since 1970 (UTC).
    pub expires_at_ms: i64,
    /// The order it pays; that of its payment, if it has one.
    pub order: Option<Uuid>,
    /// Who is paid, by the id of the configuration.
    pub merchant: String,
    /// The company's own reference.
    pub reference: Option<String>,
    /// Language tag of the page.
    pub language: String,
}

/// What the transactions above are made of.
impl Store {
    pub(in crate::store) async fn charge_of(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        payment: Uuid,
    ) -> Result<(Option<Charged>, Vec<OperationRecord>), StoreError> {
        let id = payment.to_string();
        let known = self.payment_in(transaction, &id).await?.ok_or(StoreError::NoSuchPayment(id))?;
        let operations = self.operations_in(transaction, payment).await?;
        Ok((charged(&known, &operations), operations))
    }

    pub(in crate::store) async fn written(
        &self,
        mut transaction: Transaction<'static, Sqlite>,
        row: &Row<'_>,
    ) -> Result<Written, StoreError> {
        add(&mut transaction, row).await.map_err(|e| self.failed(&e))?;
        let operation = self.existing_operation(&mut transaction, row.id).await?;
        self.commit(transaction).await?;
        Ok(Written { operation, new: true })
    }

    pub(in crate::store) async fn operation_in(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        id: OperationId,
    ) -> Result<Option<OperationRecord>, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let row = query(ONE).bind(id.0.to_string()).fetch_optional(&mut **transaction).await;
        row.map_err(failed)?.map(|row| from_row(&row)).transpose().map_err(failed)
    }

    pub(super) async fn existing_operation(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        id: OperationId,
    ) -> Result<OperationRecord, StoreError> {
        let found = self.operation_in(transaction, id).await?;
        found.ok_or_else(|| ChangeFault::NoSuchOperation(id.0.to_string()).into())
    }

    pub(in crate::store) async fn operations_in(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        payment: Uuid,
    ) -> Result<Vec<OperationRecord>, StoreError> {
        let rows = query(OF_PAYMENT)
            .bind(payment.to_string())
            .bind(MAX_OF_PAYMENT)
            .fetch_all(&mut **transaction)
            .await;
        self.records(&rows.map_err(|e| self.failed(&e))?)
    }

    pub(in crate::store) fn records(&self, rows: &[SqliteRow]) -> Result<Vec<OperationRecord>, StoreError> {
        rows.iter().map(from_row).collect::<Result<_, _>>().map_err(|e| self.failed(&e))
    }
}

/// An operation that was asked for before: the same, or a number used twice.
pub(super) fn again(known: OperationRecord, same: bool) -> Result<Written, StoreError> {
    match same {
        true => Ok(Written { operation: known, new: false }),
        false => Err(ChangeFault::NumberUsed(known.id.0.to_string()).into()),
    }
}

async fn add(transaction: &mut Transaction<'static, Sqlite>, row: &Row<'_>) -> Result<(), sqlx::Error> {
    query(ADD)
        .bind(row.id.0.to_string())
        .bind(row.payment.map(|payment| payment.to_string()))
        .bind(row.kind.word())
        .bind(row.id.key())
        .bind(field(row.psp))
        .bind(reference(row.charge_reference))
        .bind(row.amount.minor)
        .bind(row.amount.currency.code().to_owned())
        .bind(row.state.word())
        .bind(reference(row.psp_reference))
        .bind(detail(row.words))
        .bind(field(row.actor))
        .bind(row.link.map(|link| link.expires_at_ms))
        .bind(row.link.and_then(|link| link.order).map(|order| order.to_string()))
        .bind(row.link.map(|link| field(&link.merchant)))
        .bind(row.link.and_then(|link| link.reference.as_deref()).map(field))
        .bind(row.link.map(|link| field(&link.language)))
        .bind(now_ms())
        .execute(&mut **transaction)
        .await?;
    let subject = row.payment.unwrap_or(row.id.0).to_string();
    let words = format!("{} of {}: {} {}", row.kind.word(), row.amount, row.state.word(), row.words);
    trail::append(transaction, row.actor, "operation", &subject, words.trim_end()).await.map(|_| ())
}

/// What the trail names: the payment, or the link itself.
pub(super) fn subject(known: &OperationRecord) -> String {
    known.payment.unwrap_or(known.id.0).to_string()
}

/// A provider's reference, cut.
pub(super) fn reference(text: Option<&str>) -> Option<String> {
    text.map(|text| cut(text, MAX_REFERENCE_BYTES).to_owned())
}

/// Somebody has to look at it.
pub(super) fn contradicted(known: &OperationRecord, what: &str) {
    let what = format!("the {} {} of {} was {what}", known.kind.word(), known.id.key(), known.amount);
    let remedy = "look it up in the provider's own portal; what failed may be asked for again";
    alarm("contradictory_operation", Some(&subject(known)), what, remedy);
}
