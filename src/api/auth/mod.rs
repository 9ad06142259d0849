//! Who asks, and what they may do.
//!
//! A program presents a key (`Authorization: Bearer tg_…`, or the configuration's key); a person's browser presents the
//! cookie of a session, and with every unsafe method the session's form token. Both become a [`Caller`]. Pages ask for
//! the extractor [`Person`](crate::people::Person) instead, which leads whoever is not logged in to the login page.
//! Those who stay, to listen, do so as long as what they were let in with holds ([`Pass`]).

mod caller;
mod cookies;
mod csrf;
mod guesses;
mod listening;
mod oidc;
mod origin;
mod pass;
pub(crate) mod person;
mod refusal;
pub(crate) mod sign;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use ipnet::IpNet;

use super::headers;
use crate::config::Secret;
use crate::people::{People, oidc::Provider};

pub(crate) use caller::{Caller, guard, identify};
pub(crate) use listening::Peer;
pub(crate) use origin::Origin;
pub(crate) use pass::Pass;

/// What every check needs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Auth(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    people: People,
    provider: Option<Provider>,
    key: Secret,
    door: Doorway,
    pages: headers::Policy,
    noise: refusal::Noise,
    guesses: guesses::Guesses,
}

/// How requests reach us.
#[derive(Clone, Debug, Default)]
pub struct Doorway {
    /// This process ends TLS itself.
    pub tls: bool,
    /// A proxy ends TLS between here and others: what comes without its word for that is believed to come from others.
    pub behind_proxy: bool,
    /// Proxies whose word on address and scheme of a request is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins whose pages may show ours in a frame.
    pub frame_ancestors: Vec<String>,
}

impl Auth {
    /// The checks of one daemon. `key` is that of the configuration, with all scopes; empty, it opens nothing.
    #[must_use]
    pub fn new(people: People, key: Secret, provider: Option<Provider>, door: Doorway) -> Self {
        let pages = headers::Policy::new(&door.frame_ancestors);
        let (noise, guesses) = (refusal::Noise::default(), guesses::Guesses::default());
        Self(Arc::new(Inner { people, provider, key, door, pages, noise, guesses }))
    }
}

impl Auth {
    /// The people it lets in.
    #[must_use]
    pub fn people(&self) -> &People {
        &self.0.people
    }

    /// The identity provider that vouches for people, if there is one: the login page leads to `/auth/oidc?next=…`.
    #[must_use]
    pub fn provider(&self) -> Option<&Provider> {
        self.0.provider.as_ref()
    }

    /// What pages may do.
    pub(super) fn pages(&self) -> &headers::Policy {
        &self.0.pages
    }
}

/// Routes of logins by the identity provider, and of logging out.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(auth: &Auth) -> Router<S> {
    Router::new()
        .route("/auth/oidc", get(oidc::begin))
        .route("/auth/oidc/callback", get(oidc::finish))
        .route("/auth/session", get(person::show))
        .route("/auth/login", post(sign::log_in))
        .route("/auth/logout", post(sign::log_out))
        .with_state(auth.clone())
}

/// What every route is surrounded with: where the request comes from, form tokens, headers of the answer.
pub(crate) fn surround(router: Router, auth: &Auth) -> Router {
    router
        .layer(from_fn_with_state(auth.clone(), csrf::check))
        .layer(from_fn_with_state(auth.clone(), headers::apply))
        .layer(from_fn_with_state(auth.clone(), origin::find))
}
