//! Operations: written down before they are asked for, and what became of them.

mod found;
mod hear;
mod parts;

use sqlx::sqlite::Sqlite;
use sqlx::{Transaction, query};
use uuid::Uuid;

use crate::call::Money;
use crate::psp::{Link, LinkState};

use super::attempt::MAX_REFERENCE_BYTES;
use super::changes::{ChangeFault, closed_to_links, room};
use super::operation::{Weight, link_rank, weigh};
use super::text::{cut, detail};
use super::{
    ForOrder, OperationId, OperationKind, OperationOutcome, OperationRecord, OperationState, Store,
    StoreError, Teller, now_ms, trail,
};
pub use hear::HeardChange;
pub use parts::ForLink;
use parts::{Row, again, contradicted, reference, subject};

const SENT: &str = "UPDATE operations SET state = 'sent', changed_at_ms = $2 \
     WHERE id = $1 AND state = 'journalled'";

const SETTLE: &str = "UPDATE operations SET state = $2, psp_reference = COALESCE($3, psp_reference), \
     detail = $4, may_resend = $5, changed_at_ms = $6 WHERE id = $1";

const LINK: &str = "UPDATE operations SET link_state = $2, link_url = COALESCE($3, link_url), \
     charge_reference = COALESCE($4, charge_reference), changed_at_ms = $5 WHERE id = $1";

/// What is to be done to a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChange {
    /// Its number; the same number again is the same operation.
    pub id: OperationId,
    /// Which payment.
    pub payment: Uuid,
    /// Capture, cancellation or refund.
    pub kind: OperationKind,
    /// How much; `None` for all that is left.
    pub amount: Option<Money>,
    /// Who asks for it.
    pub actor: String,
}

/// A link that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLinkRecord {
    /// Its number.
    pub id: OperationId,
    /// The payment it stands in for, if any.
    pub payment: Option<Uuid>,
    /// The account.
    pub psp: String,
    /// How much.
    pub amount: Money,
    /// When it ends, and what it is for.
    pub about: ForLink,
    /// Who asks for it.
    pub actor: String,
}

/// An operation that was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The operation.
    pub operation: OperationRecord,
    /// Whether it is new; one that is not must not be sent again.
    pub new: bool,
}

impl Store {
    /// Writes down what is to be done to a charge, for how much, and through which account. Once this returns it is
    /// on disk, and may be sent. Two at the same time are decided one after the other: together they never take or
    /// give back more than there is.
    ///
    /// # Errors
    /// If the payment was not charged, not so much is left of it, the number was used for something else, or it
    /// could not be written. It must not be sent then.
    pub async fn journal_change(&self, new: &NewChange) -> Result<Written, StoreError> {
        let mut transaction = self.write().await?;
        if let Some(known) = self.operation_in(&mut transaction, new.id).await? {
            let same = known.payment == Some(new.payment)
                && known.kind == new.kind
                && new
                    .amount
                    .is_none_or(|amount| amount == known.amount || new.kind == OperationKind::Cancel);
            return again(known, same);
        }
        let (charged, operations) = self.charge_of(&mut transaction, new.payment).await?;
        let charged = charged.ok_or_else(|| ChangeFault::NotCharged(new.payment.to_string()))?;
        let row = Row {
            id: new.id,
            payment: Some(new.payment),
            kind: new.kind,
            psp: &charged.psp,
            charge_reference: Some(&charged.reference),
            amount: room(&charged, &operations, new.kind, new.amount)?,
            state: OperationState::Journalled,
            psp_reference: None,
            words: "",
            actor: &new.actor,
            link: None,
        };
        self.written(transaction, &row).await
    }

    /// Writes down a link that is to be made.
    ///
    /// # Errors
    /// If its payment is under way, or was or may have been charged; if its order is paid, cancelled, being paid, or has
    /// another link; or if it could not be written.
    pub async fn journal_link(&self, new: &NewLinkRecord) -> Result<Written, StoreError> {
        let mut transaction = self.write().await?;
        if let Some(known) = self.operation_in(&mut transaction, new.id).await? {
            let same = known.payment == new.payment
                && known.kind == OperationKind::Link
                && known.amount == new.amount
                && known.psp == new.psp;
            return again(known, same);
        }
        let mut about = new.about.clone();
        if let Some(payment) = new.payment {
            let id = payment.to_string();
            let known = self.payment_in(&mut transaction, &id).await?;
            let known = known.ok_or(StoreError::NoSuchPayment(id))?;
            let operations = self.operations_in(&mut transaction, payment).await?;
            if let Some(fault) = closed_to_links(&known, &operations) {
                return Err(fault.into());
            }
            about.order = self.order_of_payment(&mut transaction, payment).await?;
        }
        if let Some(id) = about.order {
            self.pay_in(&mut transaction, ForOrder { id, even_if_unknown: false }, new.amount, None).await?;
        }
        let row = Row {
            id: new.id,
            payment: new.payment,
            kind: OperationKind::Link,
            psp: &new.psp,
            charge_reference: None,
            amount: new.amount,
            state: OperationState::Journalled,
            psp_reference: None,
            words: "",
            actor: &new.actor,
            link: Some(&about),
        };
        self.written(transaction, &row).await
    }

