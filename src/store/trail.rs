//! Who did what. Each row holds the hash of the row before it, so that what is changed, cut out or moved
//! later on is found (PCI DSS 10.3.4).
//!
//! Whoever can write to the file can also compute the whole chain anew. The log therefore gets number and
//! hash of the last row at every start: a trail that was written anew does not fit a log kept elsewhere.

use sha2::{Digest, Sha256};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Row, Transaction, query};

use super::text::{detail, field};
use super::{Store, StoreError, Work, now_ms};

/// What the first row is bound to.
const NOTHING_BEFORE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Rows that are read at once.
const PAGE_ROWS: i64 = 500;

/// After so many faults the rest says nothing more.
const MAX_FAULTS: usize = 100;

const HEAD: &str = "SELECT seq, hash FROM trail_head WHERE only = 1";

const ADD: &str = "INSERT INTO trail (seq, at_ms, actor, act, subject, detail, prev_hash, hash) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const MOVE_HEAD: &str = "UPDATE trail_head SET seq = $1, hash = $2 WHERE only = 1";

const PAGE: &str = "SELECT * FROM trail WHERE seq > $1 ORDER BY seq LIMIT $2";

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrailFault {
    /// Its content is not what was hashed.
    #[error("row {0} was altered")]
    Altered(i64),
    /// Rows are gone.
    #[error("rows {from} to {to} are missing")]
    Missing {
        /// The first.
        from: i64,
        /// The last.
        to: i64,
    },
    /// It stood elsewhere.
    #[error("row {0} stood in another place")]
    Moved(i64),
    /// It is whole, but does not follow the row before it.
    #[error("row {0} does not follow the row before it: one of the two was written anew")]
    Unlinked(i64),
    /// The last row is not the one that was written last.
    #[error("the last row, {0}, is not the one that was written last")]
    End(i64),
}

/// What an examination of the trail found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailReport {
    /// Rows examined.
    pub rows: u64,
    /// Number of the last row; compare it and the hash with what the log says.
    pub last: i64,
    /// Hash of the last row.
    pub hash: String,
    /// What does not fit; at most a hundred.
    pub faults: Vec<TrailFault>,
}

impl TrailReport {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }
}

/// A row.
struct Entry {
    at_ms: i64,
    actor: String,
    act: String,
    subject: String,
    detail: String,
    prev_hash: String,
    hash: String,
}

impl Entry {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            at_ms: row.try_get("at_ms")?,
            actor: row.try_get("actor")?,
            act: row.try_get("act")?,
            subject: row.try_get("subject")?,
            detail: row.try_get("detail")?,
            prev_hash: row.try_get("prev_hash")?,
            hash: row.try_get("hash")?,
        })
    }

    /// SHA-256 over lengths and contents, so that nothing can pass from one field into the next. Numbers
    /// are big-endian.
    fn digest(&self, seq: i64) -> String {
        let mut hash = Sha256::new();
        hash.update(b"tonegate trail 1\n");
        hash.update(seq.to_be_bytes());
        hash.update(self.at_ms.to_be_bytes());
        for text in [&self.prev_hash, &self.actor, &self.act, &self.subject, &self.detail] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hex::encode(hash.finalize())
    }
}

