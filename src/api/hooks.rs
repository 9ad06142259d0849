//! What payment service providers tell on their own.

use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::State;
use super::problem::Problem;
use crate::desk::HookFault;

/// Headers looked at; providers send a dozen.
const HEADERS_MAX: usize = 64;

/// `POST /webhooks/psp/{name}`
pub(super) async fn psp(
    Shared(state): Shared<State>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let headers: Vec<(String, String)> = headers
        .iter()
        .take(HEADERS_MAX)
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    match state.desk.hear_from_provider(&name, &headers, &body).await {
        Ok(reply) => reply.into_response(),
        Err(fault) => {
            tracing::warn!(psp = name, "a webhook was not taken: {fault}");
            let status = match fault {
                HookFault::NoSuchAccount => StatusCode::NOT_FOUND,
                HookFault::NotBelieved(_) => StatusCode::UNAUTHORIZED,
                // The provider sends it again later.
                HookFault::NotWritten => StatusCode::SERVICE_UNAVAILABLE,
            };
            Problem::new(status, "not taken", fault.to_string()).into_response()
        }
    }
}
