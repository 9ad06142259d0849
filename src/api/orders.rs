//! `/v1/orders`: what is owed, and by whom.

mod list;
mod new;

pub(super) use list::{__path_list, list};

use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::IntoParams;

use super::State;
use super::auth::Caller;
use super::extract::{Body, Params, Segments};
use super::problem::{Kind, Problem};
use crate::orders::{OrderView, Payees, Slip};
use crate::psp::http::percent_encoded;
use crate::store::{OrderFault, StoreError};
use new::NewOrder;

/// Whose order.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// Who is paid, by the id of the configuration; the default merchant if nobody is named.
    #[param(max_length = 200)]
    merchant: Option<String>,
}

/// Writes an order down.
#[utoipa::path(post, path = "/v1/orders", operation_id = "create_order", tag = "orders", request_body = NewOrder, responses(
    (status = 201, description = "The order.", body = OrderView, headers(
        ("Location" = String, description = "Where the order stands."))),
    (status = 409, response = super::openapi::Refusal)))]
pub(super) async fn create(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Body(new): Body<NewOrder>,
) -> Result<Response, Problem> {
    let mut draft = new.draft();
    let merchants = state.desk.merchants();
    let known = merchants.all().map(|merchant| (merchant.id.clone(), merchant.currency));
    Payees::new(&merchants.default_one().id, known).complete(&mut draft).map_err(slipped)?;
    let order = draft.read().map_err(slipped)?;
    let order = state.desk.store().add_order(&order, &caller.id).await.map_err(|fault| failed(&fault))?;
    let view = OrderView::from(order);
    let query =
        form_urlencoded::Serializer::new(String::new()).append_pair("merchant", &view.merchant).finish();
    let segment = percent_encoded(&view.reference);
    let location = [(header::LOCATION, format!("/v1/orders/{segment}?{query}"))];
    Ok((StatusCode::CREATED, location, Json(view)).into_response())
}

/// Looks an order up.
#[utoipa::path(get, path = "/v1/orders/{reference}", operation_id = "get_order", tag = "orders", params(
    ("reference" = String, Path, description = "The company's own reference."), Whose), responses(
    (status = 200, description = "The order.", body = OrderView),
    (status = 400, response = super::openapi::Refusal), (status = 404, response = super::openapi::Refusal),
    (status = 422, response = super::openapi::Refusal)))]
pub(super) async fn show(
    Shared(state): Shared<State>,
    Segments(reference): Segments<String>,
    Params(whose): Params<Whose>,
) -> Result<Json<OrderView>, Problem> {
    let found = state.desk.store().order(&whose.id(&state)?, &reference).await;
    let found = found.map_err(|fault| super::store_fault(&fault))?;
    let found = found.ok_or_else(|| refused(&OrderFault::NoSuch(reference)))?;
    Ok(Json(found.into()))
}

/// Cancels an order: nobody pays it any more.
///
/// What came in for it stays; one that is being paid, or may have been paid, is not cancelled.
#[utoipa::path(post, path = "/v1/orders/{reference}/cancel", operation_id = "cancel_order", tag = "orders", params(
    ("reference" = String, Path, description = "The company's own reference."), Whose), responses(
    (status = 200, description = "The order.", body = OrderView),
    (status = 400, response = super::openapi::Refusal), (status = 404, response = super::openapi::Refusal),
    (status = 409, response = super::openapi::Refusal), (status = 422, response = super::openapi::Refusal)))]
pub(super) async fn cancel(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Segments(reference): Segments<String>,
    Params(whose): Params<Whose>,
) -> Result<Json<OrderView>, Problem> {
    let cancelled = state.desk.store().cancel_order(&whose.id(&state)?, &reference, &caller.id).await;
    cancelled.map(|order| Json(order.into())).map_err(|fault| failed(&fault))
}

impl Whose {
    fn id(&self, state: &State) -> Result<String, Problem> {
        let merchants = state.desk.merchants();
        let merchant = self.merchant.as_deref().map_or(Ok(merchants.default_one()), |id| merchants.named(id));
        merchant.map(|merchant| merchant.id.clone()).map_err(|fault| Problem::refused("merchant", fault))
    }
}

fn slipped(slip: Slip) -> Problem {
    // In files the customer's fields stand beside the others.
    let field = match slip.field {
        own @ ("name" | "phone" | "email" | "language") => format!("customer.{own}"),
        own => own.to_owned(),
    };
    Problem::refused(&field, slip.why)
}

fn failed(fault: &StoreError) -> Problem {
    match fault {
        StoreError::Order(fault) => refused(fault),
        fault => super::store_fault(fault),
    }
}

/// Why an order cannot be written down, paid or cancelled.
pub(super) fn refused(fault: &OrderFault) -> Problem {
    let kind = match fault {
        OrderFault::NoSuch(_) => Kind::NoSuchOrder,
        OrderFault::Exists(_) => Kind::Conflict,
        OrderFault::TooMuch { .. }
        | OrderFault::TooLittle { .. }
        | OrderFault::Whole { .. }
        | OrderFault::Currency { .. } => Kind::Refused,
        OrderFault::Unknown { .. } => Kind::StillUnknown,
        OrderFault::Paid(_)
        | OrderFault::Cancelled(_)
        | OrderFault::UnderWay { .. }
        | OrderFault::Link { .. } => Kind::OrderNotPayable,
    };
    Problem::of(kind, fault.to_string())
}
