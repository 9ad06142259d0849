//! What others are told of a payment, as JSON. No card data but brand and last four digits.

use serde::Serialize;

use crate::call::{DeclineReason, Ending};
use crate::store::Payment;

/// What is sent.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    r#type: &'a str,
    timestamp: String,
    data: Data<'a>,
}

/// The payment as it stands at that moment; `sequence` counts what was told of it.
#[derive(Serialize)]
struct Data<'a> {
    sequence: i64,
    payment: String,
    created_at_ms: i64,
    merchant: &'a str,
    agent: Option<&'a str>,
    reference: Option<&'a str>,
    amount: String,
    currency: &'a str,
    brand: Option<&'a str>,
    card: Option<&'a str>,
    ending: Option<Ending>,
    attempts: Vec<Attempt<'a>>,
}

#[derive(Serialize)]
struct Attempt<'a> {
    ordinal: u8,
    state: &'static str,
    psp: &'a str,
    reference: Option<&'a str>,
    decline_reason: Option<DeclineReason>,
}

impl<'a> Message<'a> {
    pub(super) fn new(event: &'a str, sequence: i64, payment: &'a Payment) -> Message<'a> {
        let begun = &payment.begun;
        let attempts = payment.attempts.iter().map(|attempt| Attempt {
            ordinal: attempt.attempt.ordinal,
            state: attempt.state.word(),
            psp: &attempt.psp,
            reference: attempt.psp_reference.as_deref(),
            decline_reason: attempt.decline_reason,
        });
        Message {
            r#type: event,
            timestamp: jiff::Timestamp::now().to_string(),
            data: Data {
                sequence,
                payment: begun.id.to_string(),
                created_at_ms: payment.created_at_ms,
                merchant: &begun.merchant,
                agent: begun.agent.as_deref(),
                reference: begun.reference.as_deref(),
                amount: begun.amount.decimal(),
                currency: begun.amount.currency.code(),
                brand: payment.brand.as_deref(),
                card: payment.masked_pan.as_deref(),
                ending: payment.ending,
                attempts: attempts.collect(),
            },
        }
    }
}
