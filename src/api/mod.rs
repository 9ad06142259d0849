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
//! Callers present a key as `Authorization: Bearer …`, or the cookie of a session ([`auth`]). Errors are
//! `application/problem+json` (RFC 9457).

mod auth;
pub mod console;
mod customer;
mod events;
mod headers;
mod hooks;
mod payments;
mod problem;
mod tls;
pub mod twilio;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::people::Scope;

pub use auth::{Auth, Doorway};
pub use tls::{Tls, TlsFault};

/// The longest request body.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// What every route needs.
#[derive(Clone)]
pub(crate) struct State {
    pub desk: Arc<Desk>,
    pub auth: Auth,
    pub stop: CancellationToken,
}

impl axum::extract::FromRef<State> for Auth {
    fn from_ref(state: &State) -> Self {
        state.auth.clone()
    }
}

/// Serves until `stop`.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    desk: Arc<Desk>,
    auth: Auth,
    tls: Option<Tls>,
    twilio: Option<Arc<twilio::Twilio>>,
    console: console::Surroundings,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let entrance = tls::Entrance::new(listener, tls, &stop)?;
    let state = State { desk, auth, stop: stop.clone() };
    let pages = console::router(&state, console);
    let routes = twilio.map(twilio::routes).unwrap_or_default().merge(router(state, pages));
    let service = routes.into_make_service_with_connect_info::<auth::Peer>();
    axum::serve(entrance, service).with_graceful_shutdown(async move { stop.cancelled().await }).await
}

fn router(state: State, pages: Router) -> Router {
    let auth = state.auth.clone();
    let needs = |scope: Scope| from_fn_with_state((auth.clone(), scope), auth::guard);
    let guarded = Router::new()
        .route("/v1/payments", post(payments::create).layer(needs(Scope::PaymentsWrite)))
        .route("/v1/payments", get(payments::list).layer(needs(Scope::PaymentsRead)))
        .route("/v1/payments/{id}", get(payments::show).layer(needs(Scope::PaymentsRead)))
        .route("/v1/payments/{id}/commands", post(payments::command).layer(needs(Scope::PaymentsWrite)))
        .route("/v1/events", get(events::stream).layer(needs(Scope::Events)))
        .route("/v1/webhooks", get(webhooks::list).layer(needs(Scope::Events)))
        .route("/v1/webhooks/replay", post(webhooks::replay).layer(needs(Scope::Admin)))
        .route_layer(from_fn_with_state(auth.clone(), auth::identify));
    let router = Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .route("/ready", get(ready))
        // Providers present no key: what they send is believed for its signature.
        .route("/webhooks/psp/{name}", post(hooks::psp))
        .merge(guarded)
        .merge(auth::routes(&auth))
        .fallback(problem::no_such_route)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(state)
        .merge(pages);
    auth::surround(router, &auth)
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
