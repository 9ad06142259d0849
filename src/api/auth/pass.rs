//! What somebody was let in with, for those who stay: a stream ends with the session or the key it was opened with.

use std::time::Duration;

use axum::http::request::Parts;
use zeroize::Zeroizing;

use super::{Auth, Caller, Origin, cookies};
use crate::people::Person;

/// How often it is looked whether it still holds.
const CHECK_INTERVAL_MS: u64 = 5_000;

/// What was presented.
#[derive(Clone)]
enum Presented {
    /// The key of the configuration, which holds as long as the daemon runs.
    Configured,
    /// A key made here.
    Key(Zeroizing<String>),
    /// The token of a session.
    Session(Zeroizing<String>),
}

/// What somebody was let in with; an extension of every request beside its [`Caller`].
#[derive(Clone)]
pub(crate) struct Pass {
    auth: Auth,
    presented: Presented,
    caller: Caller,
}

impl Pass {
    /// The key of the configuration.
    pub(in crate::api) fn configured(auth: &Auth, caller: Caller) -> Self {
        Self { auth: auth.clone(), presented: Presented::Configured, caller }
    }

    /// A key made here.
    pub(super) fn key(auth: &Auth, presented: &str, caller: Caller) -> Self {
        let presented = Presented::Key(Zeroizing::new(presented.to_owned()));
        Self { auth: auth.clone(), presented, caller }
    }

    /// A session.
    pub(super) fn session(auth: &Auth, token: Zeroizing<String>, person: Person) -> Self {
        Self { auth: auth.clone(), presented: Presented::Session(token), caller: Caller::person(person) }
    }

    /// The session of a page's request; none without the cookie.
    pub(in crate::api) fn of_page(parts: &Parts, auth: &Auth, person: Person) -> Option<Self> {
        let origin = parts.extensions.get::<Origin>()?;
        let token = cookies::find(&parts.headers, *origin, cookies::SESSION)?;
        Some(Self::session(auth, token, person))
    }

    /// Who was let in with it.
    pub(in crate::api) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Returns a few seconds after it has ended, with the reason. Waiting does not count as being active.
    pub(in crate::api) async fn over(self) -> &'static str {
        loop {
            tokio::time::sleep(Duration::from_millis(CHECK_INTERVAL_MS)).await;
            if let Some(why) = self.ended().await {
                return why;
            }
        }
    }

    async fn ended(&self) -> Option<&'static str> {
        let people = self.auth.people();
        let (now, gone) = match &self.presented {
            Presented::Configured => return None,
            Presented::Key(key) => {
                let holder = people.key_holder(key).await;
                let caller = holder.map(|holder| holder.map(|key| Caller::key(&key.name, key.scopes)));
                (caller, "the key has expired or was taken back")
            }
            Presented::Session(token) => {
                let person = people.session(token, false).await;
                let free = person.map(|person| person.filter(|person| person.duty.is_none()));
                (free.map(|person| person.map(Caller::person)), "the session has ended: log in again")
            }
        };
        match now {
            Ok(Some(caller)) if caller == self.caller => None,
            Ok(Some(_)) => Some("what you may do has changed: connect again"),
            Ok(None) => Some(gone),
            Err(fault) => {
                tracing::error!("a stream is ended, as it cannot be looked up whether it may go on: {fault}");
                Some("it cannot be looked up now whether you may listen: connect again")
            }
        }
    }
}
