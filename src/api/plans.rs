//! `/v1/plans`: stored cards that are charged when it is due, without their customers.

mod new;
mod view;

use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::State;
use super::auth::Caller;
use super::extract::{Body, Params, PaymentId, SOUGHT_MAX_CHARS, not_longer, page_of, read_uuid};
use super::problem::{Kind, Problem};
use crate::recurring::resumed;
use crate::store::{Plan, PlanChange, PlanFault, PlanFilter, PlanState, StoreError};
use new::NewPlan;
use view::{PlanList, PlanView};

/// Which plans; what is not given does not matter.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// Where the page begins: `next` of the page before, as it is.
    #[param(pattern = r"^[0-9]{1,15}\.[0-9a-f]{32}$")]
    cursor: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
    /// Who is paid, by the id of the configuration.
    #[param(max_length = 256)]
    merchant: Option<String>,
    /// The company's own reference.
    #[param(max_length = 256)]
    reference: Option<String>,
    /// The stored card.
    #[param(format = Uuid)]
    token: Option<String>,
    /// How it stands.
    #[param(pattern = "^(active|paused|held|done|cancelled)$")]
    state: Option<String>,
}

/// How a plan goes on that waited.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Resume {
    /// Whether what fell due meanwhile is charged now, once; else the next charge is the first still to come.
    #[serde(default)]
    missed: bool,
}

/// Another card for a plan.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OtherCard {
    /// The stored card.
    #[schema(format = Uuid)]
    token: String,
    /// The last month in which it is good, if the company knows it: an alarm comes before a charge that would be later.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$", example = "2028-04")]
    card_until: Option<String>,
}

/// Makes a plan: a stored card is charged when it is due.
///
/// The customer has agreed to it. Give `amount` for each charge, or `total` to be paid in instalments, or an `order`
/// whose rest is. Each charge is a payment as any other, with the plan's reference or that of the order.
#[utoipa::path(post, path = "/v1/plans", operation_id = "create_plan", tag = "plans", request_body = NewPlan, responses(
    (status = 201, description = "The plan.", body = PlanView, headers(
        ("Location" = String, description = "Where the plan stands."))),
    (status = 404, response = super::openapi::Refusal), (status = 409, response = super::openapi::Refusal)))]
pub(super) async fn create(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Body(new): Body<NewPlan>,
) -> Result<Response, Problem> {
    let (new, first_due_ms) = new.read(&state).await?;
    let plan = state.desk.store().add_plan(&new, first_due_ms, &caller.id).await.map_err(failed)?;
    let location = [(header::LOCATION, format!("/v1/plans/{}", plan.id))];
    Ok((StatusCode::CREATED, location, Json(PlanView::new(plan, Vec::new()))).into_response())
}

/// Looks plans up, the youngest first.
#[utoipa::path(get, path = "/v1/plans", operation_id = "list_plans", tag = "plans", params(Page), responses(
    (status = 200, description = "Some plans.", body = PlanList),
    (status = 400, response = super::openapi::Refusal)))]
pub(super) async fn list(
    Shared(state): Shared<State>,
    Params(page): Params<Page>,
) -> Result<Json<PlanList>, Problem> {
    let (after, limit) = page_of(page.cursor.as_deref(), page.limit)?;
    not_longer("merchant", page.merchant.as_deref(), SOUGHT_MAX_CHARS)?;
    not_longer("reference", page.reference.as_deref(), SOUGHT_MAX_CHARS)?;
    let word = |word: String| {
        let no_state = || Problem::invalid("state", "state: active, paused, held, done or cancelled");
        PlanState::of_word(&word).ok_or_else(no_state)
    };
    let filter = PlanFilter {
        merchant: page.merchant,
        reference: page.reference,
        token: page
            .token
            .as_deref()
            .map(|id| read_uuid(id).map_err(|fault| fault.at("token")))
            .transpose()?,
        state: page.state.map(word).transpose()?,
    };
    let found = state.desk.store().plans(&filter, after, limit).await.map_err(failed)?;
    let plans = found.plans.into_iter().map(|plan| PlanView::new(plan, Vec::new())).collect();
    Ok(Json(PlanList { plans, next: found.next.map(|next| next.to_string()) }))
}

/// Looks a plan up, with every try of every charge.
#[utoipa::path(get, path = "/v1/plans/{id}", operation_id = "get_plan", tag = "plans", params(
    ("id" = Uuid, Path, description = "The plan.")), responses(
    (status = 200, description = "The plan.", body = PlanView),
    (status = 404, response = super::openapi::Refusal)))]
