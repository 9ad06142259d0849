//! What callers of the API were answered, by their idempotency keys.

use sqlx::{Row, query};

use super::{Store, StoreError, now_ms};

/// An answer is kept for a day, as callers are told.
pub const REPLY_KEPT_MS: i64 = 24 * 3_600_000;

/// Answers kept at the same time; no further key is taken until some are old enough to be forgotten.
const REPLIES_MAX: i64 = 200_000;

const FORGET: &str = "DELETE FROM replies WHERE asked_at_ms <= $1";

const ONE: &str = "SELECT * FROM replies WHERE key_hash = $1";

/// Numbers rise without a gap and only the oldest are forgotten, so the difference is at least the count.
const SPAN: &str =
    "SELECT COALESCE(MAX(seq), 0) AS last, COALESCE(MAX(seq) - MIN(seq) + 1, 0) AS span FROM replies";

const CLAIM: &str = "INSERT INTO replies (seq, key_hash, request_hash, life, asked_at_ms) \
     VALUES ($1, $2, $3, $4, $5)";

const KEEP: &str =
    "UPDATE replies SET status = $2, location = $3, content_type = $4, body = $5 WHERE key_hash = $1";

const LET_GO: &str = "DELETE FROM replies WHERE key_hash = $1 AND status IS NULL";

/// A request that names an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Hash of caller and key.
    pub key_hash: String,
    /// Hash of everything that makes the request another one.
    pub request_hash: String,
    /// This life of the daemon.
    pub life: String,
}

/// An answer as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Where the thing stands that was made.
    pub location: Option<String>,
    /// Media type of the body.
    pub content_type: Option<String>,
    /// The body.
    pub body: String,
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// Nothing: the request is to be carried out, and is written down as running.
    New,
    /// It was carried out; this was the answer.
    Answered(Reply),
    /// It is being carried out.
    Running,
    /// The daemon stopped while it was carried out: what came of it is not known here.
    Interrupted,
    /// The key belongs to another request.
    OtherRequest,
    /// Too many keys are kept.
    Full,
}

impl Store {
    /// Claims an idempotency key for a request, durably.
    ///
    /// # Errors
    /// If it could not be read or written; the request must not be carried out then.
    pub async fn claim_reply(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let now = now_ms();
        let mut transaction = self.write().await?;
        query(FORGET).bind(now - REPLY_KEPT_MS).execute(&mut *transaction).await.map_err(failed)?;
        let known = query(ONE).bind(&claim.key_hash).fetch_optional(&mut *transaction).await;
        if let Some(row) = known.map_err(failed)? {
            return claimed(&row, claim).map_err(failed);
        }
        let row = query(SPAN).fetch_one(&mut *transaction).await.map_err(failed)?;
        if row.try_get::<i64, _>("span").map_err(failed)? >= REPLIES_MAX {
            return Ok(Claimed::Full);
        }
        query(CLAIM)
            .bind(row.try_get::<i64, _>("last").map_err(failed)? + 1)
            .bind(&claim.key_hash)
            .bind(&claim.request_hash)
            .bind(&claim.life)
            .bind(now)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        self.commit(transaction).await?;
        Ok(Claimed::New)
    }

    /// Keeps the answer to a request that was claimed.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn keep_reply(&self, key_hash: &str, reply: &Reply) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        query(KEEP)
            .bind(key_hash)
            .bind(i64::from(reply.status))
            .bind(&reply.location)
            .bind(&reply.content_type)
            .bind(&reply.body)
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.failed(&e))?;
        self.commit(transaction).await
    }

    /// Lets a key go whose request changed nothing, so that the request can be made again.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn let_reply_go(&self, key_hash: &str) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let done = query(LET_GO).bind(key_hash).execute(&mut *transaction).await;
        done.map_err(|e| self.failed(&e))?;
        self.commit(transaction).await
    }
}

fn claimed(row: &sqlx::sqlite::SqliteRow, claim: &Claim) -> Result<Claimed, sqlx::Error> {
    if row.try_get::<&str, _>("request_hash")? != claim.request_hash {
        return Ok(Claimed::OtherRequest);
    }
    let Some(status) = row.try_get::<Option<i64>, _>("status")? else {
        let same_life = row.try_get::<&str, _>("life")? == claim.life;
        return Ok(if same_life { Claimed::Running } else { Claimed::Interrupted });
    };
    Ok(Claimed::Answered(Reply {
        status: u16::try_from(status).unwrap_or(500),
        location: row.try_get("location")?,
        content_type: row.try_get("content_type")?,
        body: row.try_get::<Option<String>, _>("body")?.unwrap_or_default(),
    }))
}

#[cfg(test)]
mod tests;
