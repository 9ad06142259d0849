//! A payment as callers see it.

use axum::Json;
use axum::extract::State as Extracted;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::State;
use crate::api::extract::{PaymentId, instant};
use crate::api::problem::{Kind, Problem};
use crate::call::{DeclineReason, Ending};
use crate::store::{AttemptRecord, Payment};

/// A payment.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct PaymentView {
    /// Its number.
    payment: Uuid,
    /// When it began.
    #[schema(format = DateTime)]
    created_at: String,
    /// Who is paid.
    merchant: String,
    /// The agent's extension; none in self-service.
    agent: Option<String>,
    /// The customer's telephone number.
    caller_number: Option<String>,
    /// The number that was dialled.
    dialled_number: Option<String>,
    /// The customer's leg, by the PBX's own name.
    call: String,
    /// The company's own reference.
    reference: Option<String>,
    /// The order it is for, by its reference; none if it is for no order that is kept here.
    order: Option<String>,
    /// How much, as decimal text.
    amount: String,
    /// ISO 4217.
    currency: String,
    /// What for.
    description: String,
    /// The card's brand, once a number was taken.
    brand: Option<String>,
    /// The card's number, all but the last four digits struck out.
    card: Option<String>,
    /// Whether its call is under way on this node.
    under_way: bool,
    /// How it ended; none while it is under way, or if the daemon died with it.
    ending: Option<Ending>,
    /// When it ended.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// The cards that were sent, in order.
    attempts: Vec<AttemptView>,
}

/// A card that was sent to the bank.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct AttemptView {
    /// 1 for the first.
    ordinal: u8,
    /// `journalled`, `sent`, `approved`, `declined`, `not_charged` or `unknown`.
    state: &'static str,
    /// Why it was declined.
    decline_reason: Option<DeclineReason>,
    /// The account it went to.
    psp: String,
    /// The provider's reference, once approved.
    reference: Option<String>,
    /// The provider's own code and words.
    detail: String,
    /// When it was written down, before it was sent.
    #[schema(format = DateTime)]
    journalled_at: String,
    /// When its state last changed.
    #[schema(format = DateTime)]
    changed_at: String,
}

impl PaymentView {
    pub(in crate::api) fn new(payment: &Payment, under_way: bool) -> Self {
        let begun = &payment.begun;
        // Nothing is charged where a card is only stored, and its reference is the token, which is nobody's business.
        let stores = begun.amount.minor == 0;
        Self {
            payment: begun.id,
            created_at: instant(payment.created_at_ms),
            merchant: begun.merchant.clone(),
            agent: begun.agent.clone(),
            caller_number: begun.caller_number.clone(),
            dialled_number: begun.dialled_number.clone(),
            call: begun.customer_leg.clone(),
            reference: begun.reference.clone(),
            order: payment.order.and(begun.reference.clone()),
            amount: begun.amount.decimal(),
            currency: begun.amount.currency.code().to_owned(),
            description: begun.description.clone(),
            brand: payment.brand.clone(),
            card: payment.masked_pan.clone(),
            under_way,
            ending: payment.ending,
            ended_at: payment.ended_at_ms.map(instant),
            attempts: payment.attempts.iter().map(|attempt| AttemptView::new(attempt, stores)).collect(),
        }
    }
}

impl AttemptView {
    fn new(attempt: &AttemptRecord, stores: bool) -> Self {
        Self {
            ordinal: attempt.attempt.ordinal,
            state: attempt.state.word(),
            decline_reason: attempt.decline_reason,
            psp: attempt.psp.clone(),
            reference: attempt.psp_reference.clone().filter(|_| !stores),
            detail: attempt.detail.clone(),
            journalled_at: instant(attempt.journalled_at_ms),
            changed_at: instant(attempt.changed_at_ms),
        }
    }
}

/// Looks a payment up.
#[utoipa::path(get, path = "/v1/payments/{id}", operation_id = "get_payment", tag = "payments", params(
    ("id" = Uuid, Path, description = "The payment.")), responses(
    (status = 200, description = "The payment.", body = PaymentView),
    (status = 404, response = crate::api::openapi::Refusal)))]
pub(in crate::api) async fn show(
    Extracted(state): Extracted<State>,
    PaymentId(id): PaymentId,
) -> Result<Json<PaymentView>, Problem> {
    let payment = state.desk.store().payment(id).await.map_err(|fault| crate::api::store_fault(&fault))?;
    let payment =
        payment.ok_or_else(|| Problem::of(Kind::NoSuchPayment, "no payment of this id is known here"))?;
    Ok(Json(PaymentView::new(&payment, state.desk.live.is_live(id))))
}
