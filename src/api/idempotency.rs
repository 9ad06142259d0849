//! `Idempotency-Key`: the same request again gets the same answer, and nothing is done twice.
//!
//! A request that names a key is written down before it is carried out, and its answer after; both are durable.
//! It is carried out to its end even if the caller goes away. What changed nothing because the daemon, its PBX or
//! its store could not (5xx), or because too much was asked (429), is forgotten, so that it can be tried again.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Extension, Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::auth::Caller;
use super::problem::{Kind, Problem};
use super::{MAX_BODY_BYTES, State};
use crate::store::{Claim, Claimed, Reply};

/// The header that holds the key.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Tells that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A longer key is refused.
const MAX_KEY_BYTES: usize = 128;

/// The longest answer that can be kept; those of requests that make something have a few hundred bytes.
const MAX_REPLY_BYTES: usize = 256 * 1024;

/// Carries out a request once for each key.
pub(super) async fn once(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Response {
    // What only looks makes nothing, however often it is asked.
    if request.method() != Method::POST || !request.headers().contains_key(&KEY) {
        return next.run(request).await;
    }
    match claimed(&state, &caller, request).await {
        Ok((request, key_hash)) => carry_out(state, key_hash, request, next).await,
        Err(response) => response,
    }
}

/// Claims the key; the request as it came, or what to answer instead.
async fn claimed(state: &State, caller: &Caller, request: Request) -> Result<(Request, String), Response> {
    let key = read_key(request.headers()).map_err(IntoResponse::into_response)?;
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| {
        Problem::of(Kind::TooLong, format!("a body has at most {MAX_BODY_BYTES} bytes")).into_response()
    })?;
    let claim = Claim {
        key_hash: hash(&[caller.id.as_bytes(), key.as_bytes()]),
        request_hash: hash(&[parts.method.as_str().as_bytes(), parts.uri.path().as_bytes(), &body]),
        life: state.life.to_string(),
    };
    let known = state.desk.store().claim_reply(&claim).await;
    match known.map_err(|fault| super::store_fault(&fault).into_response())? {
        Claimed::New => Ok((Request::from_parts(parts, Body::from(body)), claim.key_hash)),
        Claimed::Answered(reply) => Err(replay(reply)),
        Claimed::Running => Err(refused(
            Kind::RequestRunning,
            "a request with this key is being carried out; ask again in a moment",
        )),
        Claimed::Interrupted => Err(refused(
            Kind::RequestInterrupted,
            "the daemon stopped while it carried this request out: look up what came of it (a payment by its \
             reference) before you ask again under another key",
        )),
        Claimed::OtherRequest => Err(refused(
            Kind::KeyReused,
            "this key came with another request before; make a new key for each request",
        )),
        Claimed::Full => Err(refused(
            Kind::TooMany,
            "too many idempotency keys are kept; the oldest are forgotten after 24 hours",
        )),
    }
}

fn refused(kind: Kind, detail: &str) -> Response {
    Problem::of(kind, detail).into_response()
}

fn read_key(headers: &HeaderMap) -> Result<String, Problem> {
    let mut keys = headers.get_all(&KEY).iter();
    let key = keys.next().and_then(|key| key.to_str().ok()).unwrap_or_default();
    let fits = (1..=MAX_KEY_BYTES).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if fits && keys.next().is_none() {
        return Ok(key.to_owned());
    }
    let detail =
        format!("an idempotency key has 1 to {MAX_KEY_BYTES} visible ASCII characters, and there is one");
    Err(Problem::of(Kind::Invalid, detail).at("Idempotency-Key"))
}

/// Runs the request in a task of its own: it does not end because the caller no longer waits.
async fn carry_out(state: State, key_hash: String, request: Request, next: Next) -> Response {
    let running = tokio::spawn(async move {
        let (parts, body) = next.run(request).await.into_parts();
        let Ok(body) = to_bytes(body, MAX_REPLY_BYTES).await else {
            tracing::error!("an answer was too long to be kept; its idempotency key stays taken");
            return Problem::of(Kind::Fault, "the daemon's log says more").into_response();
        };
        let store = state.desk.store();
        let changed_nothing = parts.status.is_server_error() || parts.status == StatusCode::TOO_MANY_REQUESTS;
        let kept = if changed_nothing {
            store.let_reply_go(&key_hash).await
        } else {
            store.keep_reply(&key_hash, &reply(parts.status, &parts.headers, &body)).await
        };
        if let Err(fault) = kept {
            tracing::error!("an answer was not written down; its idempotency key stays taken: {fault}");
        }
        Response::from_parts(parts, Body::from(body))
    });
    running.await.unwrap_or_else(|fault| {
        tracing::error!("a request ended in a fault: {fault}");
        Problem::of(Kind::Fault, "the daemon's log says more").into_response()
    })
}

fn reply(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Reply {
    let text =
        |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
    Reply {
        status: status.as_u16(),
        location: text(header::LOCATION),
        content_type: text(header::CONTENT_TYPE),
        body: String::from_utf8_lossy(body).into_owned(),
    }
}

fn replay(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, reply.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in [(header::LOCATION, reply.location), (header::CONTENT_TYPE, reply.content_type)] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// SHA-256 over lengths and contents, so that nothing passes from one part into the next.
fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}
