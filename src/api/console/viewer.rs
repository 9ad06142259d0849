//! Who looks at a page, and what they may see and do on it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::words::Words;

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(super) struct Viewer {
    pub display: String,
    pub actor: String,
    pub extensions: Vec<String>,
    pub locale: Option<String>,
    pub csrf: String,
}

impl Viewer {
    pub(super) fn may_take(&self) -> bool { true }
    pub(super) fn may_watch(&self) -> bool { true }
    pub(super) fn may_read(&self) -> bool { true }
    pub(super) fn may_refund(&self) -> bool { true }
    pub(super) fn may_manage(&self) -> bool { true }

    /// Whether they may look at, and speak for, the agent of this extension.
    pub(super) fn may_see_agent(&self, extension: &str) -> bool {
        self.may_watch() || self.extensions.iter().any(|own| own == extension)
    }

    pub(super) async fn is_still_here(&self, _: &super::Console) -> bool { true }

    /// The pages that are for them.
    pub(super) fn places(&self, w: &Words) -> Vec<(&'static str, &'static str)> {
        let all = [
            (self.may_take(), "/desk", w.desk),
            (self.may_watch(), "/console", w.overview),
            (self.may_read(), "/console/payments", w.payments),
            (self.may_watch(), "/console/health", w.health),
            (self.may_manage(), "/console/people", w.people),
        ];
        all.into_iter().filter(|(may, ..)| *may).map(|(_, href, label)| (href, label)).collect()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self { display: "Ada".into(), actor: "ada".into(), extensions: vec!["1001".into()], locale: None, csrf: "x".into() })
    }
}
