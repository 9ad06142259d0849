//! Who may do what: users and their roles, sessions, one-time codes, API keys, identity providers.
//!
//! | What | Where |
//! |---|---|
//! | roles, scopes, and which role gives which scope | [`Role`], [`Scope`] |
//! | a login: password, one-time code, lock after wrong tries | [`People::login`] |
//! | a session: a random token in a cookie, its hash here, 15 minutes idle | [`People::session`] |
//! | keys of programs | [`People::key_holder`] |
//! | what an admin does with people and keys | [`Act`], [`People::perform`] |
//! | the daemon's own door for `tonegate user` and `tonegate key` | [`door`] |
//! | login by an identity provider (OpenID Connect) | [`oidc`] |
//!
//! Of passwords, tokens, keys and recovery codes only hashes are kept; of one-time codes the secret, as RFC 6238
//! needs it, encrypted. Every act stands in the trail, written together with what it changes.

mod account;
mod act;
mod error;
mod key;
mod login;
mod password;
mod record;
mod role;
mod sealed;
mod secret;
mod session;
mod totp;
mod tries;

pub mod door;
pub mod oidc;

#[cfg(test)]
pub(crate) mod tests;

use std::fmt;
use std::sync::Arc;

use crate::store::Store;

pub use act::{Act, Done};
pub use error::{LoginFault, PeopleFault};
pub use key::{KeyHolder, KeyRecord, NewKey};
pub use login::Login;
pub use password::{HashFault, Password, Weak};
pub use record::{Account, Change, NewPerson};
pub use role::{Role, Scope, Scopes, UnknownWord};
pub use sealed::{CodesFault, CodesKey};
pub use session::{Duty, Person, Session, csrf_token};
pub use totp::Enrolment;

/// Milliseconds since 1970-01-01 UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What an admin has set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A session ends after so long without a request (PCI DSS 8.2.8).
    pub idle_ms: i64,
    /// And after so long in any case.
    pub session_ms: i64,
    /// Roles that need a one-time code.
    pub code_required: Vec<Role>,
    /// Whose codes these are, in the authenticator.
    pub issuer: String,
}

/// The people of this store, and the rules they follow. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct People {
    store: Store,
    rules: Arc<Rules>,
    clock: Clock,
    hasher: password::Hasher,
    sealer: sealed::Sealer,
}

impl fmt::Debug for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("People").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl People {
    /// The people of a store; `codes_key` encrypts the secrets of their one-time codes.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn new(store: Store, rules: Rules, codes_key: CodesKey) -> Result<Self, HashFault> {
        Self::with_clock(store, rules, codes_key, Arc::new(|| jiff::Timestamp::now().as_millisecond()))
    }

    /// With another clock.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn with_clock(
        store: Store,
        rules: Rules,
        codes_key: CodesKey,
        clock: Clock,
    ) -> Result<Self, HashFault> {
        let (hasher, sealer) = (password::Hasher::new()?, sealed::Sealer::new(codes_key));
        Ok(Self { store, rules: Arc::new(rules), clock, hasher, sealer })
    }

    /// Writes into the trail what somebody was refused.
    pub async fn refused(&self, actor: &str, subject: &str, words: &str) {
        if let Err(fault) = self.store.trail(actor, "refused", subject, words).await {
            tracing::error!(actor, subject, "a refusal could not be written down: {fault}");
        }
    }

    /// The file of the store they are in.
    #[must_use]
    pub fn store_file(&self) -> &std::path::Path {
        self.store.file()
    }

    /// Now, by the clock that sessions go by.
    pub(crate) fn now_ms(&self) -> i64 {
        (self.clock)()
    }
}
