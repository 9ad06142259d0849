//! The bank's routes.

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::TestBankSettings;
use super::behaviour::{Fault, Refusal};
use super::ledger::{Ledger, LedgerLine, Reply, Taken};
use super::page::page;
use super::request;
use super::wire::Cut;
use crate::card::SecretBuffer;

/// An answer that nobody should read to its end: twice what our own connector reads.
const TOO_LONG_BYTES: usize = 128 * 1024;

/// Largest request body taken.
const BODY_MAX_BYTES: usize = 16 * 1024;
/// How long the first half of an answer gets to leave before the connection is cut.
const HALF_BODY_MS: u64 = 50;

/// What the routes share.
pub(super) struct Bank {
    settings: TestBankSettings,
    ledger: Mutex<Ledger>,
}

impl Bank {
    pub(super) fn new(settings: TestBankSettings) -> Bank {
        Bank { settings, ledger: Mutex::default() }
    }

    pub(super) fn ledger(&self) -> Vec<LedgerLine> {
        self.locked().lines()
    }

    /// No step under this lock panics half-way; a poisoned one is as good as any.
    fn locked(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lets_in(&self, headers: &HeaderMap) -> bool {
        let Some((user, password)) = &self.settings.login else { return true };
        let pair = Zeroizing::new(format!("{user}:{}", password.as_str()));
        headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
            .and_then(|text| STANDARD.decode(text).ok())
            .map(Zeroizing::new)
            .is_some_and(|given| given.ct_eq(pair.as_bytes()).into())
    }
}

pub(super) fn routes(bank: Arc<Bank>) -> Router {
    Router::new()
        .route("/", get(async || Html(page())).post(charge))
        .route("/charge", post(charge))
        .route("/charges/{transaction_id}", get(asked))
        .route("/ledger", get(ledger))
        .with_state(bank)
}

async fn charge(
    State(bank): State<Arc<Bank>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !bank.lets_in(&headers) {
        return unauthorised();
    }
    let is_json = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("application/json"));
    if !is_json {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let Some(body) = received(body).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let read = match request::read(body.as_slice()) {
        Ok(read) => read,
        Err(refusal) => {
            tracing::info!(code = refusal.code, "request refused");
            return answer(StatusCode::BAD_REQUEST, &Reply::refused(refusal), None);
        }
    };
    drop(body);
    let order = read.order.clone();
    let taken = bank.locked().take(read, bank.settings.deduplicates);
    tracing::info!(
        transaction_id = order.transaction_id,
        card = order.masked,
        amount = order.amount.map(|amount| amount.to_string()),
        error_code = taken.reply.as_ref().and_then(|reply| reply.error_code),
        approved = taken.reply.as_ref().is_some_and(|reply| reply.error_code.is_none()),
        fault = ?taken.fault,
        "charge"
    );
    // SignalWire tells a failure by its status as well; Twilio's form answers 200 to everything.
    let refused = taken.reply.as_ref().is_some_and(|reply| reply.error_code.is_some());
    let status = match (order.profile, refused) {
        ("signalwire", true) => StatusCode::PAYMENT_REQUIRED,
        _ => StatusCode::OK,
    };
    send(&bank, &cut, status, taken, &order.transaction_id).await
}

/// Sends the answer, or what the fault makes of it.
async fn send(bank: &Bank, cut: &Cut, status: StatusCode, taken: Taken, transaction_id: &str) -> Response {
    let whole = taken.reply.as_ref().map(|reply| answer(status, reply, Some(transaction_id)));
    match taken.fault {
        Some(Fault::Late) => tokio::time::sleep(Duration::from_millis(bank.settings.slow_answer_ms)).await,
        Some(Fault::CutAfterCharging | Fault::CutBeforeCharging) => cut.now(),
        Some(Fault::Redirect) => {
            return (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, "/elsewhere")]).into_response();
        }
        Some(Fault::WrongJson) => {
            return ([(CONTENT_TYPE, "application/json")], "{\"charge_id\":<br>").into_response();
        }
        Some(Fault::HalfABody) => return half(&taken),
        Some(Fault::TooLong) => {
            let padding = "x".repeat(TOO_LONG_BYTES);
            return Json(json!({ "charge_id": null, "padding": padding })).into_response();
        }
        Some(Fault::ErrorAfterCharging | Fault::ErrorFirst) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response();
        }
        None => {}
    }
    whole.unwrap_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// The first half of an answer that promises to be longer, then the end of the connection.
fn half(taken: &Taken) -> Response {
    let mut text = serde_json::to_string(&taken.reply).unwrap_or_default();
    let length = text.len();
    text.truncate(length / 2);
    let chunks = stream::once(async { Ok(Bytes::from(text)) }).chain(stream::once(async {
        tokio::time::sleep(Duration::from_millis(HALF_BODY_MS)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    }));
    let headers = [(CONTENT_TYPE, "application/json".to_owned()), (CONTENT_LENGTH, length.to_string())];
    (headers, Body::from_stream(chunks)).into_response()
}

async fn asked(
    State(bank): State<Arc<Bank>>,
    headers: HeaderMap,
    Path(transaction_id): Path<String>,
) -> Response {
    if !bank.lets_in(&headers) {
        return unauthorised();
    }
    const UNSEEN: Refusal = Refusal {
        code: "unknown_transaction",
        message: "nothing was ever decided about this transaction_id",
    };
    match bank.locked().reply(&transaction_id) {
        Some(reply) => answer(StatusCode::OK, &reply, Some(&transaction_id)),
        None => answer(StatusCode::NOT_FOUND, &Reply::refused(UNSEEN), Some(&transaction_id)),
    }
}

async fn ledger(State(bank): State<Arc<Bank>>, headers: HeaderMap) -> Response {
    if bank.lets_in(&headers) { Json(bank.ledger()).into_response() } else { unauthorised() }
}

fn unauthorised() -> Response {
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Basic realm=\"test bank\"")]).into_response()
}

/// A reply in the contract's form: null is written out, and `parameters` is there.
fn answer(status: StatusCode, reply: &Reply, transaction_id: Option<&str>) -> Response {
    let mut fields = json!({
        "error_code": reply.error_code, "error_message": reply.error_message, "parameters": {}
    });
    match (&reply.token_id, &reply.charge_id) {
        (Some(token), _) => fields["token_id"] = json!(token),
        (None, charge) => fields["charge_id"] = json!(charge),
    }
    if let Some(id) = transaction_id {
        fields["transaction_id"] = Value::from(id);
    }
    (status, [(CACHE_CONTROL, "no-store")], Json(fields)).into_response()
}

/// The whole body in wiped memory; `None` if it is too large or breaks off.
async fn received(body: Body) -> Option<SecretBuffer> {
    let mut buffer = SecretBuffer::with_capacity(BODY_MAX_BYTES);
    let mut frames = body.into_data_stream();
    while let Some(frame) = frames.next().await {
        let frame = frame.ok()?;
        let fits =
            buffer.spare_mut().get_mut(..frame.len()).map(|room| room.copy_from_slice(&frame)).is_some();
        let length = frame.len();
        // Wiped here if nobody else holds it; otherwise when the connection's own buffer is freed.
        if let Ok(mut bytes) = frame.try_into_mut() {
            bytes.zeroize();
        }
        if !fits {
            return None;
        }
        buffer.filled(length);
    }
    Some(buffer)
}