    /// Notes that an operation goes out now: before the first byte leaves.
    ///
    /// # Errors
    /// If it could not be written. It must not be sent then.
    pub async fn operation_sent(&self, id: OperationId) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let done = query(SENT).bind(id.0.to_string()).bind(now_ms()).execute(&mut *transaction).await;
        done.map_err(|e| self.failed(&e))?;
        self.commit(transaction).await
    }

    /// Writes down what became of an operation. May be told again, late and out of order: the later state stays.
    /// Returns the operation as it stands if that is news.
    ///
    /// # Errors
    /// If there is none, or it could not be written.
    pub async fn settle_operation(
        &self,
        id: OperationId,
        outcome: &OperationOutcome,
        teller: Teller,
    ) -> Result<Option<OperationRecord>, StoreError> {
        let mut transaction = self.write().await?;
        let known = self.existing_operation(&mut transaction, id).await?;
        self.settle_in(transaction, known, outcome, teller).await
    }

    async fn settle_in(
        &self,
        mut transaction: Transaction<'static, Sqlite>,
        known: OperationRecord,
        outcome: &OperationOutcome,
        teller: Teller,
    ) -> Result<Option<OperationRecord>, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let weight = weigh(known.state, outcome.state, teller);
        let names = known.psp_reference.is_none() && outcome.psp_reference.is_some();
        let state = match weight {
            Weight::Recorded | Weight::Reversed => outcome.state,
            // Nothing new but the provider's name of it.
            Weight::AlreadySo if names => known.state,
            Weight::AlreadySo => return Ok(None),
            Weight::Contradicted => {
                contradicted(&known, "told as done after it was told as refused");
                return Ok(None);
            }
        };
        query(SETTLE)
            .bind(known.id.0.to_string())
            .bind(state.word())
            .bind(reference(outcome.psp_reference.as_deref()))
            .bind(detail(&outcome.detail))
            .bind(i64::from(outcome.may_resend && state <= OperationState::Unknown))
            .bind(now_ms())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let who = if teller == Teller::Webhook { &known.psp } else { "tonegate" };
        if state != known.state {
            let words = format!("{} {}: {}", known.kind.word(), state.word(), outcome.detail);
            trail::append(&mut transaction, who, "operation", &subject(&known), &words)
                .await
                .map_err(failed)?;
        }
        let now = self.existing_operation(&mut transaction, known.id).await?;
        self.commit(transaction).await?;
        if weight == Weight::Reversed {
            contradicted(&known, "told as done, and came to nothing after all");
        }
        Ok((state != known.state).then_some(now))
    }

    /// Writes down how a link stands. Returns it if that is news.
    ///
    /// # Errors
    /// If there is none, or it could not be written.
    pub async fn link_stands(
        &self,
        id: OperationId,
        link: &Link,
        charge_reference: Option<&str>,
    ) -> Result<Option<OperationRecord>, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.write().await?;
        let known = self.existing_operation(&mut transaction, id).await?;
        let before = known.link.as_ref().and_then(|link| link.state);
        if before.is_some_and(|before| link_rank(before) >= link_rank(link.state)) {
            return Ok(None);
        }
        let charged = charge_reference.filter(|_| link.state == LinkState::Paid);
        query(LINK)
            .bind(id.0.to_string())
            .bind(link.state.word())
            .bind(link.url.as_deref().map(|url| cut(url, MAX_REFERENCE_BYTES).to_owned()))
            .bind(reference(charged))
            .bind(now_ms())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let words = format!("link {}", link.state.word());
        trail::append(&mut transaction, &known.psp, "operation", &subject(&known), &words)
            .await
            .map_err(failed)?;
        let now = self.existing_operation(&mut transaction, id).await?;
        self.commit(transaction).await?;
        Ok(Some(now))
    }
}
