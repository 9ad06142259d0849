//! Who may ask.

use axum::extract::{Request, State as Extracted};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use super::State;
use super::problem::{Kind, Problem};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// The name of the key that was presented.
    pub id: String,
}

/// The only key there is: that of the configuration.
const CONFIGURED_KEY: &str = "api.key";

/// Lets a request pass that presents the key.
pub(super) async fn bearer(Extracted(state): Extracted<State>, mut request: Request, next: Next) -> Response {
    let presented = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    let key = state.key.expose();
    // No key in the configuration means that nobody may ask, not that everybody may.
    let right = !key.is_empty() && bool::from(presented.as_bytes().ct_eq(key.as_bytes()));
    if right {
        request.extensions_mut().insert(Caller { id: CONFIGURED_KEY.into() });
        return next.run(request).await;
    }
    Problem::of(Kind::NotAuthenticated, "present the key of api.key_file as `Authorization: Bearer …`")
        .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
        .into_response()
}
