//! The agent's desk: my call, what the customer hears and keys, my keys, the result.

mod begin;
mod command;
mod link;
mod merchants;
mod stream;
mod told;
mod unknown;
mod view;

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use uuid::Uuid;

use crate::call::{Currency, Money};
use crate::desk::{Request, StartError};
use crate::pbx::CallName;
use crate::store::{OrderFault, PaymentFilter};

use super::Console;
use super::page::{REFRESH_S, Shell, message, page, see};
use super::payments::{Row, row};
use super::reader::Reader;
use view::{CallParts, SideParts};

pub(super) use begin::Start;
pub(super) use command::command;
pub(super) use link::link;
pub(super) use merchants::name as merchant_name;
pub(super) use stream::{beat, events, next_change, parts, stream};
pub(super) use told::ending_kind;
pub(super) use unknown::{PATH as UNKNOWN_PATH, ask as ask_unknown};
pub(super) use view::{DeskView, brand_name, card};

/// Earlier payments of the agent that stand below the call.
const RECENT_PAYMENTS: u32 = 6;

/// In the address after a payment was begun or steered without script.
const STARTED: &str = "started";

#[derive(Deserialize)]
pub(super) struct Wanted {
    agent: Option<String>,
    #[serde(default)]
    told: String,
}

#[derive(Template)]
#[template(path = "desk.html", config = "src/api/console/askama.toml")]
struct DeskPage {
    shell: Shell,
    agent: String,
    main: String,
    side: String,
    told: String,
    told_kind: &'static str,
    recent: Vec<Row>,
}

#[derive(Template)]
#[template(path = "which.html", config = "src/api/console/askama.toml")]
struct Which {
    shell: Shell,
    choices: Option<Vec<String>>,
    any: bool,
}

/// `GET /desk?agent=1001`
pub(super) async fn show(
    State(console): State<Console>,
    Query(wanted): Query<Wanted>,
    reader: Reader,
) -> Response {
    let own = &reader.viewer.person.extensions;
    let agent = wanted.agent.filter(|agent| !agent.is_empty());
    let Some(agent) = agent.or_else(|| (own.len() == 1).then(|| own[0].clone())) else {
        let shell = reader.shell(reader.locale.words().desk);
        let choices = (!own.is_empty()).then(|| own.clone());
        return page(&Which { shell, choices, any: reader.viewer.sees_all() }, StatusCode::OK);
    };
    // Words are chosen here: nobody can make a page say something by a link.
    let told = if wanted.told == "prepared" { reader.locale.words().prepared } else { "" };
    let mut answer = desk(&console, &reader, &agent, told.to_owned(), StatusCode::OK).await;
    if wanted.told == STARTED {
        // Without script, the call's first picture may come a moment after the page.
        answer.headers_mut().insert("refresh", HeaderValue::from(REFRESH_S));
    }
    answer
}

async fn desk(console: &Console, reader: &Reader, agent: &str, told: String, status: StatusCode) -> Response {
    let w = reader.locale.words();
    if !reader.viewer.may_see_agent(agent) {
        return reader.not_allowed();
    }
    let picture = console.board.of_agent(agent);
    let view = console.view(picture.as_deref(), reader, agent);
    let filter = PaymentFilter { agent: Some(agent.to_owned()), ..PaymentFilter::default() };
    let recent = match console.desk.store().payments(&filter, None, RECENT_PAYMENTS).await {
        Ok(found) => found.payments.iter().map(|payment| row(payment, reader.locale)).collect(),
        Err(fault) => {
            // The call matters more than the list below it.
            tracing::warn!("an agent's earlier payments cannot be shown: {fault}");
            Vec::new()
        }
    };
    let mut shell = reader.shell(w.desk);
    let form = serde_urlencoded::to_string([("agent", agent)]).unwrap_or_default();
    shell.stream = Some(format!("/desk/stream?{form}"));
    shell.refresh_s = if view.payment.is_some() { REFRESH_S } else { 0 };
    let told_kind = if status.is_success() { "good" } else { "bad" };
    let (main, side) = (CallParts { v: &view }.render(), SideParts { v: &view }.render());
    let (Ok(main), Ok(side)) = (main, side) else {
        return message(shell, StatusCode::INTERNAL_SERVER_ERROR, w.failed_help);
    };
    page(&DeskPage { shell, agent: agent.to_owned(), main, side, told, told_kind, recent }, status)
}

