//! `/v1/payments`: prepare, begin, look up, command.

mod list;
mod view;

pub(super) use list::{__path_list, list};
pub(super) use view::{__path_show, PaymentView, show};

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State as Extracted;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::{Object, ObjectBuilder, Type};
use uuid::Uuid;

use super::State;
use super::extract::{Body, PaymentId};
use super::problem::{Kind, Problem};
use crate::call::{AgentCommand, Currency, Money};
use crate::desk::{Prepared, Request, StartError};
use crate::pbx::{CallName, LegId, PbxError};

/// Free fields for the provider that one payment may carry.
const MAX_PARAMETERS: usize = 32;

/// The longest free text of a payment.
const MAX_TEXT_CHARS: usize = 200;

/// A payment to be prepared or begun. Exactly one of `agent_extension`, `leg` and `customer_number` names the call;
/// with `begin: false` the payment waits for the agent's feature code, and `agent_extension` says whose.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPayment {
    /// How much, with a point and at most as many digits after it as the currency has: `42.50`.
    #[schema(pattern = r"^[0-9]{1,12}(\.[0-9]{1,3})?$", example = "42.50")]
    amount: String,
    /// ISO 4217; the merchant's own if none.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: Option<String>,
    /// The company's own reference.
    #[schema(max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", example = "A-17")]
    reference: Option<String>,
    /// What for; the merchant's own words if none.
    #[schema(max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    description: Option<String>,
    /// Language of the prompts, as a tag whose first part we speak; the call's own if none.
    #[schema(pattern = "^(en|fr)$", example = "fr")]
    language: Option<String>,
    /// The extension of the agent who talks with the customer.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$", example = "1001")]
    agent_extension: Option<String>,
    /// The name of either leg of the call, as the PBX has it.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    leg: Option<String>,
    /// The customer's telephone number, as the PBX has it.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    customer_number: Option<String>,
    /// Free fields for the provider: at most 32, names and values of at most 200 characters.
    #[serde(default)]
    #[schema(schema_with = parameters_schema)]
    parameters: BTreeMap<String, String>,
    /// Whether the payment begins at once on the call that is up.
    #[serde(default = "yes")]
    #[schema(default = true)]
    begin: bool,
}

fn parameters_schema() -> Object {
    let text = || {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(MAX_TEXT_CHARS))
            .pattern(Some(r"^[^\x00-\x1f\x7f-\x9f]*$"))
    };
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property_names(Some(text()))
        .additional_properties(Some(text()))
        .max_properties(Some(MAX_PARAMETERS))
        .build()
}

fn yes() -> bool {
    true
}

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
    Body(new): Body<NewPayment>,
) -> Result<Response, Problem> {
    let payment = prepared(&state, &new)?;
    let names = [&new.agent_extension, &new.leg, &new.customer_number];
    if names.into_iter().flatten().count() != 1 {
        return Err(refused("name the call by exactly one of agent_extension, leg, customer_number"));
    }
    if !new.begin {
        let Some(extension) = new.agent_extension else {
            let detail = "a payment is prepared for an agent: give agent_extension";
            return Err(refused(detail).at("agent_extension"));
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

fn prepared(state: &State, new: &NewPayment) -> Result<Prepared, Problem> {
    let currency: Currency = match &new.currency {
        Some(code) => code.parse().map_err(|fault| refused(format!("currency: {fault}")).at("currency"))?,
        None => state.desk.merchant().currency,
    };
    let amount = Money::parse(&new.amount, currency)
        .map_err(|fault| refused(format!("amount: {fault}")).at("amount"))?;
    let language = match &new.language {
        Some(tag) => Some(tag.parse().map_err(|fault| refused(format!("language: {fault}")).at("language"))?),
        None => None,
    };
    texts(new)?;
    Ok(Prepared {
        amount,
        reference: new.reference.clone(),
        description: new.description.clone(),
        language,
        parameters: new.parameters.clone(),
    })
}

fn texts(new: &NewPayment) -> Result<(), Problem> {
    let names = [
        ("agent_extension", &new.agent_extension),
        ("leg", &new.leg),
        ("customer_number", &new.customer_number),
    ];
    let free = [("reference", &new.reference), ("description", &new.description)];
    for (name, text) in names.into_iter().chain(free) {
        let Some(text) = text else { continue };
        let empty = text.is_empty() && names.iter().any(|(known, _)| *known == name);
        if empty || !is_text(text) {
            let detail =
                format!("{name}: give at most {MAX_TEXT_CHARS} characters, none of them a control character");
            return Err(refused(detail).at(name));
        }
    }
    let parameters = new.parameters.iter().flat_map(|(key, value)| [key, value]);
    if new.parameters.len() > MAX_PARAMETERS || !parameters.into_iter().all(|text| is_text(text)) {
        let detail = format!(
            "parameters: at most {MAX_PARAMETERS}, of at most {MAX_TEXT_CHARS} characters, none of them a \
             control character"
        );
        return Err(refused(detail).at("parameters"));
    }
    Ok(())
}

fn is_text(text: &str) -> bool {
    text.chars().count() <= MAX_TEXT_CHARS && !text.chars().any(char::is_control)
}

/// Says to a payment call what the agent's keys can say.
#[utoipa::path(post, path = "/v1/payments/{id}/commands", operation_id = "command_payment", tag = "payments", params(
    ("id" = Uuid, Path, description = "The payment.")), request_body = NewCommand, responses(
    (status = 202, description = "It has been said."), (status = 409, response = super::openapi::Refusal)))]
pub(super) async fn command(
    Extracted(state): Extracted<State>,
    PaymentId(id): PaymentId,
    Body(NewCommand { command }): Body<NewCommand>,
) -> Result<StatusCode, Problem> {
    let command = match command {
        CommandWord::RestartField => AgentCommand::RestartField,
        CommandWord::RestartAll => AgentCommand::RestartAll,
        CommandWord::OtherMeans => AgentCommand::OtherMeans,
        CommandWord::Pause => AgentCommand::Pause,
        CommandWord::Resume => AgentCommand::Resume,
        CommandWord::TogglePause => AgentCommand::TogglePause,
        CommandWord::Cancel => AgentCommand::Cancel,
    };
    if state.desk.live.command(id, command) {
        return Ok(StatusCode::ACCEPTED);
    }
    Err(Problem::of(Kind::NotUnderWay, "this payment's call is over, or takes no command now"))
}

fn refused(detail: impl Into<String>) -> Problem {
    Problem::of(Kind::Refused, detail)
}

fn cannot_start(fault: &StartError) -> Problem {
    let kind = match fault {
        StartError::NoAmount | StartError::Amount(_) | StartError::Zero => Kind::Refused,
        StartError::SameCall | StartError::Pbx(PbxError::Busy) => Kind::PaymentRunning,
        StartError::Pbx(PbxError::Ambiguous(..)) => Kind::Ambiguous,
        StartError::Pbx(PbxError::NoSuchCall(_)) => Kind::NoSuchCall,
        StartError::Limit(_) | StartError::Draining | StartError::Pbx(_) | StartError::Store(_) => {
            Kind::NotReady
        }
    };
    Problem::of(kind, fault.to_string())
}
