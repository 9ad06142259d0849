//! What happened to one payment: each step of its attempts, and who did what.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};
use uuid::Uuid;

use super::{Store, StoreError};

/// Rows of journal or trail that one look-up returns.
pub const MAX_HISTORY_ROWS: u32 = 500;

const JOURNAL: &str =
    "SELECT at_ms, ordinal, step, detail FROM journal WHERE payment = $1 ORDER BY seq LIMIT $2";

const TRAIL: &str = "SELECT at_ms, actor, act, detail FROM trail WHERE subject = $1 ORDER BY seq LIMIT $2";

/// A step of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalStep {
    /// When, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// Which card of the payment: 1 for the first.
    pub ordinal: u8,
    /// `journalled`, `sent`, …
    pub step: String,
    /// The provider's own words.
    pub detail: String,
}

/// What somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailRow {
    /// When, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// What.
    pub act: String,
    /// How.
    pub detail: String,
}

impl Store {
    /// The steps of a payment's attempts, the oldest first; at most [`MAX_HISTORY_ROWS`].
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn journal_of(&self, payment: Uuid) -> Result<Vec<JournalStep>, StoreError> {
        self.history(JOURNAL, payment, |row| {
            Ok(JournalStep {
                at_ms: row.try_get("at_ms")?,
                ordinal: u8::try_from(row.try_get::<i64, _>("ordinal")?).unwrap_or(u8::MAX),
                step: row.try_get("step")?,
                detail: row.try_get("detail")?,
            })
        })
        .await
    }

    /// Who did what to a payment, the oldest first; at most [`MAX_HISTORY_ROWS`].
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn trail_of(&self, payment: Uuid) -> Result<Vec<TrailRow>, StoreError> {
        self.history(TRAIL, payment, |row| {
            Ok(TrailRow {
                at_ms: row.try_get("at_ms")?,
                actor: row.try_get("actor")?,
                act: row.try_get("act")?,
                detail: row.try_get("detail")?,
            })
        })
        .await
    }

    async fn history<T>(
        &self,
        rows: &'static str,
        payment: Uuid,
        read: impl Fn(&SqliteRow) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, StoreError> {
        let mut transaction = self.read().await?;
        let found = query(rows)
            .bind(payment.to_string())
            .bind(i64::from(MAX_HISTORY_ROWS))
            .fetch_all(&mut *transaction)
            .await
            .map_err(|fault| self.failed(&fault))?;
        found.iter().map(read).collect::<Result<_, _>>().map_err(|fault| self.failed(&fault))
    }
}
