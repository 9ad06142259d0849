//! A provider's address and the way to it: what JSON connectors have in common.

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;

use super::client::{Check, Http};
use super::exchange::{Body, Came, Missed, Request};
use super::settings::HttpSettings;
use super::tap::Tap;
use crate::psp::PspConfigError;

/// An API at one address.
pub(crate) struct Line {
    base: String,
    http: Http,
}

impl Line {
    /// An API at `base`; `headers` go with every request.
    pub(crate) fn new(
        psp: &str,
        base: &str,
        settings: &HttpSettings,
        headers: HeaderMap,
        tap: Option<Arc<Tap>>,
    ) -> Result<Line, PspConfigError> {
        Check { psp }.url("url", base)?;
        Ok(Line { base: base.trim_end_matches('/').into(), http: Http::new(psp, settings, headers, tap)? })
    }

    /// Asks, with further headers by name.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Body,
    ) -> Result<Came, Missed> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            // Without its key a request could be done twice.
            let value = HeaderValue::from_str(value).map_err(|_| Missed::NotSent {
                cause: format!("`{name}` cannot be sent"),
                remedy: Some("report this: it is a fault of tonegate"),
            })?;
            map.insert(HeaderName::from_static(name), value);
        }
        self.http.exchange(Request { method, url: format!("{}{path}", self.base), headers: map, body }).await
    }

    /// Asks for an object.
    pub(crate) async fn get(&self, path: &str) -> Result<Came, Missed> {
        self.ask(Method::GET, path, &[], Body::Nothing).await
    }
}

/// A secret as the value of a header that is never shown.
pub(crate) fn secret_header(
    check: &Check<'_>,
    setting: &'static str,
    value: &str,
) -> Result<HeaderValue, PspConfigError> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| check.fault(setting, "holds what cannot be sent; put the secret alone into it"))?;
    value.set_sensitive(true);
    Ok(value)
}
