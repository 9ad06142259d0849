//! Headers of every answer: what a browser may do with it.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::auth::{Auth, Origin};

/// A browser that has seen us over TLS does not try without for a year (RFC 6797).
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What pages may do: load from here alone, run no inline script, hold one style (by its hash), and be framed by
/// those who are named.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    content: HeaderValue,
    framed: bool,
}

impl Policy {
    /// `ancestors` are origins, as the configuration has checked them.
    pub(super) fn new(ancestors: &[String]) -> Self {
        let framed = !ancestors.is_empty();
        let by = if framed { format!("'self' {}", ancestors.join(" ")) } else { "'self'".into() };
        let policy = format!(
            "default-src 'self'; style-src 'self' {}; object-src 'none'; base-uri 'none'; form-action 'self'; \
             frame-ancestors {by}",
            super::console::style_source(),
        );
        let strict = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        Self { content: HeaderValue::from_str(&policy).unwrap_or(strict), framed }
    }
}

/// Adds what the handler has not said itself.
pub(super) async fn apply(State(auth): State<Auth>, request: Request, next: Next) -> Response {
    let secure = request.extensions().get::<Origin>().is_some_and(|origin| origin.secure);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = auth.pages();
    let mut add = |name: HeaderName, value: HeaderValue| {
        headers.entry(name).or_insert(value);
    };
    add(header::CONTENT_SECURITY_POLICY, policy.content.clone());
    add(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    add(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    add(COOP, HeaderValue::from_static("same-origin"));
    add(CORP, HeaderValue::from_static("same-origin"));
    // Everything is private but what says otherwise, such as assets named after their content.
    add(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !policy.framed {
        // For browsers that do not know frame-ancestors.
        add(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    }
    if secure {
        add(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}
