//! Giving money back, by those who may.

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use crate::call::Money;
use crate::store::{OperationId, OperationKind, OperationRecord, OperationState, Payment};

use super::super::Console;
use super::super::page::{page, see};
use super::super::reader::Reader;
use super::detail::{detail, found};

/// What was approved, less what was given back, or may have been.
pub(super) fn left(payment: &Payment, operations: &[OperationRecord]) -> Money {
    let back = |one: &&OperationRecord| one.kind == OperationKind::Refund && one.state.counts();
    let back: i64 = operations.iter().filter(back).map(|one| one.amount.minor).sum();
    let amount = payment.begun.amount;
    Money { minor: amount.minor.saturating_sub(back).max(0), currency: amount.currency }
}

#[derive(Deserialize)]
pub(in super::super) struct Asked {
    amount: String,
    #[serde(default)]
    sure: String,
    /// The number of the refund: the same form sent twice is one refund.
    once: Uuid,
}

/// `POST /console/payments/{id}/refund`
pub(in super::super) async fn refund(
    State(console): State<Console>,
    Path(id): Path<Uuid>,
    reader: Reader,
    Form(asked): Form<Asked>,
) -> Response {
    let w = reader.locale.words();
    let payment = match found(&console, id).await {
        Ok(Some(found)) if reader.may_read(&found.payment) => found.payment,
        Ok(_) => return reader.not_found(),
        Err(fault) => {
            tracing::error!(payment = %id, "a payment cannot be shown: {fault}");
            return reader.failed();
        }
    };
    if !reader.viewer.may_refund() {
        let actor = reader.viewer.person.actor();
        console.auth.people().refused(&actor, &id.to_string(), "a refund, on the console").await;
        return reader.not_allowed();
    }
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    let Some(amount) = super::super::desk::typed_amount(&asked.amount, payment.begun.amount.currency) else {
        return again(&console, &reader, id, w.amount_wrong.into(), wrong).await;
    };
    if asked.sure != "yes" {
        return again(&console, &reader, id, w.refund_sure.into(), wrong).await;
    }
    let actor = reader.viewer.person.actor();
    match console.desk.refund(OperationId(asked.once), id, Some(amount), &actor).await {
        Ok(done) if done.state == OperationState::Refused => {
            let told = format!("{}: {}", (w.attempt_state)(done.state.word()), done.detail);
            again(&console, &reader, id, told, StatusCode::CONFLICT).await
        }
        Ok(_) => see(&format!("/console/payments/{id}")),
        Err(fault) => again(&console, &reader, id, fault.to_string(), StatusCode::CONFLICT).await,
    }
}

/// The payment's page once more, with what went wrong.
async fn again(console: &Console, reader: &Reader, id: Uuid, told: String, status: StatusCode) -> Response {
    match found(console, id).await {
        Ok(Some(found)) => {
            let mut detail = detail(console, reader, &found);
            detail.told = told;
            page(&detail, status)
        }
        _ => reader.failed(),
    }
}
