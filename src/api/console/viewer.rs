//! Who looks at a page, and what they may see and do on it.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::response::Response;

use crate::api::auth::{Auth, Pass};
use crate::people::{Person, Role, Scope};

use super::words::Words;

/// Somebody who is signed in.
#[derive(Clone)]
pub(super) struct Viewer {
    pub person: Person,
    pass: Option<Pass>,
}

impl Viewer {
    /// Whether payments on other people's calls are theirs to see: those who only take payments see their own.
    pub(super) fn sees_all(&self) -> bool {
        self.person.roles.iter().any(|role| *role != Role::Agent)
    }

    pub(super) fn may_take(&self) -> bool {
        self.person.may(Scope::PaymentsWrite)
    }

    pub(super) fn may_watch(&self) -> bool {
        self.person.may(Scope::Reports)
    }

    pub(super) fn may_read(&self) -> bool {
        self.person.may(Scope::PaymentsRead)
    }

    pub(super) fn may_refund(&self) -> bool {
        self.person.may(Scope::Refunds)
    }

    pub(super) fn may_manage(&self) -> bool {
        self.person.may(Scope::Admin)
    }

    /// Whether they may look at the agent of this extension.
    pub(super) fn may_see_agent(&self, extension: &str) -> bool {
        self.person.may(Scope::PaymentsRead)
            && (self.sees_all() || self.person.extensions.iter().any(|own| own == extension))
    }

    /// Ends when they are signed in no longer, or may do something else, with the reason; a page that only listens does
    /// not keep them signed in.
    pub(super) fn gone(&self) -> impl Future<Output = &'static str> + Send + 'static {
        let pass = self.pass.clone();
        async move {
            match pass {
                Some(pass) => pass.over().await,
                None => "nobody is signed in",
            }
        }
    }

    /// The pages that are for them.
    pub(super) fn places(&self, w: &Words) -> Vec<(&'static str, &'static str)> {
        let all = [
            (self.may_take(), "/desk", w.desk),
            (self.may_watch(), "/console", w.overview),
            (self.may_read(), "/console/payments", w.payments),
            (self.may_watch(), "/console/health", w.health),
            (self.may_manage(), super::webhooks::PATH, w.webhooks),
            (self.may_manage(), "/console/people", w.people),
        ];
        all.into_iter().filter(|(may, ..)| *may).map(|(_, href, label)| (href, label)).collect()
    }
}

impl<S> FromRequestParts<S> for Viewer
where
    S: Send + Sync,
    Auth: FromRef<S>,
{
    /// Leads to the login page, or to what has to be done first.
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let person = <Person as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        let pass = Pass::of_page(parts, &Auth::from_ref(state), person.clone());
        Ok(Self { person, pass })
    }
}
