//! REST and the live event stream.
//!
//! | Request | What it does |
//! |---|---|
//! | `GET /health` | whether the daemon is there; no key needed |
//! | `GET /ready` | whether it can take a payment now, else 503 and why; no key needed |
//! | `GET /docs`, `GET /openapi.json` | what there is, for people and for programs; no key needed |
//! | `POST /webhooks/psp/{name}` | hears from a payment service provider; signed, no key needed |
//! | `/v1/…` | everything else; described where it is served and gathered in `tests/openapi.json` |
//!
//! Callers present a key as `Authorization: Bearer …`. Each request has an id ([`arrival`]), each caller a rate
//! ([`rates`]); what makes something can be asked again safely ([`idempotency`]). Errors are
//! `application/problem+json` ([`problem`]).

mod arrival;
mod auth;
mod calls;
mod connection;
mod docs;
mod events;
mod extract;
mod hooks;
mod idempotency;
mod openapi;
mod payments;
mod problem;
mod rates;
mod reports;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::config::{ApiSection, Secret};
use crate::desk::Desk;
use crate::store::StoreError;
use problem::{Kind, Problem};

/// The longest request body.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// What every route needs.
#[derive(Clone)]
pub(crate) struct State {
    pub desk: Arc<Desk>,
    pub key: Arc<Secret>,
    rates: Arc<rates::Rates>,
    ears: events::Ears,
    /// This life of the daemon: what an earlier one did not finish, this one did not do.
    life: Uuid,
}

impl FromRef<State> for events::Ears {
    fn from_ref(state: &State) -> Self {
        state.ears.clone()
    }
}

/// Serves until `stop`.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    desk: Arc<Desk>,
    settings: ApiSection,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let state = State {
        rates: Arc::new(rates::Rates::new(settings.requests_per_s)),
        ears: events::Ears::new(desk.feed.clone(), stop.clone()),
        desk,
        key: Arc::new(settings.key),
        life: Uuid::now_v7(),
    };
    let listener = listener.tap_io(|stream| connection::prepare(stream));
    axum::serve(listener, router(state)).with_graceful_shutdown(async move { stop.cancelled().await }).await
}

/// Every route that callers present a key for. What makes something goes through `once`.
fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(payments::create, payments::list))
        .routes(routes!(payments::show))
        .routes(routes!(payments::command))
        .routes(routes!(calls::calls))
        .routes(routes!(calls::alarms))
        .routes(routes!(reports::payments))
        .routes(routes!(events::stream))
        .routes(routes!(events::socket))
}

fn router(state: State) -> Router {
    let (described, _) = openapi::described();
    let guarded = described
        .route_layer(from_fn_with_state(state.clone(), idempotency::once))
        .route_layer(from_fn_with_state(state.clone(), rates::limit))
        .route_layer(from_fn_with_state(state.clone(), auth::bearer));
    Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .route("/ready", get(ready))
        .route("/openapi.json", get(openapi::document))
        .route("/docs", get(docs::page))
        .route("/docs/style.css", get(docs::style))
        // Providers present no key: what they send is believed for its signature.
        .route("/webhooks/psp/{name}", post(hooks::psp))
        .merge(guarded)
        .method_not_allowed_fallback(problem::no_such_method)
        .fallback(problem::no_such_route)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(arrival::named))
        .with_state(state)
}

async fn ready(axum::extract::State(state): axum::extract::State<State>) -> Result<&'static str, Problem> {
    match state.desk.not_ready() {
        None => Ok("ready\n"),
        // Whoever asks without a key learns that, not why.
        Some(_) => Err(Problem::of(
            Kind::NotReady,
            "no payment can be taken now; the daemon's log says why and what to do",
        )),
    }
}

fn store_fault(fault: &StoreError) -> Problem {
    tracing::error!("the store does not answer the API: {fault}");
    Problem::of(Kind::NotReady, "the store does not answer; the daemon's log says why")
}
