//! What a Hyperswitch's answers mean.

use serde_json::{Map, Value};

use crate::call::{DeclineReason, Outcome};
use crate::psp::Answer;
use crate::psp::codes::refusal;
use crate::psp::compose::text_at;
use crate::psp::http::Came;

const API_KEY: &str = "Hyperswitch does not know the API key: check `api_key_file`";
const PERMISSION: &str =
    "Hyperswitch does not let this API key do it: give the key write permission for payments";
const ROUTE: &str = "Hyperswitch has no processor for this payment: add one that takes the card brand, the currency \
                     and card numbers sent by your own server to the profile";
const REQUEST: &str = "Hyperswitch does not take the request: the words above name the field; check the settings of \
                       this provider";
const ADDRESS: &str = "there is no Hyperswitch at this address: check `url`";
const CHALLENGED: &str = "the cardholder is asked for more, which nobody can over the telephone: have the profile \
                          charge without 3-D Secure";

/// The payment of this name exists already.
const DUPLICATE: &str = "HE_01";
/// There is no payment of this name.
const NOT_FOUND: [&str; 2] = ["HE_02", "HE_00"];

/// What an answer means for the payment.
pub(super) fn payment(came: &Came) -> Answer {
    match &came.json {
        Some(reply) if came.is_success() => state(came, reply),
        _ => failed(came),
    }
}

fn state(came: &Came, reply: &Map<String, Value>) -> Answer {
    let at = |path| text_at(reply, path).unwrap_or_default();
    let detail = came.detail(&[at("status"), at("error_code"), at("error_message")]);
    match at("status") {
        // Everything else about this payment is asked for by this name.
        "succeeded" | "requires_capture" | "partially_captured" if !at("payment_id").is_empty() => {
            Answer::approved(at("payment_id"), detail)
        }
        "failed" => refusal(at("error_code"), at("error_message"), detail),
        "cancelled" | "expired" => Answer::not_charged(detail),
        "requires_customer_action" => Answer::misconfigured(detail, CHALLENGED),
        "requires_payment_method" | "requires_confirmation" => Answer::not_charged(detail),
        // `processing` and whatever a later version says: not final.
        _ => Answer::unknown(detail),
    }
}

fn failed(came: &Came) -> Answer {
    let reply = came.json.as_ref();
    let at = |path| reply.and_then(|reply| text_at(reply, path)).unwrap_or_default();
    let (code, kind) = (at("error.code"), at("error.type"));
    let detail = came.detail(&[code, at("error.message")]);
    match came.status {
        401 => Answer::misconfigured(detail, API_KEY),
        403 => Answer::misconfigured(detail, PERMISSION),
        _ if code == DUPLICATE || came.status == 409 => Answer::unknown(detail),
        429 => Answer::not_charged(detail).retryable(true),
        404 | 405 if code.is_empty() => Answer::misconfigured(detail, ADDRESS),
        400..=499 if kind == "processing_error" || code.starts_with("CE_") => Answer::unknown(detail),
        400..=499 if at("error.message").contains("connector") => Answer::misconfigured(detail, ROUTE),
        400..=499 => Answer::misconfigured(detail, REQUEST),
        _ => Answer::unknown(detail),
    }
}

/// What a look-up by name found.
pub(super) fn found(came: &Came) -> Answer {
    let code = came.text("error.code").unwrap_or_default();
    if came.status == 404 && NOT_FOUND.contains(&code) {
        return Answer::not_charged(came.detail(&[code, "there is no such payment"]));
    }
    match &came.json {
        Some(reply) if came.status == 200 => Answer { may_retry: false, ..state(came, reply) },
        _ => Answer { outcome: Outcome::Unknown, may_retry: false, ..failed(came) },
    }
}

/// An answer to anything but a charge: what it would mean for a charge, with the reference at `place`.
pub(super) fn named(came: &Came, place: &str) -> Answer {
    match came.text(place).filter(|_| came.is_success()) {
        Some(reference) => Answer::approved(reference, came.detail(&[])),
        None => failed(came),
    }
}

/// What a change came to.
pub(super) fn changed(came: &Came, place: &str) -> (Answer, bool) {
    let status = came.text("status").unwrap_or_default();
    match status {
        "failed" => (Answer::declined(DeclineReason::Generic, came.detail(&[status])), true),
        "succeeded" | "cancelled" | "partially_captured" => (named(came, place), true),
        _ => (named(came, place), false),
    }
}
