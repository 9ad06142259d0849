//! `/v1/webhooks`: what endpoints were told, and sending it again.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State as Extracted};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::State;
use super::problem::Problem;
use crate::store::{Delivery, DeliveryState, StoreError};

/// Deliveries of one page, if nobody says how many.
const PAGE_LENGTH: u32 = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    endpoint: Option<String>,
    state: Option<DeliveryState>,
    /// `seq` of the last one seen.
    below: Option<i64>,
    limit: Option<u32>,
}

#[derive(Serialize)]
pub(super) struct Page {
    deliveries: Vec<Delivery>,
}

/// One message by its name, or all that are dead.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Again {
    endpoint: Option<String>,
    id: Option<String>,
    /// Dead ones from this place in the outbox on.
    #[serde(default)]
    from: i64,
}

#[derive(Serialize)]
pub(super) struct Replayed {
    replayed: u64,
}

pub(super) async fn list(
    Extracted(state): Extracted<State>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Page>, Problem> {
    let Query(wanted) = wanted.map_err(|fault| bad(fault.body_text()))?;
    let limit = wanted.limit.unwrap_or(PAGE_LENGTH);
    let found =
        state.desk.store().webhook_deliveries(wanted.endpoint.as_deref(), wanted.state, wanted.below, limit);
    Ok(Json(Page { deliveries: found.await.map_err(store_fault)? }))
}

pub(super) async fn replay(
    Extracted(state): Extracted<State>,
    again: Result<Json<Again>, JsonRejection>,
) -> Result<Json<Replayed>, Problem> {
    let Json(again) = again.map_err(|fault| bad(fault.body_text()))?;
    let store = state.desk.store();
    let replayed = store.replay_webhooks(again.endpoint.as_deref(), again.id.as_deref(), again.from).await;
    Ok(Json(Replayed { replayed: replayed.map_err(store_fault)? }))
}

fn bad(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "the request cannot be understood", detail)
}

fn store_fault(fault: StoreError) -> Problem {
    tracing::error!("the outbox does not answer: {fault}");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer", "the daemon's log says why")
}
