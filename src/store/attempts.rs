//! Attempts to charge: written down before they are sent, settled once.

use sqlx::sqlite::Sqlite;
use sqlx::{Row, Transaction, query};

use crate::call::{AttemptId, Ending, Outcome};
use crate::observe::alarm;

use super::attempt::{
    AttemptRecord, AttemptState, MAX_REFERENCE_BYTES, NewAttempt, OpenAttempt, Settled, Settlement, Step,
    from_row, weigh,
};
use super::outbox::attempt_event;
use super::text::{cut, detail, field, payment_text, word};
use super::{Store, StoreError, now_ms, trail};

/// Attempts that are looked after at once; the next follow when these are settled.
const MAX_OPEN_ATTEMPTS: i64 = 1_000;

const PAYMENT_ENDING: &str = "SELECT ending FROM payments WHERE id = $1";

const OF_PAYMENT: &str = "SELECT * FROM attempts WHERE payment = $1 ORDER BY ordinal";

const ADD: &str = "INSERT INTO attempts (payment, ordinal, idempotency_key, psp, state, detail, \
     journalled_at_ms, changed_at_ms) VALUES ($1, $2, $3, $4, 'journalled', '', $5, $5)";

const ONE: &str = "SELECT * FROM attempts WHERE payment = $1 AND ordinal = $2";

const SENT: &str = "UPDATE attempts SET state = 'sent', changed_at_ms = $3 \
     WHERE payment = $1 AND ordinal = $2 AND state = 'journalled'";

const REROUTE: &str = "UPDATE attempts SET psp = $3, changed_at_ms = $4 \
     WHERE payment = $1 AND ordinal = $2 AND state = 'sent' AND psp = $5";

const SETTLE: &str = "UPDATE attempts SET state = $3, decline_reason = $4, psp_reference = $5, \
     detail = $6, changed_at_ms = $7 WHERE payment = $1 AND ordinal = $2";

const RESOLVE: &str = "UPDATE payments SET ending = $2 WHERE id = $1 AND ending = 'unknown'";

const OPEN: &str = "SELECT * FROM attempts WHERE state IN ('journalled', 'sent', 'unknown') \
     ORDER BY journalled_at_ms, payment, ordinal LIMIT $1";

const STEP: &str = "INSERT INTO journal (seq, at_ms, payment, ordinal, step, detail) \
     SELECT COALESCE(MAX(seq), 0) + 1, $1, $2, $3, $4, $5 FROM journal";

