//! What is asked of a charge after it was made: `/v1/payments/{id}/refunds`, captures, cancellations.

use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::auth::Caller;
use super::extract::{Body, PaymentId, instant};
use super::problem::{Kind, Problem};
use crate::call::{Currency, Money};
use crate::desk::OperationFault;
use crate::store::{ChangeFault, OperationId, OperationRecord, Payment, StoreError};

/// How much of a charge.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// How much, in the payment's currency; all that is left if none.
    #[schema(pattern = r"^[0-9]{1,12}(\.[0-9]{1,3})?$", example = "10.00")]
    amount: Option<String>,
    /// ISO 4217, if the caller wants it checked.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: Option<String>,
}

/// A capture, a cancellation, a refund, a chargeback, or a payment link.
#[derive(Serialize, ToSchema)]
pub(super) struct OperationView {
    /// Its number.
    operation: Uuid,
    /// The payment; a link may belong to none.
    payment: Option<Uuid>,
    /// `capture`, `cancel`, `refund`, `chargeback` or `link`.
    kind: &'static str,
    /// `journalled`, `sent`, `unknown` (it may have been done; it is looked after), `taken` (the provider tells later
    /// what came of it), `done`, or `refused`.
    state: &'static str,
    /// How much, as decimal text.
    amount: String,
    /// ISO 4217.
    currency: String,
    /// The account it went to.
    psp: String,
    /// The provider's reference.
    reference: Option<String>,
    /// The provider's own code and words.
    detail: String,
    /// Who asked for it.
    actor: String,
    /// The link, if it is one.
    link: Option<LinkView>,
    /// When it was written down, before it was sent.
    #[schema(format = DateTime)]
    journalled_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    changed_at: String,
}

/// A payment link.
#[derive(Serialize, ToSchema)]
pub(super) struct LinkView {
    /// `open`, `pending`, `paid` or `ended`; none before the provider made it.
    state: Option<&'static str>,
    /// What the customer opens.
    url: Option<String>,
    /// When it ends.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// What was asked of a payment's charge.
#[derive(Serialize, ToSchema)]
pub(super) struct Operations {
    /// The oldest first.
    operations: Vec<OperationView>,
}

impl OperationView {
    pub(super) fn new(record: OperationRecord) -> Self {
        let link = record.link.map(|link| LinkView {
            state: link.state.map(crate::psp::LinkState::word),
            url: link.url,
            expires_at: instant(link.expires_at_ms),
        });
        Self {
            operation: record.id.0,
            payment: record.payment,
            kind: record.kind.word(),
            state: record.state.word(),
            amount: record.amount.decimal(),
            currency: record.amount.currency.code().to_owned(),
            psp: record.psp,
            reference: record.psp_reference,
            detail: record.detail,
            actor: record.actor,
            link,
            journalled_at: instant(record.journalled_at_ms),
            changed_at: instant(record.changed_at_ms),
        }
    }

    /// As the answer to a request that made it.
    pub(super) fn made(record: OperationRecord) -> Response {
        let location = [(header::LOCATION, format!("/v1/operations/{}", record.id.0))];
        (StatusCode::CREATED, location, Json(Self::new(record))).into_response()
    }
}

/// Gives money back.
///
/// Look at `state`: what is `unknown` may have been done and is looked after; do not ask for it again.
#[utoipa::path(post, path = "/v1/payments/{id}/refunds", operation_id = "refund_payment", tag = "operations", params(
    ("id" = Uuid, Path, description = "The payment.")), request_body = Part, responses(
    (status = 201, description = "It was asked of the provider.", body = OperationView),
    (status = 404, response = super::openapi::Refusal), (status = 409, response = super::openapi::Refusal)))]
pub(super) async fn refund(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    PaymentId(id): PaymentId,
    Body(part): Body<Part>,
) -> Result<Response, Problem> {
    let amount = part.of(&charged(&state, id).await?)?;
    let made = state.desk.refund(OperationId::fresh(), id, amount, &caller.id).await;
    made.map(OperationView::made).map_err(not_done)
}

/// Takes the money of an authorisation.
#[utoipa::path(post, path = "/v1/payments/{id}/captures", operation_id = "capture_payment", tag = "operations", params(
    ("id" = Uuid, Path, description = "The payment.")), request_body = Part, responses(
    (status = 201, description = "It was asked of the provider.", body = OperationView),
    (status = 404, response = super::openapi::Refusal), (status = 409, response = super::openapi::Refusal)))]
