//! Sessions: a random token in the person's browser, its hash here.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sqlx::{Row, query};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::record::Record;
use super::role::{Role, Scope, Scopes};
use super::{People, secret};
use crate::store::{StoreError, Work};

/// Browsers one person is logged in with; the oldest session gives way.
const SESSIONS_MAX: i64 = 10;

/// Being seen is written down this often at most. A session therefore ends so much early, never late.
const SEEN_INTERVAL_MS: i64 = 20_000;

/// What a token is mixed with for forms.
const CSRF_LABEL: &[u8] = b"tonegate form 1";

const BEGIN: &str = "INSERT INTO sessions (hash, person, begun_at_ms, seen_at_ms) VALUES ($1, $2, $3, $3)";

const FIND: &str = "SELECT person, begun_at_ms, seen_at_ms FROM sessions WHERE hash = $1";

const SEEN: &str = "UPDATE sessions SET seen_at_ms = $2 WHERE hash = $1 AND seen_at_ms < $2";

const END: &str = "DELETE FROM sessions WHERE hash = $1";

const END_OTHERS: &str = "DELETE FROM sessions WHERE person = $1 AND hash <> $2";

const END_STALE: &str = "DELETE FROM sessions WHERE seen_at_ms < $1 OR begun_at_ms < $2";

const END_OLDEST: &str = "DELETE FROM sessions WHERE person = $1 AND hash NOT IN \
     (SELECT hash FROM sessions WHERE person = $1 ORDER BY begun_at_ms DESC, hash LIMIT $2)";

/// What has to be done before anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Choose a password: the present one was made by an admin.
    ChangePassword,
    /// Set up one-time codes: a role asks for them.
    SetUpCodes,
}

/// Somebody who is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: Uuid,
    /// What was typed to log in.
    pub name: String,
    /// What others read.
    pub display: String,
    /// What they are in the company.
    pub roles: Vec<Role>,
    /// Telephone extensions, whose calls are theirs.
    pub extensions: Vec<String>,
    /// Language tag; none: as the browser asks.
    pub locale: Option<String>,
    /// Belongs into every form, as the field `csrf`, or into the header `X-CSRF-Token`.
    pub csrf: String,
    /// What has to be done before anything else.
    pub duty: Option<Duty>,
    /// One-time codes are set up.
    pub codes: bool,
    /// An identity provider vouches for them.
    pub by_provider: bool,
    /// The hash of the session's token.
    pub(super) session: String,
}

impl Person {
    /// Whether their roles allow it.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.duty.is_none() && Scopes::of_roles(&self.roles).holds(scope)
    }

    /// As the trail names them.
    #[must_use]
    pub fn actor(&self) -> String {
        super::record::actor(&self.name)
    }
}

/// A session that has just begun.
#[derive(Clone)]
pub struct Session {
    /// For the cookie; nobody sees it again.
    pub token: Zeroizing<String>,
    /// Whose it is.
    pub person: Person,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("person", &self.person).finish_non_exhaustive()
    }
}

/// What forms of this session carry. It is computed from the cookie's token, which no other site can read.
#[must_use]
pub fn csrf_token(token: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes());
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, CSRF_LABEL))
}

impl People {
    /// Whose session this token is of, if it has not ended. With `active`, it counts as used: what a page does on its
    /// own (listening to events) does not keep a session alive.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn session(&self, token: &str, active: bool) -> Result<Option<Person>, StoreError> {
        let failed = |fault: sqlx::Error| self.store.failed(&fault);
        let hash = secret::digest(token);
        let mut reading = self.store.read().await?;
        let row = query(FIND).bind(&hash).fetch_optional(&mut *reading).await.map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let person: String = row.try_get("person").map_err(failed)?;
        let begun: i64 = row.try_get("begun_at_ms").map_err(failed)?;
        let seen: i64 = row.try_get("seen_at_ms").map_err(failed)?;
        let person = Uuid::try_parse(&person).unwrap_or_default();
        let Some(record) = self.by_id(&mut reading, person).await? else { return Ok(None) };
        drop(reading);
        let now = self.now_ms();
        let idle = now - seen >= self.rules.idle_ms;
        if idle || now - begun >= self.rules.session_ms || record.shut_out {
            let why = if idle { "idle for too long" } else { "open for too long" };
            self.end(&hash, &record.actor(), why).await?;
            return Ok(None);
        }
        if active && now - seen >= SEEN_INTERVAL_MS {
            let mut work = self.store.write().await?;
            query(SEEN).bind(&hash).bind(now).execute(&mut *work).await.map_err(failed)?;
            self.store.commit(work).await?;
        }
        Ok(Some(self.person(record, hash, token)))
    }

    /// Ends the session.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn logout(&self, person: &Person) -> Result<(), StoreError> {
        self.end(&person.session, &person.actor(), "logged out").await
    }

    async fn end(&self, hash: &str, actor: &str, why: &str) -> Result<(), StoreError> {
        let mut work = self.store.write().await?;
        let done = query(END).bind(hash).execute(&mut *work).await;
        if done.map_err(|fault| self.store.failed(&fault))?.rows_affected() > 0 {
            self.store.trail_in(&mut work, actor, "session ended", actor, why).await?;
        }
        self.store.commit(work).await
    }

    /// Begins one, with a token nobody has seen before.
    pub(super) async fn begin_session(&self, work: &mut Work, record: Record) -> Result<Session, StoreError> {
        let failed = |fault: sqlx::Error| self.store.failed(&fault);
        let token = secret::fresh();
        let hash = secret::digest(&token);
        let now = self.now_ms();
        let id = record.id.to_string();
        let (idle, old) = (now - self.rules.idle_ms, now - self.rules.session_ms);
        query(END_STALE).bind(idle).bind(old).execute(&mut **work).await.map_err(failed)?;
        query(END_OLDEST).bind(&id).bind(SESSIONS_MAX - 1).execute(&mut **work).await.map_err(failed)?;
        query(BEGIN).bind(&hash).bind(&id).bind(now).execute(&mut **work).await.map_err(failed)?;
        let person = self.person(record, hash, &token);
        Ok(Session { token, person })
    }

    /// Ends all sessions of a person, but one.
    pub(super) async fn end_sessions(
        &self,
        work: &mut Work,
        person: Uuid,
        but: &str,
    ) -> Result<(), StoreError> {
        let done = query(END_OTHERS).bind(person.to_string()).bind(but).execute(&mut **work).await;
        done.map(|_| ()).map_err(|fault| self.store.failed(&fault))
    }

    fn person(&self, record: Record, session: String, token: &str) -> Person {
        let code_required = record.roles.iter().any(|role| self.rules.code_required.contains(role));
        let duty = if record.must_change {
            Some(Duty::ChangePassword)
        } else if code_required && !record.totp_confirmed && !record.by_provider {
            // Who comes from an identity provider has given a second factor there.
            Some(Duty::SetUpCodes)
        } else {
            None
        };
        Person {
            id: record.id,
            name: record.name,
            display: record.display,
            roles: record.roles,
            extensions: record.extensions,
            locale: record.locale,
            csrf: csrf_token(token),
            duty,
            codes: record.totp_confirmed,
            by_provider: record.by_provider,
            session,
        }
    }
}
