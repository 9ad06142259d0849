//! REST and the live event stream.
//!
//! | Request | What it does |
//! |---|---|
//! | `GET /health` | whether the daemon is there; no key needed |
//! | `GET /ready` | whether it can take a payment now, else 503 and why; no key needed |
//! | `POST /v1/payments` | prepares a payment for an agent, or begins it on a call that is up |
//! | `GET /v1/payments`, `GET /v1/payments/{id}` | looks payments up |
//! | `POST /v1/payments/{id}/commands` | says what the agent's keys can say |
//! | `POST /webhooks/psp/{name}` | hears from a payment service provider; signed, no key needed |
//! | `GET /v1/webhooks`, `POST /v1/webhooks/replay` | what endpoints were told, what waits, what is dead; sends again |
//! | `POST /2010-04-01/Accounts/…` | the payments API of programmable telephony, see [`twilio`] |
//! | `GET /v1/events` | server-sent events, with `Last-Event-ID` |
//!
//! Callers present the key of the configuration as `Authorization: Bearer …`. Errors are
//! `application/problem+json` (RFC 9457).

mod auth;
mod events;
mod hooks;
mod payments;
mod problem;
pub mod twilio;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::Secret;
use crate::desk::Desk;

/// The longest request body.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// What every route needs.
#[derive(Clone)]
pub(crate) struct State {
    pub desk: Arc<Desk>,
    pub key: Arc<Secret>,
    pub stop: CancellationToken,
}

/// Serves until `stop`.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    desk: Arc<Desk>,
    key: Secret,
    twilio: Option<Arc<twilio::Twilio>>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let state = State { desk, key: Arc::new(key), stop: stop.clone() };
    // An event is a small packet, and the next must not wait until the listener has acknowledged it (Nagle).
    let listener = listener.tap_io(|stream| {
        if let Err(fault) = stream.set_nodelay(true) {
            tracing::debug!("events to a listener may come late: {fault}");
        }
    });
    let routes = twilio.map(twilio::routes).unwrap_or_default().merge(router(state));
    axum::serve(listener, routes).with_graceful_shutdown(async move { stop.cancelled().await }).await
}

fn router(state: State) -> Router {
    let guarded = Router::new()
        .route("/v1/payments", post(payments::create).get(payments::list))
        .route("/v1/payments/{id}", get(payments::show))
        .route("/v1/payments/{id}/commands", post(payments::command))
        .route("/v1/events", get(events::stream))
        .route("/v1/webhooks", get(webhooks::list))
        .route("/v1/webhooks/replay", post(webhooks::replay))
        .route_layer(axum::middleware::from_fn_with_state(state.clone(), auth::bearer));
    Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .route("/ready", get(ready))
        // Providers present no key: what they send is believed for its signature.
        .route("/webhooks/psp/{name}", post(hooks::psp))
        .merge(guarded)
        .fallback(problem::no_such_route)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(state)
}

async fn ready(axum::extract::State(state): axum::extract::State<State>) -> axum::response::Response {
    use axum::response::IntoResponse;
    match state.desk.not_ready() {
        None => "ready\n".into_response(),
        // Whoever asks without a key learns that, not why.
        Some(_) => {
            let detail = "no payment can be taken now; the daemon's log says why and what to do";
            let status = axum::http::StatusCode::SERVICE_UNAVAILABLE;
            problem::Problem::new(status, "not ready", detail).into_response()
        }
    }
}
