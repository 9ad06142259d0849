//! `/v1/payments`: prepare, begin, look up, command.

mod list;
mod new;
mod view;

pub(super) use list::{__path_list, list};
pub(super) use view::{__path_show, PaymentView, show};

use axum::extract::State as Extracted;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::auth::Caller;
use super::extract::{Body, PaymentId};
use super::problem::{Kind, Problem};
use crate::call::AgentCommand;
use crate::desk::{Prepared, Request, StartError};
use crate::pbx::{CallName, LegId, PbxError};
use new::NewPayment;
pub(super) use new::{free_text, sum};

/// A payment that has begun.
#[derive(Serialize, ToSchema)]
pub(super) struct Begun {
    /// Its number: look it up, command it and pick its events by it.
    payment: Uuid,
}

/// A payment that waits for the agent's feature code.
#[derive(Serialize, ToSchema)]
pub(super) struct PreparedFor {
    /// The agent's extension.
    prepared_for: String,
    /// How long it waits, in ms.
    kept_ms: u64,
}

/// What the agent can say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCommand {
    /// The word.
    command: CommandWord,
}

/// The words for what the agent's keys can say.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CommandWord {
    RestartField,
    RestartAll,
    OtherMeans,
    Pause,
    Resume,
    TogglePause,
    Repeat,
    NextPace,
    NextLanguage,
    Cancel,
}

/// Begins a payment, or prepares one.
///
/// Begins on the call that `agent_extension`, `leg` or `customer_number` names; with `begin: false`, keeps it for
/// the agent's next feature code, in place of what was kept before.
#[utoipa::path(post, path = "/v1/payments", operation_id = "begin_payment", tag = "payments", request_body = NewPayment, responses(
    (status = 201, description = "The payment has begun.", body = Begun, headers(
        ("Location" = String, description = "Where the payment stands."))),
    (status = 202, description = "The payment is kept for the agent.", body = PreparedFor),
    (status = 404, response = super::openapi::Refusal), (status = 409, response = super::openapi::Refusal),
    (status = 422, response = super::openapi::Refusal)))]
pub(super) async fn create(
    Extracted(state): Extracted<State>,
    Extension(caller): Extension<Caller>,
    Body(new): Body<NewPayment>,
) -> Result<Response, Problem> {
    if !new.agent_extension.as_deref().map_or_else(|| caller.serves_all(), |agent| caller.serves(agent)) {
        let detail = "agents take payments on their own extensions: name one of yours as agent_extension";
        return Err(Problem::of(Kind::Forbidden, detail).at("agent_extension"));
    }
    let payment = new.prepared(&state, &caller).await?;
    let names = [&new.agent_extension, &new.leg, &new.customer_number];
    if names.into_iter().flatten().count() != 1 {
        let detail = "name the call by exactly one of agent_extension, leg, customer_number";
        return Err(Problem::of(Kind::Refused, detail));
    }
    if !new.begin {
        let Some(extension) = new.agent_extension else {
            return Err(Problem::refused(
                "agent_extension",
                "a payment is prepared for an agent: say for whom",
            ));
        };
        return prepare(&state, extension, payment);
    }
    let call = match (new.agent_extension, new.leg, new.customer_number) {
        (Some(extension), _, _) => CallName::AgentExtension(extension),
        (_, Some(leg), _) => CallName::Leg(LegId(leg)),
        (_, _, number) => CallName::CustomerNumber(number.unwrap_or_default()),
    };
    let payment = state.desk.start(Request { call, payment }).await.map_err(|fault| cannot_start(&fault))?;
    let location = [(header::LOCATION, format!("/v1/payments/{payment}"))];
    Ok((StatusCode::CREATED, location, Json(Begun { payment })).into_response())
}

fn prepare(state: &State, extension: String, payment: Prepared) -> Result<Response, Problem> {
    if !state.desk.live.prepare(&extension, payment) {
        let detail = "as many payments are prepared as can be kept; they are forgotten after an hour";
        return Err(Problem::of(Kind::TooMany, detail));
    }
    let kept = PreparedFor { prepared_for: extension, kept_ms: crate::desk::PREPARED_KEPT_MS };
    Ok((StatusCode::ACCEPTED, Json(kept)).into_response())
}

/// Says to a payment call what the agent's keys can say.
#[utoipa::path(post, path = "/v1/payments/{id}/commands", operation_id = "command_payment", tag = "payments", params(
    ("id" = Uuid, Path, description = "The payment.")), request_body = NewCommand, responses(
    (status = 202, description = "It has been said."), (status = 409, response = super::openapi::Refusal)))]
pub(super) async fn command(
    Extracted(state): Extracted<State>,
    Extension(caller): Extension<Caller>,
    PaymentId(id): PaymentId,
    Body(NewCommand { command }): Body<NewCommand>,
) -> Result<StatusCode, Problem> {
    let agent = state.desk.feed.subject(id).and_then(|subject| subject.agent);
    if !agent.as_deref().map_or_else(|| caller.serves_all(), |agent| caller.serves(agent)) {
        return Err(Problem::of(Kind::Forbidden, "agents command the payments on their own extensions"));
    }
    let command = match command {
        CommandWord::RestartField => AgentCommand::RestartField,
        CommandWord::RestartAll => AgentCommand::RestartAll,
        CommandWord::OtherMeans => AgentCommand::OtherMeans,
        CommandWord::Pause => AgentCommand::Pause,
        CommandWord::Resume => AgentCommand::Resume,
        CommandWord::TogglePause => AgentCommand::TogglePause,
        CommandWord::Repeat => AgentCommand::Repeat,
        CommandWord::NextPace => AgentCommand::NextPace,
        CommandWord::NextLanguage => AgentCommand::NextLanguage,
        CommandWord::Cancel => AgentCommand::Cancel,
    };
    if state.desk.live.command(id, command) {
        return Ok(StatusCode::ACCEPTED);
    }
    Err(Problem::of(Kind::NotUnderWay, "this payment's call is over, or takes no command now"))
}

/// Why a payment does not begin.
pub(super) fn cannot_start(fault: &StartError) -> Problem {
    let kind = match fault {
        StartError::NoAmount
        | StartError::Amount(_)
        | StartError::Zero
        | StartError::Merchant(_)
        | StartError::OtherCurrency { .. } => Kind::Refused,
        StartError::Order(fault) => return super::orders::refused(fault),
        StartError::SameCall | StartError::Pbx(PbxError::Busy) => Kind::PaymentRunning,
        StartError::StillUnknown { .. } => Kind::StillUnknown,
        StartError::Pbx(PbxError::Ambiguous(..)) => Kind::Ambiguous,
        StartError::Pbx(PbxError::NoSuchCall(_)) => Kind::NoSuchCall,
        StartError::Limit(_)
        | StartError::Draining
        | StartError::Pbx(_)
        | StartError::Store(_)
        | StartError::Suspect(_)
        | StartError::Crm { .. } => Kind::NotReady,
    };
    Problem::of(kind, fault.to_string())
}
