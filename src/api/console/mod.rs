//! The console: pages for agents, supervisors and admins, written by the server.
//!
//! | Page | What is on it |
//! |---|---|
//! | `/desk?agent=1001` | the agent's call: what the customer hears and keys, the agent's keys, the result |
//! | `/console` | live calls, alarms, figures over chosen days |
//! | `/console/payments` | payments, each with its attempts, journal and trail; refunds |
//! | `/console/health` | what `tonegate check` finds |
//! | `/console/people` | people and keys |
//! | `/console/login` | signing in |
//!
//! Everything works without script. With it, parts of a page are sent anew as they change ([`desk::stream`]); each
//! part is whole, so a page that was cut off is right again with the next one.

mod assets;
mod board;
mod chart;
mod desk;
mod health;
mod locale;
mod login;
mod overview;
mod page;
mod payments;
mod people;
mod picture;
mod reader;
mod viewer;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::pbx::AgentKeys;

use super::auth::person::{CODES_PATH, LOGIN_PATH, PASSWORD_PATH};
use super::{Auth, State};

use board::Board;
pub use health::{Check, Findings};

/// What the console needs beside the desk.
pub struct Surroundings {
    /// What agents press on their telephones.
    pub keys: AgentKeys,
    /// Looks at configuration and PBX, as `tonegate check` does.
    pub check: Check,
}

/// What every page needs.
#[derive(Clone)]
pub(super) struct Console {
    desk: Arc<Desk>,
    auth: Auth,
    board: Arc<Board>,
    keys: AgentKeys,
    health: Arc<health::Health>,
    stop: CancellationToken,
}

impl axum::extract::FromRef<Console> for Auth {
    fn from_ref(console: &Console) -> Self {
        console.auth.clone()
    }
}

/// The style of pages, as a source that their policy allows.
pub(super) fn style_source() -> &'static str {
    &assets::ASSETS.style_source
}

/// The console's routes.
pub(super) fn router(state: &State, surroundings: Surroundings) -> Router {
    let console = Console {
        board: Board::follow(Arc::clone(&state.desk), state.stop.clone()),
        desk: Arc::clone(&state.desk),
        auth: state.auth.clone(),
        keys: surroundings.keys,
        health: Arc::new(health::Health::new(surroundings.check)),
        stop: state.stop.clone(),
    };
    Router::new()
        .route("/", get(|| async { page::see("/console") }))
        .route("/desk", get(desk::show))
        .route("/desk/stream", get(desk::stream))
        .route("/desk/start", post(desk::start))
        .route("/desk/command", post(desk::command))
        .route("/desk/link", post(desk::link))
        .route("/console", get(overview::show))
        .route("/console/stream", get(overview::stream))
        .route("/console/payments", get(payments::list))
        .route("/console/payments/{id}", get(payments::show))
        .route("/console/payments/{id}/refund", post(payments::refund))
        .route("/console/health", get(health::show).post(health::again))
        .route("/console/people", get(people::show).post(people::act))
        .route(LOGIN_PATH, get(login::show).post(login::sign_in))
        .route(PASSWORD_PATH, get(login::show_password).post(login::change_password))
        .route(CODES_PATH, get(login::show_codes).post(login::confirm_codes))
        .route("/console/language", get(login::language))
        .route("/console/assets/{name}", get(assets::serve))
        .with_state(console)
}
