//! What providers tell of captures, refunds, cancellations and chargebacks, ours or made at the provider.

use sqlx::sqlite::Sqlite;
use sqlx::{Row as _, Transaction, query};
use uuid::Uuid;

use crate::call::{AttemptId, Money};
use crate::observe::alarm;

use super::super::{
    OperationId, OperationKind, OperationOutcome, OperationRecord, OperationState, Store, StoreError, Teller,
};
use super::parts::{Row, subject};

/// Of two with one reference, as captures in parts may be, the open one is meant.
const BY_REFERENCE: &str = "SELECT * FROM operations WHERE psp = $1 AND kind = $2 AND psp_reference = $3 \
     ORDER BY state IN ('done', 'refused'), journalled_at_ms LIMIT 1";

const CHARGED_BY_CARD: &str =
    "SELECT payment FROM attempts WHERE psp = $1 AND psp_reference = $2 AND state = 'approved' LIMIT 1";

const CHARGED_BY_LINK: &str =
    "SELECT payment FROM operations WHERE psp = $1 AND kind = 'link' AND charge_reference = $2 LIMIT 1";

/// What a provider tells on its own of something done to a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardChange {
    /// The account.
    pub psp: String,
    /// What.
    pub kind: OperationKind,
    /// Our operation, if it is named.
    pub operation: Option<OperationId>,
    /// Our attempt, if it is named.
    pub attempt: Option<AttemptId>,
    /// The provider's reference of the charge.
    pub charge_reference: Option<String>,
    /// The provider's reference of the change itself.
    pub psp_reference: Option<String>,
    /// How much.
    pub amount: Option<Money>,
    /// Whether it succeeded.
    pub success: bool,
    /// The provider's own words.
    pub detail: String,
}

impl Store {
    /// Writes down what a provider tells of something done to a charge: what became of our own operation, or one that
    /// was made at the provider. News of nothing we charged, and news that came before, change nothing. Returns the
    /// operation if it is news.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn hear_change(&self, heard: &HeardChange) -> Result<Option<OperationRecord>, StoreError> {
        let mut transaction = self.write().await?;
        let known = match self.named(&mut transaction, heard).await? {
            Some(known) => known,
            None => {
                let Some(payment) = self.payment_of(&mut transaction, heard).await? else { return Ok(None) };
                match self.unnamed(&mut transaction, heard, payment).await? {
                    Some(known) => known,
                    None => return self.made_elsewhere(transaction, heard, payment).await,
                }
            }
        };
        let other = heard.amount.is_some_and(|amount| amount != known.amount);
        if other && known.kind != OperationKind::Cancel {
            let what = format!(
                "the provider tells of the {} {} with another amount than was asked for",
                known.kind.word(),
                known.id.key()
            );
            alarm("other_amount", Some(&subject(&known)), what, "look it up at the provider");
            return Ok(None);
        }
        let outcome = OperationOutcome {
            state: if heard.success { OperationState::Done } else { OperationState::Refused },
            psp_reference: heard.psp_reference.clone(),
            detail: format!("webhook: {}", heard.detail),
            may_resend: false,
        };
        self.settle_in(transaction, known, &outcome, Teller::Webhook).await
    }

    /// Our operation, by its key or by the provider's reference of it.
    async fn named(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        heard: &HeardChange,
    ) -> Result<Option<OperationRecord>, StoreError> {
        if let Some(id) = heard.operation {
            let known = self.operation_in(transaction, id).await?;
            // Another account may be told of the same company's operations; it does not settle ours.
            return Ok(known.filter(|known| known.psp == heard.psp && known.kind == heard.kind));
        }
        let Some(reference) = &heard.psp_reference else { return Ok(None) };
        let row = query(BY_REFERENCE)
            .bind(&heard.psp)
            .bind(heard.kind.word())
            .bind(reference)
            .fetch_all(&mut **transaction)
            .await;
        Ok(self.records(&row.map_err(|e| self.failed(&e))?)?.into_iter().next())
    }

    /// The payment whose charge it is about.
    async fn payment_of(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        heard: &HeardChange,
    ) -> Result<Option<Uuid>, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        if let Some(attempt) = heard.attempt {
            let id = Uuid::from_u128(attempt.payment);
            let known = self.payment_in(transaction, &id.to_string()).await?;
            let ours = known.is_some_and(|payment| {
                payment.approved().is_some_and(|a| a.attempt == attempt && a.psp == heard.psp)
            });
            return Ok(ours.then_some(id));
        }
        let Some(reference) = &heard.charge_reference else { return Ok(None) };
        for text in [CHARGED_BY_CARD, CHARGED_BY_LINK] {
            let row = query(text).bind(&heard.psp).bind(reference).fetch_optional(&mut **transaction).await;
            if let Some(row) = row.map_err(failed)? {
                let payment: Option<String> = row.try_get("payment").map_err(failed)?;
                return Ok(payment.and_then(|payment| payment.parse().ok()));
            }
        }
        Ok(None)
    }

    /// Our own operation that the provider named neither by key nor by a reference we know: the one that is open and
    /// fits.
    async fn unnamed(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        heard: &HeardChange,
        payment: Uuid,
    ) -> Result<Option<OperationRecord>, StoreError> {
        let fits = |known: &OperationRecord| {
            let amount = heard.kind == OperationKind::Cancel
                || heard.amount.is_none_or(|amount| amount == known.amount);
            let nameless = known.psp_reference.is_none() || heard.psp_reference.is_none();
            known.kind == heard.kind && known.psp == heard.psp && amount && nameless
        };
        let open = |known: &OperationRecord| known.state < OperationState::Done;
        let known = self.operations_in(transaction, payment).await?;
        // Without any reference, the one that is done already may be told of once more.
        let told = heard.psp_reference.is_none();
        let found = known.iter().find(|o| open(o) && fits(o));
        Ok(found.or_else(|| known.iter().find(|o| told && fits(o))).cloned())
    }

    /// Somebody did it at the provider.
    async fn made_elsewhere(
        &self,
        mut transaction: Transaction<'static, Sqlite>,
        heard: &HeardChange,
        payment: Uuid,
    ) -> Result<Option<OperationRecord>, StoreError> {
        let (charged, _) = self.charge_of(&mut transaction, payment).await?;
        let Some(charged) = charged.filter(|_| heard.success) else { return Ok(None) };
        let row = Row {
            id: OperationId::fresh(),
            payment: Some(payment),
            kind: heard.kind,
            psp: &heard.psp,
            charge_reference: Some(&charged.reference),
            amount: heard.amount.filter(|_| heard.kind != OperationKind::Cancel).unwrap_or(charged.amount),
            state: OperationState::Done,
            psp_reference: heard.psp_reference.as_deref(),
            words: &format!("webhook: {}", heard.detail),
            actor: &heard.psp,
            link: None,
        };
        self.written(transaction, &row).await.map(|written| Some(written.operation))
    }
}
