//! `/v1/payments`: prepare, begin, look up, command.

use std::collections::BTreeMap;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State as Extracted};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::State;
use super::auth::Caller;
use super::customer::NewCustomer;
use super::problem::Problem;
use crate::call::{AgentCommand, Currency, Money};
use crate::desk::{Prepared, Request, StartError};
use crate::pbx::{CallName, LegId, PbxError};
use crate::store::{Payment, PaymentFilter, StoreError};

/// Free fields for the provider that one payment may carry.
const MAX_PARAMETERS: usize = 32;

/// The longest free text of a payment.
const MAX_TEXT_CHARS: usize = 200;

/// `POST /v1/payments`. Exactly one of `agent_extension`, `leg` and `customer_number` names the call; with
/// `begin: false` the payment waits for the agent's feature code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPayment {
    merchant: Option<String>,
    amount: String,
    currency: Option<String>,
    reference: Option<String>,
    description: Option<String>,
    language: Option<String>,
    agent_extension: Option<String>,
    leg: Option<String>,
    customer_number: Option<String>,
    #[serde(default)]
    customer: NewCustomer,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    /// Somebody has looked at the provider and lets the same order be charged although an attempt is open.
    #[serde(default)]
    even_if_unknown: bool,
    #[serde(default = "yes")]
    begin: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCommand {
    command: CommandWord,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum CommandWord {
    RestartField,
    RestartAll,
    OtherMeans,
    Pause,
    Resume,
    Cancel,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    cursor: Option<String>,
    limit: Option<u32>,
    reference: Option<String>,
    agent: Option<String>,
}

type Refused = Problem;

pub(super) async fn create(
    Extracted(state): Extracted<State>,
    Extension(caller): Extension<Caller>,
    body: Result<Json<NewPayment>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let Json(new) = body.map_err(|fault| bad(fault.body_text()))?;
    if !new.agent_extension.as_deref().map_or_else(|| caller.serves_all(), |agent| caller.serves(agent)) {
        let detail = "agents take payments on their own extensions: name one of yours as agent_extension";
        return Err(Problem::new(StatusCode::FORBIDDEN, "not your call", detail));
    }
    let payment = prepared(&state, &caller, &new)?;
    let names = [&new.agent_extension, &new.leg, &new.customer_number];
    if names.into_iter().flatten().count() != 1 {
        return Err(bad("name the call by exactly one of agent_extension, leg, customer_number"));
    }
    if !new.begin {
        let Some(extension) = &new.agent_extension else {
            return Err(bad("a payment is prepared for an agent: give agent_extension"));
        };
        if !state.desk.live.prepare(extension, payment) {
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many prepared", "try again later"));
        }
        return Ok((StatusCode::ACCEPTED, Json(json!({ "prepared_for": extension }))));
    }
    let call = match (new.agent_extension, new.leg, new.customer_number) {
        (Some(extension), _, _) => CallName::AgentExtension(extension),
        (_, Some(leg), _) => CallName::Leg(LegId(leg)),
        (_, _, number) => CallName::CustomerNumber(number.unwrap_or_default()),
    };
    let id = state.desk.start(Request { call, payment }).await.map_err(cannot_start)?;
    Ok((StatusCode::CREATED, Json(json!({ "payment": id }))))
}

fn prepared(state: &State, caller: &Caller, new: &NewPayment) -> Result<Prepared, Refused> {
    let presumed = state.desk.presumed(new.merchant.as_deref());
    let presumed = presumed.map_err(|fault| bad(format!("merchant: {fault}")))?;
    let currency: Currency = match &new.currency {
        Some(code) => code.parse().map_err(|fault| bad(format!("currency: {fault}")))?,
        None => presumed,
    };
    let amount = Money::parse(&new.amount, currency).map_err(|fault| bad(format!("amount: {fault}")))?;
    let language = match &new.language {
        Some(tag) => Some(tag.parse().map_err(|fault| bad(format!("language: {fault}")))?),
        None => None,
    };
    let texts = [&new.reference, &new.description, &new.agent_extension, &new.leg, &new.customer_number];
    let parameters = new.parameters.iter().flat_map(|(key, value)| [key, value]);
    for text in texts.into_iter().flatten().chain(parameters) {
        if text.chars().count() > MAX_TEXT_CHARS || text.chars().any(char::is_control) {
            return Err(bad(format!(
                "texts have at most {MAX_TEXT_CHARS} characters, none of them a control character"
            )));
        }
    }
    if new.parameters.len() > MAX_PARAMETERS {
        return Err(bad(format!("at most {MAX_PARAMETERS} parameters")));
    }
    Ok(Prepared {
        merchant: new.merchant.clone(),
        amount,
        currency_named: new.currency.is_some(),
        reference: new.reference.clone(),
        description: new.description.clone(),
        language,
        customer: new.customer.read().map_err(bad)?,
        parameters: new.parameters.clone(),
        even_if_unknown: new.even_if_unknown.then(|| caller.id.clone()),
        commanded: None,
    })
}

pub(super) async fn command(
    Extracted(state): Extracted<State>,
    Path(id): Path<Uuid>,
    body: Result<Json<NewCommand>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let Json(NewCommand { command }) = body.map_err(|fault| bad(fault.body_text()))?;
    let command = match command {
        CommandWord::RestartField => AgentCommand::RestartField,
        CommandWord::RestartAll => AgentCommand::RestartAll,
        CommandWord::OtherMeans => AgentCommand::OtherMeans,
        CommandWord::Pause => AgentCommand::Pause,
        CommandWord::Resume => AgentCommand::Resume,
        CommandWord::Cancel => AgentCommand::Cancel,
    };
    if state.desk.live.command(id, command) {
        return Ok(StatusCode::ACCEPTED);
    }
    Err(Problem::new(
        StatusCode::CONFLICT,
        "not under way",
        "this payment's call is over, or takes no command now",
    ))
}

pub(super) async fn show(
    Extracted(state): Extracted<State>,
    Path(id): Path<Uuid>,
) -> Result<Json<Value>, Refused> {
    let payment = state.desk.store().payment(id).await.map_err(store_fault)?;
    let payment = payment
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "no such payment", "its id is not known here"))?;
    Ok(Json(view(&payment)))
}

