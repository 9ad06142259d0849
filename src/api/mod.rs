//! REST and the live event stream.
//!
//! | Request | What it does |
//! |---|---|
//! | `GET /health` | whether the daemon is there; no key needed |
//! | `GET /ready` | whether it can take a payment now, else 503 and why; no key needed |
//! | `GET /docs`, `GET /openapi.json` | what there is, for people and for programs; no key needed |
//! | `POST /webhooks/psp/{name}` | hears from a payment service provider; signed, no key needed |
//! | `POST /2010-04-01/Accounts/…` | the payments API of programmable telephony, see [`twilio`] |
//! | `/v1/…` | everything else; described where it is served and gathered in `tests/openapi.json` |
//!
//! Callers present a key as `Authorization: Bearer …`, or the cookie of a session ([`auth`]). Each request has an id
//! ([`arrival`]), each caller a rate ([`rates`]); what makes something can be asked again safely ([`idempotency`]).
//! Errors are `application/problem+json` ([`problem`]).

mod arrival;
mod auth;
mod calls;
mod connection;
pub mod console;
mod customer;
mod docs;
mod events;
mod extract;
mod headers;
mod hooks;
mod idempotency;
mod links;
mod openapi;
mod operations;
mod orders;
mod payments;
mod plans;
mod problem;
mod rates;
mod reports;
mod tls;
mod tokens;
pub mod twilio;
mod webhooks;

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::desk::Desk;
use crate::people::Scope;
use crate::store::StoreError;
use problem::{Kind, Problem};

pub use auth::{Auth, Doorway};
pub use tls::{Tls, TlsFault};

/// The longest request body.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// What every route needs.
#[derive(Clone)]
pub(crate) struct State {
    pub desk: Arc<Desk>,
    pub auth: Auth,
    rates: Arc<rates::Rates>,
    ears: events::Ears,
    /// This life of the daemon: what an earlier one did not finish, this one did not do.
    life: Uuid,
    pub stop: CancellationToken,
}

/// What is served besides, and how much of it.
pub struct Options {
    /// The payments API of programmable telephony, if it is configured.
    pub twilio: Option<Arc<twilio::Twilio>>,
    /// What the console shows of its surroundings.
    pub console: console::Surroundings,
    /// Requests that one caller may make in a second.
    pub requests_per_s: NonZeroU32,
}

impl FromRef<State> for events::Ears {
    fn from_ref(state: &State) -> Self {
        state.ears.clone()
    }
}

impl FromRef<State> for Auth {
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
    options: Options,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let entrance = tls::Entrance::new(listener, tls, &stop)?;
    let state = State {
        rates: Arc::new(rates::Rates::new(options.requests_per_s)),
        ears: events::Ears::new(desk.feed.clone(), stop.clone()),
        desk,
        auth,
        life: Uuid::now_v7(),
        stop: stop.clone(),
    };
    let twilio = options.twilio.map(|twilio| twilio::routes(twilio, &state.auth)).unwrap_or_default();
    let others = console::router(&state, options.console).merge(twilio);
    let service = router(state, others).into_make_service_with_connect_info::<auth::Peer>();
    axum::serve(entrance, service).with_graceful_shutdown(async move { stop.cancelled().await }).await
}

/// Routes and what is said of them.
type Routes = OpenApiRouter<State>;

/// Every route that callers say who they are for, each behind `guard` for its scope.
fn routes(guard: impl Fn(Scope, Routes) -> Routes) -> Routes {
    let looking = OpenApiRouter::new()
        .routes(routes!(payments::list))
        .routes(routes!(payments::show))
        .routes(routes!(operations::list))
        .routes(routes!(operations::show));
    let taking = OpenApiRouter::new().routes(routes!(payments::create)).routes(routes!(payments::command));
    let watching = OpenApiRouter::new()
        .routes(routes!(calls::calls))
        .routes(routes!(events::stream))
        .routes(routes!(events::socket))
        .routes(routes!(webhooks::list));
    let managing = OpenApiRouter::new().routes(routes!(webhooks::replay));
    let afterwards = OpenApiRouter::new()
        .routes(routes!(operations::refund))
        .routes(routes!(operations::capture))
        .routes(routes!(operations::cancel));
    let links = OpenApiRouter::new()
        .routes(routes!(links::create))
        .routes(routes!(links::show))
        .routes(routes!(links::expire))
        .routes(routes!(links::messages::send))
        .routes(routes!(links::messages::list));
    let owed = OpenApiRouter::new().routes(routes!(orders::list)).routes(routes!(orders::show));
    let owing = OpenApiRouter::new().routes(routes!(orders::create)).routes(routes!(orders::cancel));
    let stored = OpenApiRouter::new().routes(routes!(tokens::list)).routes(routes!(tokens::show));
    let spending = OpenApiRouter::new().routes(routes!(tokens::charge)).routes(routes!(tokens::forget));
    let planned = OpenApiRouter::new().routes(routes!(plans::list)).routes(routes!(plans::show));
    let planning = OpenApiRouter::new()
        .routes(routes!(plans::create))
        .routes(routes!(plans::pause))
        .routes(routes!(plans::resume))
        .routes(routes!(plans::cancel))
        .routes(routes!(plans::card));
    let reports = OpenApiRouter::new().routes(routes!(reports::payments)).routes(routes!(calls::alarms));
    OpenApiRouter::new()
        .merge(guard(Scope::PaymentsRead, looking))
        .merge(guard(Scope::PaymentsWrite, taking))
        .merge(guard(Scope::Refunds, afterwards))
        .merge(guard(Scope::Links, links))
        .merge(guard(Scope::OrdersRead, owed))
        .merge(guard(Scope::OrdersWrite, owing))
        .merge(guard(Scope::TokensRead, stored.merge(planned)))
        .merge(guard(Scope::TokensCharge, spending.merge(planning)))
        .merge(guard(Scope::Events, watching))
        .merge(guard(Scope::Reports, reports))
        .merge(guard(Scope::Admin, managing))
}

fn router(state: State, others: Router) -> Router {
    let auth = state.auth.clone();
    let guard = |scope: Scope, routes: Routes| {
        routes
            .route_layer(from_fn_with_state(state.clone(), idempotency::once))
            .route_layer(from_fn_with_state((auth.clone(), scope), auth::guard))
    };
    let (described, _) = openapi::described(guard);
    let guarded = described
        .route_layer(from_fn_with_state(state.clone(), rates::limit))
        .route_layer(from_fn_with_state(auth.clone(), auth::identify));
    let router = Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .route("/ready", get(ready))
        .route("/openapi.json", get(openapi::document))
        .route("/docs", get(docs::page))
        .route("/docs/style.css", get(docs::style))
        // Providers present no key: what they send is believed for its signature.
        .route("/webhooks/psp/{name}", post(hooks::psp))
        .merge(guarded)
        .merge(auth::routes(&auth))
        .method_not_allowed_fallback(problem::no_such_method)
        .fallback(problem::no_such_route)
        .with_state(state)
        .merge(others)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    auth::surround(router, &auth).layer(from_fn(arrival::named))
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