pub(super) async fn capture(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    PaymentId(id): PaymentId,
    Body(part): Body<Part>,
) -> Result<Response, Problem> {
    let amount = part.of(&charged(&state, id).await?)?;
    let made = state.desk.capture(OperationId::fresh(), id, amount, &caller.id).await;
    made.map(OperationView::made).map_err(not_done)
}

/// Gives an authorisation up before its money is taken, the whole of it.
#[utoipa::path(post, path = "/v1/payments/{id}/cancellations", operation_id = "cancel_payment", tag = "operations",
    params(("id" = Uuid, Path, description = "The payment.")), responses(
    (status = 201, description = "It was asked of the provider.", body = OperationView),
    (status = 404, response = super::openapi::Refusal), (status = 409, response = super::openapi::Refusal),
    (status = 422, response = super::openapi::Refusal)))]
pub(super) async fn cancel(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    PaymentId(id): PaymentId,
) -> Result<Response, Problem> {
    charged(&state, id).await?;
    let made = state.desk.cancel(OperationId::fresh(), id, &caller.id).await;
    made.map(OperationView::made).map_err(not_done)
}

/// What was asked of a payment's charge, and its links.
#[utoipa::path(get, path = "/v1/payments/{id}/operations", operation_id = "list_operations", tag = "operations",
    params(("id" = Uuid, Path, description = "The payment.")), responses(
    (status = 200, description = "All of them.", body = Operations),
    (status = 404, response = super::openapi::Refusal)))]
pub(super) async fn list(
    Shared(state): Shared<State>,
    PaymentId(id): PaymentId,
) -> Result<Json<Operations>, Problem> {
    charged(&state, id).await?;
    let found = state.desk.store().operations_of(id).await.map_err(|fault| super::store_fault(&fault))?;
    Ok(Json(Operations { operations: found.into_iter().map(OperationView::new).collect() }))
}

/// Looks an operation up.
#[utoipa::path(get, path = "/v1/operations/{id}", operation_id = "get_operation", tag = "operations", params(
    ("id" = Uuid, Path, description = "The operation.")), responses(
    (status = 200, description = "The operation.", body = OperationView),
    (status = 404, response = super::openapi::Refusal)))]
pub(super) async fn show(
    Shared(state): Shared<State>,
    PaymentId(id): PaymentId,
) -> Result<Json<OperationView>, Problem> {
    let found = state.desk.store().operation(OperationId(id)).await;
    let found = found.map_err(|fault| super::store_fault(&fault))?;
    let found =
        found.ok_or_else(|| Problem::of(Kind::NoSuchOperation, "no operation of this id is known"))?;
    Ok(Json(OperationView::new(found)))
}

impl Part {
    fn of(&self, payment: &Payment) -> Result<Option<Money>, Problem> {
        let currency = payment.begun.amount.currency;
        let named = self.currency.as_deref().map(str::parse::<Currency>).transpose();
        let named = named.map_err(|fault| Problem::refused("currency", fault))?;
        if named.is_some_and(|named| named != currency) {
            return Err(Problem::refused("currency", ChangeFault::Currency(currency)));
        }
        let amount = self.amount.as_deref().map(|amount| Money::parse(amount, currency)).transpose();
        amount.map_err(|fault| Problem::refused("amount", fault))
    }
}

async fn charged(state: &State, id: Uuid) -> Result<Payment, Problem> {
    let payment = state.desk.store().payment(id).await.map_err(|fault| super::store_fault(&fault))?;
    payment.ok_or_else(|| Problem::of(Kind::NoSuchPayment, "no payment of this id is known here"))
}

/// Why nothing was asked of the provider.
pub(super) fn not_done(fault: OperationFault) -> Problem {
    let kind = match &fault {
        OperationFault::Store(StoreError::Change(fault)) => match fault {
            ChangeFault::TooMuch { .. } | ChangeFault::Nothing | ChangeFault::Currency(_) => Kind::Refused,
            ChangeFault::NoSuchOperation(_) => Kind::NoSuchOperation,
            _ => Kind::Conflict,
        },
        OperationFault::Store(StoreError::Order(fault)) => return super::orders::refused(fault),
        OperationFault::Store(fault) => return super::store_fault(fault),
        OperationFault::NoSuchAccount(_) | OperationFault::Cannot { .. } => Kind::Conflict,
        OperationFault::Draining => Kind::NotReady,
        OperationFault::Interrupted => Kind::Fault,
    };
    Problem::of(kind, fault.to_string())
}