impl Store {
    /// Adds a row to the trail: who, what, to what. Returns its number.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn trail(&self, actor: &str, act: &str, subject: &str, words: &str) -> Result<i64, StoreError> {
        let mut transaction = self.write().await?;
        let added = append(&mut transaction, actor, act, subject, words).await;
        let seq = added.map_err(|e| self.failed(&e))?;
        self.commit(transaction).await?;
        Ok(seq)
    }

    /// Adds a row to the trail together with the other work: both are written, or neither.
    ///
    /// # Errors
    /// If it could not be written.
    pub(crate) async fn trail_in(
        &self,
        work: &mut Work,
        actor: &str,
        act: &str,
        subject: &str,
        words: &str,
    ) -> Result<(), StoreError> {
        append(work, actor, act, subject, words).await.map(|_| ()).map_err(|e| self.failed(&e))
    }

    /// Examines the whole trail.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn verify_trail(&self) -> Result<TrailReport, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.read().await?;
        let mut examined = Examined::default();
        loop {
            let rows = query(PAGE).bind(examined.last).bind(PAGE_ROWS).fetch_all(&mut *transaction).await;
            let rows = rows.map_err(failed)?;
            for row in &rows {
                examined.row(row.try_get("seq").map_err(failed)?, Entry::from_row(row).ok());
            }
            if rows.is_empty() || examined.faults.len() >= MAX_FAULTS {
                break;
            }
        }
        let (seq, hash) = head(&mut transaction).await.map_err(failed)?;
        examined.end(seq, &hash);
        Ok(TrailReport {
            rows: examined.rows,
            last: examined.last,
            hash: examined.hash,
            faults: examined.faults,
        })
    }

    /// Tells the log where the trail stands.
    pub(super) async fn announce_trail(&self) -> Result<(), StoreError> {
        let mut transaction = self.read().await?;
        let (seq, hash) = head(&mut transaction).await.map_err(|e| self.failed(&e))?;
        tracing::info!(file = %self.file.display(), row = seq, hash, "the trail stands here");
        Ok(())
    }
}

/// What has been seen so far.
struct Examined {
    rows: u64,
    last: i64,
    hash: String,
    faults: Vec<TrailFault>,
}

impl Default for Examined {
    fn default() -> Self {
        Self { rows: 0, last: 0, hash: NOTHING_BEFORE.into(), faults: Vec::new() }
    }
}

impl Examined {
    fn row(&mut self, seq: i64, entry: Option<Entry>) {
        self.rows += 1;
        let gap = seq > self.last + 1;
        if gap {
            self.fault(TrailFault::Missing { from: self.last + 1, to: seq - 1 });
        }
        match entry {
            // A column holds what is not even text.
            None => self.fault(TrailFault::Altered(seq)),
            Some(entry) => {
                let follows = entry.prev_hash == self.hash;
                match (entry.digest(seq) == entry.hash, follows) {
                    (false, true) => self.fault(TrailFault::Altered(seq)),
                    (false, false) => self.fault(TrailFault::Moved(seq)),
                    (true, false) if !gap => self.fault(TrailFault::Unlinked(seq)),
                    (true, _) => {}
                }
                self.hash = entry.hash;
            }
        }
        self.last = seq;
    }

    fn end(&mut self, seq: i64, hash: &str) {
        if self.faults.len() >= MAX_FAULTS {
            return;
        }
        if seq > self.last {
            self.fault(TrailFault::Missing { from: self.last + 1, to: seq });
        } else if seq != self.last || hash != self.hash {
            self.fault(TrailFault::End(self.last));
        }
    }

    fn fault(&mut self, fault: TrailFault) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }
}

async fn head(transaction: &mut Transaction<'static, Sqlite>) -> Result<(i64, String), sqlx::Error> {
    let row = query(HEAD).fetch_one(&mut **transaction).await?;
    Ok((row.try_get("seq")?, row.try_get("hash")?))
}

pub(super) async fn append(
    transaction: &mut Transaction<'static, Sqlite>,
    actor: &str,
    act: &str,
    subject: &str,
    words: &str,
) -> Result<i64, sqlx::Error> {
    let (last, prev_hash) = head(transaction).await?;
    let seq = last + 1;
    let mut entry = Entry {
        at_ms: now_ms(),
        actor: field(actor).to_owned(),
        act: field(act).to_owned(),
        subject: field(subject).to_owned(),
        detail: detail(words),
        prev_hash,
        hash: String::new(),
    };
    entry.hash = entry.digest(seq);
    query(ADD)
        .bind(seq)
        .bind(entry.at_ms)
        .bind(&entry.actor)
        .bind(&entry.act)
        .bind(&entry.subject)
        .bind(&entry.detail)
        .bind(&entry.prev_hash)
        .bind(&entry.hash)
        .execute(&mut **transaction)
        .await?;
    query(MOVE_HEAD).bind(seq).bind(&entry.hash).execute(&mut **transaction).await?;
    Ok(seq)
}