pub(super) async fn list(
    Extracted(state): Extracted<State>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, Refused> {
    let Query(page) = page.map_err(|fault| bad(fault.body_text()))?;
    let filter = PaymentFilter { reference: page.reference, agent: page.agent, ..PaymentFilter::default() };
    let limit = page.limit.unwrap_or(50).clamp(1, 100);
    let after = match page.cursor {
        Some(cursor) => Some(cursor.parse().map_err(|fault: StoreError| bad(fault.to_string()))?),
        None => None,
    };
    let found = state.desk.store().payments(&filter, after, limit).await.map_err(store_fault)?;
    let payments: Vec<_> = found.payments.iter().map(view).collect();
    Ok(Json(json!({ "payments": payments, "next": found.next.map(|next| next.to_string()) })))
}

fn view(payment: &Payment) -> Value {
    let begun = &payment.begun;
    let attempts: Vec<_> = payment
        .attempts
        .iter()
        .map(|attempt| {
            json!({
                "ordinal": attempt.attempt.ordinal,
                "state": attempt.state.word(),
                "decline_reason": attempt.decline_reason,
                "psp": attempt.psp,
                "reference": attempt.psp_reference,
                "detail": attempt.detail,
                "journalled_at_ms": attempt.journalled_at_ms,
                "changed_at_ms": attempt.changed_at_ms,
            })
        })
        .collect();
    json!({
        "payment": begun.id,
        "created_at_ms": payment.created_at_ms,
        "merchant": begun.merchant,
        "agent": begun.agent,
        "caller_number": begun.caller_number,
        "dialled_number": begun.dialled_number,
        "reference": begun.reference,
        "amount": begun.amount.decimal(),
        "currency": begun.amount.currency.code(),
        "description": begun.description,
        "brand": payment.brand,
        "card": payment.masked_pan,
        "ending": payment.ending,
        "ended_at_ms": payment.ended_at_ms,
        "attempts": attempts,
    })
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "the request cannot be understood", detail)
}

fn store_fault(fault: StoreError) -> Problem {
    tracing::error!("a look-up failed: {fault}");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer", "the daemon's log says why")
}

fn cannot_start(fault: StartError) -> Problem {
    let status = match &fault {
        StartError::NoAmount
        | StartError::Amount(_)
        | StartError::Zero
        | StartError::Merchant(_)
        | StartError::OtherCurrency { .. } => StatusCode::BAD_REQUEST,
        StartError::SameCall
        | StartError::StillUnknown { .. }
        | StartError::Pbx(PbxError::Busy | PbxError::Ambiguous(..)) => StatusCode::CONFLICT,
        StartError::Pbx(PbxError::NoSuchCall(_)) => StatusCode::NOT_FOUND,
        StartError::Limit(_) | StartError::Draining | StartError::Pbx(_) | StartError::Store(_) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    Problem::new(status, "the payment cannot begin", fault.to_string())
}
