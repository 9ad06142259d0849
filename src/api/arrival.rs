//! How a request arrives and leaves: its id, in the log and in every problem.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;
use uuid::Uuid;

use super::problem::Problem;

/// The header that names a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A longer id is none of a program that means to find it again.
const MAX_ID_BYTES: usize = 64;

/// Takes the caller's id of the request, or makes one; tells it in the answer, in the log, and in a problem.
pub(super) async fn named(request: Request, next: Next) -> Response {
    let given = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| fits(id));
    let id = given.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", id, %method, path);
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let status = response.status();
        let _inside = span.enter();
        // What failed on our side was said where it failed.
        tracing::debug!(status = status.as_u16(), "a request was refused");
        let mut told = problem.named(&id).into_response();
        for (name, value) in response.headers() {
            if *name != header::CONTENT_LENGTH && !told.headers().contains_key(name) {
                told.headers_mut().insert(name.clone(), value.clone());
            }
        }
        response = told;
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

fn fits(id: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}
