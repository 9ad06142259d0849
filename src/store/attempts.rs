//! Attempts to charge: written down before they are sent, settled once.

use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Row, Transaction, query};
use uuid::Uuid;

use crate::call::{AttemptId, DeclineReason, Ending, Outcome};
use crate::observe::alarm;

use super::text::{cut, detail, field, payment_text, word};
use super::{Payment, Store, StoreError, now_ms, trail};

/// Attempts that are looked after at once; the next follow when these are settled.
const MAX_OPEN_ATTEMPTS: i64 = 1_000;

/// Providers' references are cut at this length; none we know has more than 128.
const MAX_REFERENCE_BYTES: usize = 512;

const PAYMENT_ENDING: &str = "SELECT ending FROM payments WHERE id = $1";

const OF_PAYMENT: &str = "SELECT * FROM attempts WHERE payment = $1 ORDER BY ordinal";

const ADD: &str = "INSERT INTO attempts (payment, ordinal, idempotency_key, psp, state, detail, \
     journalled_at_ms, changed_at_ms) VALUES ($1, $2, $3, $4, 'journalled', '', $5, $5)";

const ONE: &str = "SELECT * FROM attempts WHERE payment = $1 AND ordinal = $2";

const SENT: &str = "UPDATE attempts SET state = 'sent', changed_at_ms = $3 \
     WHERE payment = $1 AND ordinal = $2 AND state = 'journalled'";

const SETTLE: &str = "UPDATE attempts SET state = $3, decline_reason = $4, psp_reference = $5, \
     detail = $6, changed_at_ms = $7 WHERE payment = $1 AND ordinal = $2";

const RESOLVE: &str = "UPDATE payments SET ending = $2 WHERE id = $1 AND ending = 'unknown'";

const OPEN: &str = "SELECT * FROM attempts WHERE state IN ('journalled', 'sent', 'unknown') \
     ORDER BY journalled_at_ms, payment, ordinal LIMIT $1";

const STEP: &str = "INSERT INTO journal (seq, at_ms, payment, ordinal, step, detail) \
     SELECT COALESCE(MAX(seq), 0) + 1, $1, $2, $3, $4, $5 FROM journal";

/// An attempt that is about to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAttempt {
    /// Which.
    pub attempt: AttemptId,
    /// The account it goes to, by its name in the configuration.
    pub psp: String,
}

/// What happens to an attempt between journal and settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It goes out now. Noted before the first byte leaves: an attempt that is only journalled was not sent.
    Sent,
    /// It goes out once more under the same key.
    Retried,
    /// The provider is asked what became of it.
    Queried,
}

impl Step {
    fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Retried => "retried",
            Self::Queried => "queried",
        }
    }
}

/// Where an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptState {
    /// Written down, not sent.
    Journalled,
    /// Sent, without an answer.
    Sent,
    /// The money is promised.
    Approved,
    /// The issuer said no.
    Declined,
    /// Nothing was charged.
    NotCharged,
    /// It may have been charged.
    Unknown,
}

impl AttemptState {
    const ALL: [Self; 6] =
        [Self::Journalled, Self::Sent, Self::Approved, Self::Declined, Self::NotCharged, Self::Unknown];

    /// As it stands in the database and in the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Journalled => "journalled",
            Self::Sent => "sent",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::NotCharged => "not_charged",
            Self::Unknown => "unknown",
        }
    }

    /// Whether its outcome still has to be found.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Journalled | Self::Sent | Self::Unknown)
    }

    fn after(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Approved { .. } => Self::Approved,
            Outcome::Declined(_) => Self::Declined,
            Outcome::NotCharged => Self::NotCharged,
            Outcome::Unknown => Self::Unknown,
        }
    }
}

/// What became of an attempt, and what the provider said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The outcome.
    pub outcome: Outcome,
    /// The provider's own code and words.
    pub detail: String,
}

/// What a settlement did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is written down.
    Recorded,
    /// It says nothing new.
    AlreadySo,
    /// It contradicts what was written down, which stays; journal, trail and an alarm tell of it.
    Contradicted {
        /// What stays.
        kept: AttemptState,
    },
}

/// An attempt as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    /// Which.
    pub attempt: AttemptId,
    /// The account it went to.
    pub psp: String,
    /// Where it stands.
    pub state: AttemptState,
    /// Why it was declined.
    pub decline_reason: Option<DeclineReason>,
    /// The provider's reference, once approved.
    pub psp_reference: Option<String>,
    /// The provider's own code and words.
    pub detail: String,
    /// When it was written down, in milliseconds since 1970 (UTC).
    pub journalled_at_ms: i64,
    /// When its state last changed.
    pub changed_at_ms: i64,
}

/// An attempt whose outcome has to be found, and its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenAttempt {
    /// The attempt.
    pub attempt: AttemptRecord,
    /// What it is for.
    pub payment: Payment,
}

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

/// What an outcome adds to what is known.
fn weigh(known: &AttemptRecord, outcome: &Outcome) -> Settled {
    let next = AttemptState::after(outcome);
    match (known.state, next) {
        // Knows less than we do, or as much.
        (_, AttemptState::Unknown)
            if !matches!(known.state, AttemptState::Journalled | AttemptState::Sent) =>
        {
            Settled::AlreadySo
        }
        (state, _) if state.is_open() => Settled::Recorded,
        (AttemptState::Approved, AttemptState::Approved) => {
            let Outcome::Approved { reference } = outcome else { return Settled::AlreadySo };
            // Two references are two charges.
            match &known.psp_reference {
                Some(kept) if kept != cut(reference, MAX_REFERENCE_BYTES) => {
                    Settled::Contradicted { kept: known.state }
                }
                _ => Settled::AlreadySo,
            }
        }
        (kept, next) if kept == next => Settled::AlreadySo,
        (kept, _) => Settled::Contradicted { kept },
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

fn from_row(row: &SqliteRow) -> Result<AttemptRecord, sqlx::Error> {
    let bad = |what: &str| sqlx::Error::Decode(format!("attempts.{what} holds what we never write").into());
    let payment = Uuid::parse_str(row.try_get("payment")?).map_err(|_| bad("payment"))?.as_u128();
    let ordinal = u8::try_from(row.try_get::<i64, _>("ordinal")?).map_err(|_| bad("ordinal"))?;
    let state: &str = row.try_get("state")?;
    let reason: Option<&str> = row.try_get("decline_reason")?;
    Ok(AttemptRecord {
        attempt: AttemptId { payment, ordinal },
        psp: row.try_get("psp")?,
        state: AttemptState::ALL.into_iter().find(|s| s.word() == state).ok_or_else(|| bad("state"))?,
        decline_reason: match reason {
            None => None,
            Some(word) => Some(serde_json::from_value(word.into()).map_err(|_| bad("decline_reason"))?),
        },
        psp_reference: row.try_get("psp_reference")?,
        detail: row.try_get("detail")?,
        journalled_at_ms: row.try_get("journalled_at_ms")?,
        changed_at_ms: row.try_get("changed_at_ms")?,
    })
}
