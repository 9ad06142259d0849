//! `/v1/links/{id}/messages`: links on their way to customers.

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::State;
use crate::api::auth::Caller;
use crate::api::extract::{Body, PaymentId, instant};
use crate::api::operations::not_done;
use crate::api::problem::{Kind, Problem};
use crate::desk::{OperationFault, SendFault};
use crate::messaging::{Address, Medium};
use crate::store::{ChangeFault, Debtor, MessageRecord, OperationId, OperationKind, StoreError};

/// To whom a link goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Recipient {
    /// `sms` or `email`.
    channel: Medium,
    /// A telephone number with its country code, or an e-mail address; that of the order's customer if none.
    #[schema(
        min_length = 1,
        max_length = 254,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]+$",
        example = "+33612345678"
    )]
    address: Option<String>,
}

/// A message with a link.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct MessageView {
    /// Its number.
    message: Uuid,
    /// The link.
    link: Uuid,
    channel: Medium,
    /// To whom it goes.
    address: String,
    /// `waiting` (it will be sent, or tried again), `sending`, `taken` (the carrier has it), `refused` (it was not sent),
    /// `unknown` (it may have been taken, and nobody sends it again by themselves), `dropped` (its link ended first).
    state: &'static str,
    /// Segments an SMS is cut into.
    segments: usize,
    /// The account that carries it.
    messenger: String,
    /// The carrier's name of it.
    reference: Option<String>,
    /// The carrier's own code and words.
    detail: String,
    /// Who asked for it.
    actor: String,
    /// When it was written down, before it was sent.
    #[schema(format = DateTime)]
    made_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    changed_at: String,
}

/// What was sent about a link.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Messages {
    /// The oldest first.
    messages: Vec<MessageView>,
}

impl From<MessageRecord> for MessageView {
    fn from(record: MessageRecord) -> Self {
        let new = record.new;
        Self {
            message: new.id,
            link: new.link.0,
            channel: new.medium,
            address: new.to,
            state: record.state.word(),
            segments: new.segments,
            messenger: new.messenger,
            reference: record.carrier_reference,
            detail: record.detail,
            actor: new.actor,
            made_at: instant(record.made_at_ms),
            changed_at: instant(record.changed_at_ms),
        }
    }
}

/// Sends a link to its customer, for the first time or again.
///
/// Look at `state` later: what is `unknown` may have arrived. Each link is sent five times at most.
#[utoipa::path(post, path = "/v1/links/{id}/messages", operation_id = "send_link", tag = "operations", params(
    ("id" = Uuid, Path, description = "The link: the `operation` of its making.")), request_body = Recipient, responses(
    (status = 202, description = "It was written down, and is sent now.", body = MessageView),
    (status = 404, response = crate::api::openapi::Refusal), (status = 409, response = crate::api::openapi::Refusal),
    (status = 422, response = crate::api::openapi::Refusal)))]
pub(in crate::api) async fn send(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    PaymentId(id): PaymentId,
    Body(to): Body<Recipient>,
) -> Result<Response, Problem> {
    let store = state.desk.store();
    let link = store.operation(OperationId(id)).await.map_err(|fault| crate::api::store_fault(&fault))?;
    let order = link.and_then(|link| link.link).and_then(|link| link.order);
    let debtor = match order {
        Some(order) => store.order_numbered(order).await.map_err(|fault| crate::api::store_fault(&fault))?,
        None => None,
    };
    let address = to.address(&state, debtor.as_ref().map(|order| &order.new.customer), "address")?;
    let sent = state.desk.send_link(OperationId(id), &address, &caller.id).await.map_err(not_sent)?;
    Ok((StatusCode::ACCEPTED, Json(MessageView::from(sent))).into_response())
}

/// What was sent about a link, and what became of it.
#[utoipa::path(get, path = "/v1/links/{id}/messages", operation_id = "list_link_messages", tag = "operations", params(
    ("id" = Uuid, Path, description = "The link: the `operation` of its making.")), responses(
    (status = 200, description = "All of it.", body = Messages),
    (status = 404, response = crate::api::openapi::Refusal)))]
pub(in crate::api) async fn list(
    Shared(state): Shared<State>,
    PaymentId(id): PaymentId,
) -> Result<Json<Messages>, Problem> {
    let id = OperationId(id);
    let failed = |fault: StoreError| crate::api::store_fault(&fault);
    let known = state.desk.store().operation(id).await.map_err(failed)?;
    if !known.is_some_and(|known| known.kind == OperationKind::Link) {
        let fault = ChangeFault::NoSuchOperation(id.0.to_string());
        return Err(not_done(OperationFault::Store(StoreError::Change(fault))));
    }
    let found = state.desk.store().messages_of(id).await.map_err(failed)?;
    Ok(Json(Messages { messages: found.into_iter().map(MessageView::from).collect() }))
}

impl Recipient {
    /// Where it goes: what is written, or what the order knows.
    pub(super) fn address(
        &self,
        state: &State,
        debtor: Option<&Debtor>,
        field: &str,
    ) -> Result<Address, Problem> {
        let known = debtor.and_then(|debtor| match self.channel {
            Medium::Sms => debtor.phone.as_ref(),
            Medium::Email => debtor.email.as_ref(),
        });
        let text = self.address.as_ref().or(known).ok_or_else(|| {
            Problem::refused(field, format!("no {} address is known of the customer; write it", self.channel))
        })?;
        Address::of(self.channel, text, &state.desk.rules.post.numbering)
            .map_err(|fault| Problem::refused(field, fault))
    }

    /// Refused before a link is made that could not be sent.
    pub(super) fn carried(&self, state: &State, merchant: &str) -> Result<(), Problem> {
        state.desk.carrier(merchant, self.channel).map(|_| ()).map_err(not_sent)
    }
}

/// Why nothing was sent.
pub(super) fn not_sent(fault: SendFault) -> Problem {
    match fault {
        SendFault::Store(fault @ StoreError::Message(_)) => Problem::of(Kind::Conflict, fault.to_string()),
        SendFault::Store(fault) => not_done(OperationFault::Store(fault)),
        SendFault::Address(fault) => Problem::refused("address", fault),
        fault => Problem::of(Kind::Conflict, fault.to_string()),
    }
}
