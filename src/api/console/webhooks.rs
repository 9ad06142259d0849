//! Webhooks, for admins: how endpoints fare, what waits, what is dead and why, and sending it again.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::store::{Delivery, DeliveryCursor, DeliveryState, EndpointStanding, Replay, StoreError};

use super::Console;
use super::locale::Locale;
use super::page::{Shell, page, see};
use super::reader::Reader;

/// Where it is.
pub(super) const PATH: &str = "/console/webhooks";

/// Messages of one kind on one page.
const PAGE_MESSAGES: u32 = 25;

/// In the address after something was sent again.
const SENT: &str = "sent";

/// In the address if nothing was left to be sent again.
const NOTHING: &str = "nothing";

/// What stands in the address: where each list goes on.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    told: String,
    dead: String,
    waiting: String,
}

struct EndpointRow {
    name: String,
    configured: bool,
    taken: String,
    waiting: u64,
    dead: u64,
}

struct MessageRow {
    id: String,
    endpoint: String,
    event: String,
    payment: String,
    tries: u32,
    tried: String,
    next: String,
    detail: String,
    /// Nobody carries to an endpoint that was struck from the configuration.
    configured: bool,
}

/// Messages in the same state.
struct List {
    rows: Vec<MessageRow>,
    /// Addresses of the next page, and of the first one if this is another.
    next: Option<String>,
    first: Option<String>,
}

#[derive(Template)]
#[template(path = "webhooks.html", config = "src/api/console/askama.toml")]
struct WebhooksPage {
    shell: Shell,
    csrf: String,
    told: &'static str,
    told_kind: &'static str,
    endpoints: Vec<EndpointRow>,
    dead: List,
    waiting: List,
}

/// `GET /console/webhooks`
pub(super) async fn show(
    State(console): State<Console>,
    Query(wanted): Query<Wanted>,
    reader: Reader,
) -> Response {
    if !reader.viewer.may_manage() {
        return reader.not_allowed();
    }
    match found(&console, &wanted, &reader).await {
        Ok(found) => page(&found, StatusCode::OK),
        Err(fault) => {
            tracing::error!("webhooks cannot be shown: {fault}");
            reader.failed()
        }
    }
}

async fn found(console: &Console, wanted: &Wanted, reader: &Reader) -> Result<WebhooksPage, StoreError> {
    let (locale, w) = (reader.locale, reader.locale.words());
    let endpoints = console.desk.store().webhook_endpoints().await?;
    let list = async |state, name, after: &str| list(console, state, name, after, &endpoints, locale).await;
    let dead = list(DeliveryState::Dead, "dead", &wanted.dead).await?;
    let waiting = list(DeliveryState::Pending, "waiting", &wanted.waiting).await?;
    // Words are chosen here: nobody can make a page say something by a link.
    let (told, told_kind) = match wanted.told.as_str() {
        SENT => (w.webhooks_sent, "good"),
        NOTHING => (w.webhooks_nothing, "warn"),
        _ => ("", ""),
    };
    Ok(WebhooksPage {
        shell: reader.shell(w.webhooks),
        csrf: reader.csrf(),
        told,
        told_kind,
        endpoints: endpoints.iter().map(|one| endpoint_row(one, locale)).collect(),
        dead,
        waiting,
    })
}

async fn list(
    console: &Console,
    state: DeliveryState,
    name: &str,
    after: &str,
    endpoints: &[EndpointStanding],
    locale: Locale,
) -> Result<List, StoreError> {
    // A place that cannot be understood is the beginning.
    let after: Option<DeliveryCursor> = after.parse().ok();
    let store = console.desk.store();
    let found = store.webhook_deliveries(None, Some(state), after.as_ref(), PAGE_MESSAGES).await?;
    let configured = |name: &str| endpoints.iter().any(|one| one.configured && one.endpoint == name);
    Ok(List {
        rows: found
            .deliveries
            .iter()
            .map(|one| message_row(one, configured(&one.endpoint), locale))
            .collect(),
        next: found.next.map(|next| format!("{PATH}?{name}={next}")),
        first: after.map(|_| PATH.to_owned()),
    })
}

fn endpoint_row(standing: &EndpointStanding, locale: Locale) -> EndpointRow {
    let never = || locale.words().never.to_owned();
    EndpointRow {
        name: standing.endpoint.clone(),
        configured: standing.configured,
        taken: standing.taken_at_ms.map_or_else(never, |at| locale.moment(at)),
        waiting: standing.waiting,
        dead: standing.dead,
    }
}

fn message_row(delivery: &Delivery, configured: bool, locale: Locale) -> MessageRow {
    MessageRow {
        id: delivery.id.clone(),
        endpoint: delivery.endpoint.clone(),
        event: delivery.event.clone(),
        payment: delivery.payment.clone(),
        tries: delivery.tries,
        tried: locale.moment(delivery.changed_at_ms),
        next: locale.moment(delivery.next_at_ms),
        detail: delivery.detail.clone(),
        configured,
    }
}

/// What is to be sent again: one message, or all dead ones of an endpoint.
#[derive(Deserialize)]
pub(super) struct Again {
    endpoint: String,
    #[serde(default)]
    id: String,
}

/// `POST /console/webhooks`
pub(super) async fn again(
    State(console): State<Console>,
    reader: Reader,
    Form(again): Form<Again>,
) -> Response {
    let actor = reader.viewer.person.actor();
    if !reader.viewer.may_manage() {
        console.auth.people().refused(&actor, &again.endpoint, "webhooks sent again, on the console").await;
        return reader.not_allowed();
    }
    let what = Replay { endpoint: Some(again.endpoint), id: Some(again.id).filter(|id| !id.is_empty()) };
    match console.desk.store().replay_webhooks(&what, &actor).await {
        Ok(replayed) => see(&format!("{PATH}?told={}", if replayed > 0 { SENT } else { NOTHING })),
        Err(fault) => {
            tracing::error!("webhooks cannot be sent again: {fault}");
            reader.failed()
        }
    }
}