impl Console {
    /// A picture as this reader sees it.
    fn view(&self, picture: Option<&super::picture::Picture>, reader: &Reader, agent: &str) -> DeskView {
        let mut view = DeskView::new(picture, reader.locale, &self.keys);
        view.agent = agent.to_owned();
        view.csrf = reader.csrf();
        let merchants = self.desk.merchants();
        view.currency = merchants::currency(merchants).unwrap_or_default();
        view.merchants = merchants::choices(merchants, &view.merchant_again);
        if let (Some(call), Some(picture)) = (&mut view.call, picture) {
            call.merchant = merchants::name(merchants, &picture.merchant);
        }
        view.again_address = view.unknown.then(|| view.doubt().address());
        view.takes = reader.viewer.may_take();
        view.may_link = picture
            .is_some_and(|picture| link::may_make(picture) && self.desk.makes_links(&picture.merchant));
        if let Some(picture) = picture {
            view.carried = self.desk.rules.post.carries(&picture.merchant);
            view.link_to = link::known_address(picture, &self.desk.rules.post.numbering);
        }
        if !view.takes {
            // Who watches does not steer.
            view.keys.clear();
            view.may_start = false;
            view.may_link = false;
            view.again_address = None;
        }
        view
    }
}

impl Console {
    /// Writes down which person it was; what the call did stands in the trail beside it.
    async fn note(&self, reader: &Reader, act: &str, payment: Uuid, detail: &str) {
        let actor = reader.viewer.person.actor();
        if let Err(fault) = self.desk.store().trail(&actor, act, &payment.to_string(), detail).await {
            tracing::error!(%payment, "the trail has a gap: {fault}");
        }
    }
}

/// `POST /desk/start`
pub(super) async fn start(
    State(console): State<Console>,
    reader: Reader,
    Form(form): Form<Start>,
) -> Response {
    let w = reader.locale.words();
    if !(reader.viewer.may_take() && reader.viewer.may_see_agent(&form.agent)) {
        return refused(&console, &reader, &form.agent, w.not_allowed_help.into(), StatusCode::FORBIDDEN)
            .await;
    }
    let payment = match form.read(&console, &reader).await {
        Ok(payment) => payment,
        Err(told) => {
            let wrong = StatusCode::UNPROCESSABLE_ENTITY;
            return refused(&console, &reader, &form.agent, told, wrong).await;
        }
    };
    if form.how == "prepare" {
        if !console.desk.live.prepare(&form.agent, payment) {
            let full = StatusCode::TOO_MANY_REQUESTS;
            return refused(&console, &reader, &form.agent, w.prepare_full.into(), full).await;
        }
        // Shown by a script as well: nothing else tells that it is prepared.
        return if reader.quiet { w.prepared.into_response() } else { back(&form.agent, "prepared") };
    }
    let doubt = form.doubt(&payment);
    let call = CallName::AgentExtension(form.agent.clone());
    match console.desk.start(Request { call, payment }).await {
        Ok(payment) => {
            console.note(&reader, "payment begun", payment, &form.agent).await;
            done(&reader, &form.agent)
        }
        Err(StartError::StillUnknown { .. } | StartError::Order(OrderFault::Unknown { .. })) => {
            doubt.asked(&reader)
        }
        Err(fault) => {
            let told = told::not_begun(&fault, console.desk.merchants(), w);
            refused(&console, &reader, &form.agent, told, StatusCode::CONFLICT).await
        }
    }
}

/// An amount as people write it here: a comma or a point before the cents, blanks between thousands.
pub(super) fn typed_amount(text: &str, currency: Currency) -> Option<Money> {
    let figures: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    Money::parse(&figures.replace(',', "."), currency).ok()
}

fn done(reader: &Reader, agent: &str) -> Response {
    if reader.quiet { StatusCode::NO_CONTENT.into_response() } else { back(agent, STARTED) }
}

fn back(agent: &str, told: &str) -> Response {
    let query = serde_urlencoded::to_string([("agent", agent), ("told", told)]).unwrap_or_default();
    see(&format!("/desk?{query}"))
}

async fn refused(
    console: &Console,
    reader: &Reader,
    agent: &str,
    told: String,
    status: StatusCode,
) -> Response {
    if reader.quiet {
        return (status, told).into_response();
    }
    desk(console, reader, agent, told, status).await
}