impl Store {
    /// Writes an attempt down. Once this returns it is on disk, and may be sent.
    ///
    /// # Errors
    /// If there is no such payment or it has ended, another attempt of it may have been charged, or it could
    /// not be written. It must not be sent then.
    pub async fn journal_attempt(&self, new: &NewAttempt) -> Result<(), StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let id = payment_text(new.attempt.payment);
        let mut transaction = self.write().await?;
        let payment = query(PAYMENT_ENDING).bind(&id).fetch_optional(&mut *transaction).await;
        let Some(payment) = payment.map_err(failed)? else {
            return Err(StoreError::NoSuchPayment(id));
        };
        if payment.try_get::<Option<String>, _>("ending").map_err(failed)?.is_some() {
            return Err(StoreError::Ended(id));
        }
        // Whatever the caller believes: while one attempt may have been charged, there is no other.
        let before = of_payment(&mut transaction, &id).await.map_err(failed)?;
        let blocks = |a: &&AttemptRecord| {
            a.attempt == new.attempt || a.state.is_open() || a.state == AttemptState::Approved
        };
        if let Some(other) = before.iter().find(blocks) {
            return Err(StoreError::MayBeCharged { key: other.attempt.key(), state: other.state.word() });
        }
        query(ADD)
            .bind(&id)
            .bind(i64::from(new.attempt.ordinal))
            .bind(new.attempt.key())
            .bind(field(&new.psp))
            .bind(now_ms())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        step(&mut transaction, new.attempt, "journalled", &new.psp).await.map_err(failed)?;
        self.commit(transaction).await
    }

    /// Notes a step of an attempt, durably.
    ///
    /// # Errors
    /// If the attempt was not journalled, or it could not be written.
    pub async fn attempt_step(&self, attempt: AttemptId, what: Step, words: &str) -> Result<(), StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.write().await?;
        self.existing(&mut transaction, attempt).await?;
        if what == Step::Sent {
            query(SENT)
                .bind(payment_text(attempt.payment))
                .bind(i64::from(attempt.ordinal))
                .bind(now_ms())
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        step(&mut transaction, attempt, what.word(), words).await.map_err(failed)?;
        self.commit(transaction).await
    }

    /// Writes down that an attempt goes to another account, because nothing of it can have reached `from`. Once this
    /// returns it is on disk, and whoever looks for the attempt asks the new account.
    ///
    /// # Errors
    /// If the attempt is not one that was sent to `from` and is still open, or it could not be written. It must not
    /// be sent to the new account then.
    pub async fn reroute_attempt(
        &self,
        attempt: AttemptId,
        from: &str,
        to: &str,
        words: &str,
    ) -> Result<(), StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.write().await?;
        let moved = query(REROUTE)
            .bind(payment_text(attempt.payment))
            .bind(i64::from(attempt.ordinal))
            .bind(field(to))
            .bind(now_ms())
            .bind(field(from))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        if moved.rows_affected() == 0 {
            let known = self.existing(&mut transaction, attempt).await?;
            return Err(StoreError::MayBeCharged { key: attempt.key(), state: known.state.word() });
        }
        let words = format!("{}{to}: {words}", rerouted_from(from));
        step(&mut transaction, attempt, "rerouted", &words).await.map_err(failed)?;
        self.commit(transaction).await
    }

    /// Writes down what became of an attempt.
    ///
    /// May be called again with the same settlement. What is unknown may become known; what is known stays.
    /// A payment that ended as unknown ends as its attempt did.
    ///
    /// # Errors
    /// If the attempt was not journalled, or it could not be written.
    pub async fn settle_attempt(
        &self,
        attempt: AttemptId,
        settlement: &Settlement,
    ) -> Result<Settled, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.write().await?;
        let known = self.existing(&mut transaction, attempt).await?;
        let settled = weigh(&known, &settlement.outcome);
        let next = AttemptState::after(&settlement.outcome);
        match settled {
            Settled::AlreadySo => return Ok(settled),
            Settled::Recorded => {
                record(&mut transaction, attempt, next, settlement).await.map_err(failed)?;
                if let Some(event) = attempt_event(next) {
                    self.announce(&mut transaction, &payment_text(attempt.payment), event).await?;
                }
            }
            Settled::Contradicted { kept } => {
                let words = format!("{} after {}: {}", next.word(), kept.word(), settlement.detail);
                step(&mut transaction, attempt, "contradicted", &words).await.map_err(failed)?;
                trail::append(&mut transaction, &known.psp, "contradicted", &attempt.key(), &words)
                    .await
                    .map_err(failed)?;
            }
        }
        self.commit(transaction).await?;
        self.ring();
        if let Settled::Contradicted { kept } = settled {
            let what =
                format!("{} says {} of {}, which is {}", known.psp, next.word(), attempt.key(), kept.word());
            let remedy = "look the key up in the provider's own portal and refund by hand what is too much";
            alarm("contradictory_settlement", Some(&payment_text(attempt.payment)), what, remedy);
        }
        Ok(settled)
    }

    /// Attempts whose outcome has to be found, the oldest first.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn open_attempts(&self) -> Result<Vec<OpenAttempt>, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.read().await?;
        let rows = query(OPEN).bind(MAX_OPEN_ATTEMPTS).fetch_all(&mut *transaction).await.map_err(failed)?;
        let mut open = Vec::with_capacity(rows.len());
        for row in &rows {
            let attempt = from_row(row).map_err(failed)?;
            let id = payment_text(attempt.attempt.payment);
            // A foreign key makes sure of it.
            if let Some(payment) = self.payment_in(&mut transaction, &id).await? {
                open.push(OpenAttempt { attempt, payment });
            }
        }
        Ok(open)
    }

    async fn existing(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        attempt: AttemptId,
    ) -> Result<AttemptRecord, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let row = query(ONE)
            .bind(payment_text(attempt.payment))
            .bind(i64::from(attempt.ordinal))
            .fetch_optional(&mut **transaction)
            .await
            .map_err(failed)?;
        from_row(&row.ok_or_else(|| StoreError::NoSuchAttempt(attempt.key()))?).map_err(failed)
    }
}

async fn record(
    transaction: &mut Transaction<'static, Sqlite>,
    attempt: AttemptId,
    next: AttemptState,
    settlement: &Settlement,
) -> Result<(), sqlx::Error> {
    let id = payment_text(attempt.payment);
    let (reason, reference) = match &settlement.outcome {
        Outcome::Approved { reference } => (None, Some(cut(reference, MAX_REFERENCE_BYTES).to_owned())),
        Outcome::Declined(reason) => (Some(word(reason)), None),
        Outcome::NotCharged | Outcome::Unknown => (None, None),
    };
    query(SETTLE)
        .bind(&id)
        .bind(i64::from(attempt.ordinal))
        .bind(next.word())
        .bind(reason)
        .bind(reference)
        .bind(detail(&settlement.detail))
        .bind(now_ms())
        .execute(&mut **transaction)
        .await?;
    let ending = match next {
        AttemptState::Approved => Some(Ending::Approved),
        AttemptState::Declined => Some(Ending::Declined),
        AttemptState::NotCharged => Some(Ending::Fault),
        _ => None,
    };
    if let Some(ending) = ending {
        query(RESOLVE).bind(&id).bind(word(ending)).execute(&mut **transaction).await?;
    }
    step(transaction, attempt, next.word(), &settlement.detail).await
}

/// How the step begins with which an attempt left the account `psp`.
pub(super) fn rerouted_from(psp: &str) -> String {
    format!("{psp} to ")
}

async fn step(
    transaction: &mut Transaction<'static, Sqlite>,
    attempt: AttemptId,
    step: &str,
    words: &str,
) -> Result<(), sqlx::Error> {
    query(STEP)
        .bind(now_ms())
        .bind(payment_text(attempt.payment))
        .bind(i64::from(attempt.ordinal))
        .bind(step)
        .bind(detail(words))
        .execute(&mut **transaction)
        .await
        .map(|_| ())
}

pub(super) async fn of_payment(
    transaction: &mut Transaction<'static, Sqlite>,
    payment: &str,
) -> Result<Vec<AttemptRecord>, sqlx::Error> {
    query(OF_PAYMENT).bind(payment).fetch_all(&mut **transaction).await?.iter().map(from_row).collect()
}