pub(super) async fn show(
    Shared(state): Shared<State>,
    PaymentId(id): PaymentId,
) -> Result<Json<PlanView>, Problem> {
    told(&state, known(&state, id).await?).await
}

/// Lets a plan wait. What is being charged just now still is.
#[utoipa::path(post, path = "/v1/plans/{id}/pause", operation_id = "pause_plan", tag = "plans", params(
    ("id" = Uuid, Path, description = "The plan.")), responses(
    (status = 200, description = "The plan.", body = PlanView),
    (status = 404, response = super::openapi::Refusal), (status = 409, response = super::openapi::Refusal),
    (status = 422, response = super::openapi::Refusal)))]
pub(super) async fn pause(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    PaymentId(id): PaymentId,
) -> Result<Json<PlanView>, Problem> {
    changed(&state, id, PlanChange::Pause, &caller).await
}

/// Lets a plan go on that was paused or held.
#[utoipa::path(post, path = "/v1/plans/{id}/resume", operation_id = "resume_plan", tag = "plans", params(
    ("id" = Uuid, Path, description = "The plan.")), request_body = Resume, responses(
    (status = 200, description = "The plan.", body = PlanView),
    (status = 404, response = super::openapi::Refusal), (status = 409, response = super::openapi::Refusal)))]
pub(super) async fn resume(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    PaymentId(id): PaymentId,
    Body(how): Body<Resume>,
) -> Result<Json<PlanView>, Problem> {
    let plan = known(&state, id).await?;
    let change = resumed(&plan, jiff::Timestamp::now(), how.missed);
    let change = change.map_err(|fault| Problem::of(Kind::Conflict, fault.to_string()))?;
    changed(&state, id, change, &caller).await
}

/// Cancels a plan. What is being charged just now still is.
#[utoipa::path(post, path = "/v1/plans/{id}/cancel", operation_id = "cancel_plan", tag = "plans", params(
    ("id" = Uuid, Path, description = "The plan.")), responses(
    (status = 200, description = "The plan.", body = PlanView),
    (status = 404, response = super::openapi::Refusal), (status = 409, response = super::openapi::Refusal),
    (status = 422, response = super::openapi::Refusal)))]
pub(super) async fn cancel(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    PaymentId(id): PaymentId,
) -> Result<Json<PlanView>, Problem> {
    changed(&state, id, PlanChange::Cancel, &caller).await
}

/// Gives a plan another stored card. One that is held waits until it is resumed.
#[utoipa::path(post, path = "/v1/plans/{id}/card", operation_id = "change_plan_card", tag = "plans", params(
    ("id" = Uuid, Path, description = "The plan.")), request_body = OtherCard, responses(
    (status = 200, description = "The plan.", body = PlanView),
    (status = 404, response = super::openapi::Refusal), (status = 409, response = super::openapi::Refusal)))]
pub(super) async fn card(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    PaymentId(id): PaymentId,
    Body(other): Body<OtherCard>,
) -> Result<Json<PlanView>, Problem> {
    let plan = known(&state, id).await?;
    let token = new::stored(&state, &other.token).await?;
    if token.merchant != plan.new.merchant {
        let detail = format!("this card may be charged by {} alone", token.merchant);
        return Err(Problem::refused("token", detail));
    }
    let until = new::month(other.card_until)?;
    changed(&state, id, PlanChange::Card { token: token.id, until }, &caller).await
}

async fn changed(
    state: &State,
    id: Uuid,
    change: PlanChange,
    caller: &Caller,
) -> Result<Json<PlanView>, Problem> {
    let plan = state.desk.store().change_plan(id, &change, &caller.id).await.map_err(failed)?;
    told(state, plan).await
}

async fn told(state: &State, plan: Plan) -> Result<Json<PlanView>, Problem> {
    let charges = state.desk.store().plan_charges(plan.id).await.map_err(failed)?;
    Ok(Json(PlanView::new(plan, charges)))
}

async fn known(state: &State, id: Uuid) -> Result<Plan, Problem> {
    let found = state.desk.store().plan(id).await.map_err(failed)?;
    found.ok_or_else(|| refused(&PlanFault::NoSuch(id.to_string())))
}

fn failed(fault: StoreError) -> Problem {
    match fault {
        StoreError::Plan(fault) => refused(&fault),
        fault => super::store_fault(&fault),
    }
}

fn refused(fault: &PlanFault) -> Problem {
    let kind = match fault {
        PlanFault::NoSuch(_) => Kind::NoSuchPlan,
        PlanFault::Exists(_) | PlanFault::Over { .. } | PlanFault::Charging { .. } => Kind::Conflict,
    };
    Problem::of(kind, fault.to_string())
}
