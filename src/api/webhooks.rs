//! `/v1/webhooks`: what endpoints were told, and sending it again.

use axum::extract::State as Extracted;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::State;
use super::auth::Caller;
use super::extract::{Body, Params, instant};
use super::problem::Problem;
use crate::store::{Delivery, DeliveryState, MAX_PAGE_LENGTH, Replay, StoreError};

/// Deliveries of one page, if nobody says how many.
const PAGE_LENGTH: u32 = 50;

/// The longest name of an endpoint or message.
const MAX_NAME_CHARS: usize = 256;

/// Which deliveries; what is not given does not matter.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only to this endpoint, by its name in the configuration.
    #[param(max_length = 256)]
    endpoint: Option<String>,
    /// Only those that have come so far.
    #[param(inline)]
    state: Option<DeliveryState>,
    /// Where the page begins: `next` of the page before, as it is.
    #[param(pattern = r"^[0-9]{1,15}\.[0-9A-Za-z_-]{1,40}$")]
    cursor: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
}

/// One message to one endpoint.
#[derive(Serialize, ToSchema)]
pub(super) struct DeliveryView {
    /// The message's own name, its `webhook-id`: the same for every endpoint and every try.
    id: String,
    /// The endpoint, by its name in the configuration.
    endpoint: String,
    /// What it tells of, such as `payment.approved`.
    event: String,
    /// The payment.
    payment: String,
    /// How far it has come.
    state: DeliveryState,
    /// How often it was tried.
    tries: u32,
    /// When the tries began.
    #[schema(format = DateTime)]
    since: String,
    /// When its state last changed, or it was last tried.
    #[schema(format = DateTime)]
    changed_at: String,
    /// When it is tried next; none unless it is pending.
    #[schema(format = DateTime)]
    next_at: Option<String>,
    /// What came of the last try.
    detail: String,
}

/// Some deliveries, the youngest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Deliveries {
    /// The deliveries.
    deliveries: Vec<DeliveryView>,
    /// Where the next page begins; none if this is the last.
    next: Option<String>,
}

/// One message by its `id`, whatever became of it; without it, all that are dead.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Again {
    /// Only to this endpoint, by its name in the configuration.
    #[schema(min_length = 1, max_length = 256)]
    endpoint: Option<String>,
    /// The message's own name.
    #[schema(min_length = 1, max_length = 256, example = "msg_0190b2c47e1f70008000123456789abc")]
    id: Option<String>,
}

/// What is sent again.
#[derive(Serialize, ToSchema)]
pub(super) struct Replayed {
    /// How many messages; 0 if none was found, or all are under way already.
    replayed: u64,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let Delivery { id, endpoint, event, payment, state, tries, detail, .. } = delivery;
        let next_at = (state == DeliveryState::Pending).then(|| instant(delivery.next_at_ms));
        let (since, changed_at) = (instant(delivery.since_ms), instant(delivery.changed_at_ms));
        Self { id, endpoint, event, payment, state, tries, since, changed_at, next_at, detail }
    }
}

/// What endpoints were told, what waits and what is dead, the youngest first.
#[utoipa::path(get, path = "/v1/webhooks", operation_id = "list_webhooks", tag = "webhooks", params(Wanted), responses(
    (status = 200, description = "Some deliveries.", body = Deliveries),
    (status = 400, response = super::openapi::Refusal)))]
pub(super) async fn list(
    Extracted(state): Extracted<State>,
    Params(wanted): Params<Wanted>,
) -> Result<Json<Deliveries>, Problem> {
    let limit = wanted.limit.unwrap_or(PAGE_LENGTH);
    if !(1..=MAX_PAGE_LENGTH).contains(&limit) {
        return Err(Problem::invalid("limit", format!("a page has 1 to {MAX_PAGE_LENGTH} deliveries")));
    }
    if wanted.endpoint.as_ref().is_some_and(|name| name.chars().count() > MAX_NAME_CHARS) {
        return Err(Problem::invalid("endpoint", format!("endpoint: at most {MAX_NAME_CHARS} characters")));
    }
    let after = wanted.cursor.as_deref().map(str::parse).transpose();
    let after = after.map_err(|fault: StoreError| Problem::invalid("cursor", fault.to_string()))?;
    let store = state.desk.store();
    let found = store.webhook_deliveries(wanted.endpoint.as_deref(), wanted.state, after.as_ref(), limit);
    let found = found.await.map_err(|fault| super::store_fault(&fault))?;
    let deliveries = found.deliveries.into_iter().map(DeliveryView::from).collect();
    Ok(Json(Deliveries { deliveries, next: found.next.map(|next| next.to_string()) }))
}

/// Sends again what endpoints did not take, or one message whatever became of it.
#[utoipa::path(post, path = "/v1/webhooks/replay", operation_id = "replay_webhooks", tag = "webhooks",
    request_body = Again, responses((status = 200, description = "They are sent again now.", body = Replayed)))]
pub(super) async fn replay(
    Extracted(state): Extracted<State>,
    Extension(caller): Extension<Caller>,
    Body(again): Body<Again>,
) -> Result<Json<Replayed>, Problem> {
    for (name, value) in [("endpoint", &again.endpoint), ("id", &again.id)] {
        let length = value.as_ref().map(|value| value.chars().count());
        if length.is_some_and(|length| !(1..=MAX_NAME_CHARS).contains(&length)) {
            return Err(Problem::refused(name, format!("give 1 to {MAX_NAME_CHARS} characters")));
        }
    }
    let what = Replay { endpoint: again.endpoint, id: again.id };
    let replayed = state.desk.store().replay_webhooks(&what, &caller.id).await;
    Ok(Json(Replayed { replayed: replayed.map_err(|fault| super::store_fault(&fault))? }))
}
