//! Login by an identity provider: OpenID Connect Core 1.0, authorisation code flow with PKCE (RFC 7636), state and
//! nonce.
//!
//! [`Provider::begin`] sends the browser to the provider; [`People::login_by_provider`] takes what it comes back with.
//! A login that waits is kept in the store, under a random token that only that browser has in a cookie. The provider's
//! groups give roles, each time anew; whoever has none is not let in.

mod fetch;
mod login;
mod provider;
mod token;

#[cfg(test)]
mod tests;

use crate::config::Secret;

use super::Role;

pub use login::Returned;
pub use provider::{Begun, Provider};

#[cfg(doc)]
use super::People;

/// What an admin has set about the provider.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// Its address, as its tokens name it.
    pub issuer: String,
    /// What it knows us as.
    pub client_id: String,
    /// What we prove that with.
    pub client_secret: Secret,
    /// Our own address as browsers know it, without a path: `https://pay.example.com`.
    pub public_url: String,
    /// Scopes beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that becomes the name.
    pub name_claim: String,
    /// The claim that holds groups.
    pub groups_claim: String,
    /// The claim that holds the telephone extension or extensions.
    pub extension_claim: String,
    /// Which group gives which role.
    pub roles: Vec<(Role, Vec<String>)>,
    /// How far the provider's clock may be from ours.
    pub skew_s: i64,
}

impl ProviderSettings {
    /// Where the provider sends browsers back to.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        format!("{}/auth/oidc/callback", self.public_url.trim_end_matches('/'))
    }
}

/// Why the provider's word does not let somebody in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFault {
    /// It cannot be asked.
    #[error("the identity provider cannot be asked: {0}; is oidc.issuer right, and does it run?")]
    Unreachable(String),
    /// It said no.
    #[error("the identity provider refused: {0}")]
    Refused(String),
    /// Its answer is not as it must be.
    #[error("the identity provider's answer is not believed: {0}")]
    NotBelieved(String),
    /// The browser came back with nothing that waits.
    #[error(
        "no login waits for this answer: it took longer than ten minutes, or began in another browser; try again"
    )]
    NotWaiting,
    /// No group gives a role.
    #[error("`{0}` has no group that gives a role here; oidc.roles says which do")]
    NoRole(String),
    /// Somebody else has that name.
    #[error(
        "`{0}` is a person with a password here; they have to be renamed or removed before the provider can vouch for that name"
    )]
    NameTaken(String),
    /// An admin keeps them out.
    #[error("`{0}` is locked; an admin can unlock it: tonegate user unlock {0}")]
    Locked(String),
}
