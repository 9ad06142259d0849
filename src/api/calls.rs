//! What is under way, and what went wrong: for screens that begin to look in the middle of it.

use axum::extract::State as Extracted;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::State;
use super::auth::Caller;
use super::extract::Params;
use crate::call::Field;
use crate::card::Brand;
use crate::desk::{Answered, FieldStanding, Stage, Standing};
use crate::observe::RaisedAlarm;

/// A payment call under way, without a digit.
#[derive(Serialize, ToSchema)]
pub(super) struct CallView {
    /// The payment.
    payment: Uuid,
    /// When it began.
    #[schema(format = DateTime)]
    since: String,
    /// The agent's extension; none in self-service.
    agent: Option<String>,
    /// The customer's leg, by the PBX's own name.
    call: String,
    /// How much, as decimal text.
    amount: String,
    /// ISO 4217.
    currency: String,
    /// The company's own reference.
    reference: Option<String>,
    /// What the call is about at this moment.
    stage: Stage,
    /// Quality of the line, once known: `clean`, `dirty` or `unknown`.
    line: Option<&'static str>,
    /// The field that waits for keys.
    field: Option<Field>,
    /// Every field that was asked for.
    fields: Vec<FieldStanding>,
    /// The brand, once the first digits tell.
    brand: Option<Brand>,
    /// The card's number, all but the last four digits struck out, once it is complete.
    card: Option<String>,
    /// What the bank said of the last card.
    answer: Option<Answered>,
    /// The last alarm of this call.
    alarm: Option<&'static str>,
}

/// What is under way on this node.
#[derive(Serialize, ToSchema)]
pub(super) struct Calls {
    /// The calls, the oldest first.
    calls: Vec<CallView>,
    /// The number of the last event that this takes into account: read the events after it.
    last_event: u64,
}

/// Which calls.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// Only this agent's, by extension.
    agent: Option<String>,
}

/// What is under way on this node.
#[utoipa::path(get, path = "/v1/calls", operation_id = "list_calls", tag = "calls", params(Whose), responses(
    (status = 200, description = "Payment calls under way.", body = Calls),
    (status = 400, response = super::openapi::Refusal)))]
pub(super) async fn calls(
    Extracted(state): Extracted<State>,
    Extension(caller): Extension<Caller>,
    Params(whose): Params<Whose>,
) -> Json<Calls> {
    let (last_event, standing) = state.desk.feed.standing();
    let theirs = |call: &&Standing| {
        let agent = call.subject.agent.as_deref();
        let wanted = whose.agent.is_none() || agent == whose.agent.as_deref();
        wanted && agent.map_or_else(|| caller.serves_all(), |agent| caller.serves(agent))
    };
    Json(Calls { calls: standing.iter().filter(theirs).map(CallView::new).collect(), last_event })
}

impl CallView {
    fn new(standing: &Standing) -> Self {
        let subject = &standing.subject;
        Self {
            payment: subject.payment,
            since: standing.since.to_string(),
            agent: subject.agent.clone(),
            call: subject.call.clone(),
            amount: subject.amount.decimal(),
            currency: subject.amount.currency.code().to_owned(),
            reference: subject.reference.clone(),
            stage: standing.stage,
            line: standing.line,
            field: standing.field,
            fields: standing.fields.clone(),
            brand: standing.brand,
            card: standing.card.as_ref().map(ToString::to_string),
            answer: standing.answer.clone(),
            alarm: standing.alarm,
        }
    }
}

/// An alarm.
#[derive(Serialize, ToSchema)]
pub(super) struct AlarmView {
    /// When it was raised.
    #[schema(format = DateTime)]
    at: String,
    /// For machines; never changes.
    alarm: &'static str,
    /// The payment it belongs to.
    payment: Option<String>,
    /// What failed.
    what: String,
    /// What to do.
    remedy: String,
}

/// The alarms of this life of the daemon.
#[derive(Serialize, ToSchema)]
pub(super) struct Alarms {
    /// The last of them, the youngest first; the log has all.
    alarms: Vec<AlarmView>,
    /// Why no payment can be taken now; none if one can.
    not_ready: Option<String>,
}

/// The last alarms, and whether a payment can be taken now.
#[utoipa::path(get, path = "/v1/alarms", operation_id = "list_alarms", tag = "calls", responses(
    (status = 200, description = "The last alarms.", body = Alarms)))]
pub(super) async fn alarms(Extracted(state): Extracted<State>) -> Json<Alarms> {
    let alarms = crate::observe::alarms().into_iter().map(AlarmView::from).collect();
    Json(Alarms { alarms, not_ready: state.desk.not_ready() })
}

impl From<RaisedAlarm> for AlarmView {
    fn from(alarm: RaisedAlarm) -> Self {
        let RaisedAlarm { at, name, payment, what, remedy } = alarm;
        Self { at: at.to_string(), alarm: name, payment, what, remedy }
    }
}
