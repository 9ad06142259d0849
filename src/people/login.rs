//! A login: password, one-time code, lock after wrong tries.
//!
//! Nothing of the answer, its words or its time, tells whether there is somebody of that name.

use sqlx::query;

use super::password::{HashFault, Password};
use super::record::{Record, folded};
use super::session::Session;
use super::totp::Code;
use super::tries::Tries;
use super::{LoginFault, People, PeopleFault};
use crate::store::{StoreError, Work};

const TRIES: &str = "UPDATE people SET wrong_tries = $2, locked_until_ms = $3 WHERE id = $1";

const SEEN: &str = "UPDATE people SET wrong_tries = 0, locked_until_ms = 0, seen_at_ms = $2 WHERE id = $1";

/// Who the trail says it was, as long as nobody has proved a name.
const SOMEBODY: &str = "somebody";

/// What somebody types to log in.
#[derive(Clone, Debug)]
pub struct Login<'a> {
    /// The name.
    pub name: &'a str,
    /// The password.
    pub password: Password,
    /// The one-time or recovery code, if one was asked for.
    pub code: Option<&'a str>,
    /// The address it came from, for the trail.
    pub from: &'a str,
}

/// What to do about a try whose password has been looked at.
enum Found {
    /// There is nobody of that name, or nobody with a password.
    Nobody,
    Locked(Record),
    Wrong(Record, &'static str),
    CodeNeeded,
    In(Record, &'static str),
}

impl People {
    /// Logs somebody in. The session's token is new; what the browser had before is worth nothing.
    ///
    /// # Errors
    /// [`LoginFault::Refused`] whatever is wrong; [`LoginFault::CodeNeeded`] if name and password are right.
    pub async fn login(&self, login: &Login<'_>) -> Result<Session, LoginFault> {
        let name = folded(login.name).unwrap_or_default();
        let mut reading = self.store.read().await?;
        let kept = self.by_name(&mut reading, &name).await?.and_then(|record| record.password);
        drop(reading);
        let right = self.hasher.matches(&login.password, kept.as_deref()).await?;
        // The verdict in one piece with the count: many tries at once are counted like many tries in a row.
        let mut work = self.store.write().await?;
        let found = self.look(&mut work, &name, kept.as_deref(), right, login.code).await?;
        let from = format!("from {}", login.from);
        let result = match found {
            Found::Nobody => {
                // What was typed may be a password in the wrong field: it is not written down.
                self.store
                    .trail_in(&mut work, SOMEBODY, "login refused", "a name not known here", &from)
                    .await?;
                Err(LoginFault::Refused)
            }
            Found::Locked(record) => {
                let words = format!("locked; {from}");
                let subject = record.actor();
                self.store.trail_in(&mut work, SOMEBODY, "login refused", &subject, &words).await?;
                Err(LoginFault::Refused)
            }
            Found::Wrong(record, what) => {
                let words = format!("{what}; {from}");
                self.store.trail_in(&mut work, SOMEBODY, "login refused", &record.actor(), &words).await?;
                self.count(&mut work, &record).await?;
                Err(LoginFault::Refused)
            }
            Found::CodeNeeded => Err(LoginFault::CodeNeeded),
            Found::In(record, how) => {
                let words = format!("{how}; {from}");
                Ok(self.let_in(&mut work, record, &words).await?)
            }
        };
        self.store.commit(work).await?;
        result
    }

    async fn look(
        &self,
        work: &mut Work,
        name: &str,
        compared: Option<&str>,
        right: bool,
        code: Option<&str>,
    ) -> Result<Found, LoginFault> {
        let Some(record) = self.by_name(work, name).await?.filter(|record| record.password.is_some()) else {
            return Ok(Found::Nobody);
        };
        if record.shut_out || record.tries.locked(self.now_ms()) {
            return Ok(Found::Locked(record));
        }
        // It may have been changed since it was compared.
        if !right || record.password.as_deref() != compared {
            return Ok(Found::Wrong(record, "wrong password"));
        }
        if !record.totp_confirmed {
            return Ok(Found::In(record, "by password"));
        }
        let Some(code) = code.map(str::trim).filter(|code| !code.is_empty()) else {
            return Ok(Found::CodeNeeded);
        };
        let taken = self.take_code(work, &record, code).await;
        Ok(match taken.map_err(|fault| into_login(fault, &record))? {
            Code::Right => Found::In(record, "by password and code"),
            Code::Recovery => Found::In(record, "by password and recovery code"),
            Code::Wrong => Found::Wrong(record, "wrong code"),
        })
    }

    /// Counts a wrong try, and locks at the tenth.
    pub(super) async fn count(&self, work: &mut Work, record: &Record) -> Result<(), StoreError> {
        let now = self.now_ms();
        let Tries { wrong, locked_until_ms } = record.tries.one_more(now);
        let id = record.id.to_string();
        let done = query(TRIES).bind(id).bind(wrong).bind(locked_until_ms).execute(&mut **work).await;
        done.map_err(|fault| self.store.failed(&fault))?;
        if now < locked_until_ms {
            let words = "ten wrong tries: for thirty minutes";
            self.store.trail_in(work, "tonegate", "locked", &record.actor(), words).await?;
            tracing::warn!(name = record.name, "locked after ten wrong tries");
        }
        Ok(())
    }

    /// Begins a session for somebody who has proved who they are.
    pub(super) async fn let_in(
        &self,
        work: &mut Work,
        record: Record,
        words: &str,
    ) -> Result<Session, StoreError> {
        let id = record.id.to_string();
        let done = query(SEEN).bind(id).bind(self.now_ms()).execute(&mut **work).await;
        done.map_err(|fault| self.store.failed(&fault))?;
        let actor = record.actor();
        self.store.trail_in(work, &actor, "login", &actor, words).await?;
        self.begin_session(work, record).await
    }
}

/// What can go wrong with a code is not the caller's doing.
fn into_login(fault: PeopleFault, record: &Record) -> LoginFault {
    match fault {
        PeopleFault::Codes(fault) => {
            tracing::error!(name = record.name, "a one-time code cannot be checked: {fault}");
            LoginFault::Codes
        }
        PeopleFault::Store(fault) => LoginFault::Store(fault),
        PeopleFault::Hash(fault) => LoginFault::Hash(fault),
        other => LoginFault::Hash(HashFault::Broken(other.to_string())),
    }
}
