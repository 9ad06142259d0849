//! Keys of programs: `tg_` and 256 random bits, of which only the hash is kept.

use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::record::folded;
use super::role::{Scope, Scopes, join, split};
use super::{People, PeopleFault, secret};
use crate::store::StoreError;

/// What a key begins with, so that it is known for one wherever it turns up.
const PREFIX: &str = "tg_";

/// Being used is written down this often at most.
const USED_INTERVAL_MS: i64 = 60_000;

const ADD: &str = "INSERT INTO api_keys (id, name, hash, scopes, made_by, made_at_ms, expires_at_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";

const BY_HASH: &str = "SELECT * FROM api_keys WHERE hash = $1";

const ALL: &str = "SELECT * FROM api_keys ORDER BY name LIMIT 1000";

const USED: &str = "UPDATE api_keys SET used_at_ms = $2 WHERE hash = $1";

const REVOKE: &str = "UPDATE api_keys SET revoked_at_ms = $2 WHERE name = $1 AND revoked_at_ms IS NULL";

/// A key that is to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What program it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it ends by itself.
    pub expires_at_ms: Option<i64>,
}

/// A key as an admin sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// What program it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at_ms: i64,
    /// When it ends by itself.
    pub expires_at_ms: Option<i64>,
    /// When it was used last, to the minute.
    pub used_at_ms: Option<i64>,
    /// When it was taken back.
    pub revoked_at_ms: Option<i64>,
}

/// The program that presented a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHolder {
    /// The key's name.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
}

impl KeyRecord {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            name: row.try_get("name")?,
            scopes: split(&row.try_get::<String, _>("scopes")?),
            made_by: row.try_get("made_by")?,
            made_at_ms: row.try_get("made_at_ms")?,
            expires_at_ms: row.try_get("expires_at_ms")?,
            used_at_ms: row.try_get("used_at_ms")?,
            revoked_at_ms: row.try_get("revoked_at_ms")?,
        })
    }

    fn holds(&self, now_ms: i64) -> bool {
        self.revoked_at_ms.is_none() && self.expires_at_ms.is_none_or(|end| now_ms < end)
    }
}

impl People {
    /// Makes a key; the text is shown once.
    ///
    /// # Errors
    /// If the name is taken or none, there is no scope, it would have expired, or it could not be written.
    pub async fn make_key(&self, by: &str, new: &NewKey) -> Result<Zeroizing<String>, PeopleFault> {
        let name = folded(&new.name)?;
        if new.scopes.is_empty() {
            return Err(PeopleFault::Nothing("scope"));
        }
        let now = self.now_ms();
        if new.expires_at_ms.is_some_and(|end| end <= now) {
            return Err(PeopleFault::Expired);
        }
        let key = Zeroizing::new(format!("{PREFIX}{}", *secret::fresh()));
        let scopes = join(Scopes::of(&new.scopes).iter());
        let mut work = self.store.write().await?;
        let added = query(ADD)
            .bind(Uuid::now_v7().to_string())
            .bind(&name)
            .bind(secret::digest(&key))
            .bind(&scopes)
            .bind(by)
            .bind(now)
            .bind(new.expires_at_ms)
            .execute(&mut *work)
            .await;
        match added {
            Ok(_) => {}
            Err(sqlx::Error::Database(fault)) if fault.is_unique_violation() => {
                return Err(PeopleFault::Taken { what: "key", name });
            }
            Err(fault) => return Err(self.store.failed(&fault).into()),
        }
        let subject = format!("key:{name}");
        self.store.trail_in(&mut work, by, "key made", &subject, &format!("scopes: {scopes}")).await?;
        self.store.commit(work).await?;
        Ok(key)
    }

    /// All keys, by name; those taken back too; a thousand at most.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn keys(&self) -> Result<Vec<KeyRecord>, PeopleFault> {
        let failed = |fault: sqlx::Error| self.store.failed(&fault);
        let mut reading = self.store.read().await?;
        let rows = query(ALL).fetch_all(&mut *reading).await.map_err(failed)?;
        Ok(rows.iter().map(KeyRecord::from_row).collect::<Result<_, _>>().map_err(failed)?)
    }

    /// Takes a key back: it opens nothing from now on. Its name stays taken, as the trail knows it.
    ///
    /// # Errors
    /// If there is no key of that name that still holds, or it could not be written.
    pub async fn revoke_key(&self, by: &str, name: &str) -> Result<(), PeopleFault> {
        let name = folded(name)?;
        let mut work = self.store.write().await?;
        let done = query(REVOKE).bind(&name).bind(self.now_ms()).execute(&mut *work).await;
        if done.map_err(|fault| self.store.failed(&fault))?.rows_affected() == 0 {
            return Err(PeopleFault::Unknown { what: "key", name, command: "key" });
        }
        self.store.trail_in(&mut work, by, "key revoked", &format!("key:{name}"), "").await?;
        Ok(self.store.commit(work).await?)
    }

    /// Which program presents this key, if it holds.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn key_holder(&self, presented: &str) -> Result<Option<KeyHolder>, StoreError> {
        if !presented.starts_with(PREFIX) {
            return Ok(None);
        }
        let failed = |fault: sqlx::Error| self.store.failed(&fault);
        let hash = secret::digest(presented);
        let mut reading = self.store.read().await?;
        let row = query(BY_HASH).bind(&hash).fetch_optional(&mut *reading).await.map_err(failed)?;
        let key = row.map(|row| KeyRecord::from_row(&row)).transpose().map_err(failed)?;
        drop(reading);
        let now = self.now_ms();
        let Some(key) = key.filter(|key| key.holds(now)) else { return Ok(None) };
        if key.used_at_ms.is_none_or(|used| now - used >= USED_INTERVAL_MS) {
            let mut work = self.store.write().await?;
            query(USED).bind(&hash).bind(now).execute(&mut *work).await.map_err(failed)?;
            self.store.commit(work).await?;
        }
        Ok(Some(KeyHolder { name: key.name, scopes: Scopes::of(&key.scopes) }))
    }
}
