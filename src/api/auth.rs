//! Who may ask.

use axum::extract::{Request, State as Extracted};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use super::State;
use super::problem::Problem;

/// Lets a request pass that presents the key.
pub(super) async fn bearer(Extracted(state): Extracted<State>, request: Request, next: Next) -> Response {
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
        return next.run(request).await;
    }
    let problem = Problem::new(
        StatusCode::UNAUTHORIZED,
        "no valid key",
        "present the key of api.key_file as `Authorization: Bearer …`",
    );
    ([(header::WWW_AUTHENTICATE, "Bearer")], problem).into_response()
}
