//! What every page needs to know of the request it answers.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::locale::Locale;
use super::page::{Shell, message};
use super::viewer::Viewer;

/// Somebody who is signed in, their language, and the page they asked for.
pub(super) struct Reader {
    pub viewer: Viewer,
    pub locale: Locale,
    /// Path and query.
    pub here: String,
    /// Whether a script asks, which shows words and goes nowhere.
    pub quiet: bool,
}

impl Reader {
    /// What belongs into every form.
    pub(super) fn csrf(&self) -> String {
        self.viewer.person.csrf.clone()
    }

    /// The frame of their page.
    pub(super) fn shell(&self, title: &str) -> Shell {
        Shell::new(self.locale, Some(&self.viewer), title, &self.here)
    }

    /// Says that their roles do not include it.
    pub(super) fn not_allowed(&self) -> Response {
        let w = self.locale.words();
        message(self.shell(w.not_allowed), StatusCode::FORBIDDEN, w.not_allowed_help)
    }

    /// Says that there is nothing here, or nothing that they may know of.
    pub(super) fn not_found(&self) -> Response {
        let w = self.locale.words();
        message(self.shell(w.not_found), StatusCode::NOT_FOUND, w.not_found_help)
    }

    /// Says that the store does not answer.
    pub(super) fn failed(&self) -> Response {
        let w = self.locale.words();
        message(self.shell(w.failed), StatusCode::SERVICE_UNAVAILABLE, w.failed_help)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Reader
where
    Viewer: FromRequestParts<S>,
{
    type Rejection = <Viewer as FromRequestParts<S>>::Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let viewer = Viewer::from_request_parts(parts, state).await?;
        let locale = Locale::choose(viewer.person.locale.as_deref(), &parts.headers);
        Ok(Self { viewer, locale, here: here(parts), quiet: is_quiet(&parts.headers) })
    }
}

/// Path and query.
pub(super) fn here(parts: &Parts) -> String {
    parts.uri.path_and_query().map_or_else(|| "/console".to_owned(), ToString::to_string)
}

fn is_quiet(headers: &HeaderMap) -> bool {
    headers.get(axum::http::header::ACCEPT).is_some_and(|accept| accept == "text/plain")
}
