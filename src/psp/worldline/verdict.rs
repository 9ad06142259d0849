//! What Worldline Direct's answers mean.

use serde_json::{Map, Value};

use crate::call::DeclineReason;
use crate::psp::Answer;
use crate::psp::codes::refusal;
use crate::psp::compose::text_at;
use crate::psp::http::Came;

const KEY: &str = "Worldline does not take the signature: check `api_key_id`, `secret_key_file` and this machine's \
                   clock, and that the key belongs to this environment";
const MERCHANT: &str = "Worldline does not let this key do it: check `merchant_id`, and ask for card numbers sent by \
                        your own server and telephone orders (MOTO) to be allowed";
const PRODUCT: &str = "this account does not take the card brand or the currency: have it added, or take the brand \
                       out of `accepted_brands`";
const REQUEST: &str = "Worldline does not take the request: the words above name the field; check the settings of \
                       this provider";
const ADDRESS: &str = "there is no such API or account at this address: check `url` and `merchant_id`";
const CHALLENGED: &str = "the cardholder is asked for more, which nobody can over the telephone: have the account \
                          set up for MOTO";

/// What an answer to `/payments` means for the charge.
pub(super) fn payment(came: &Came) -> Answer {
    let Some(reply) = &came.json else { return failed(came) };
    // A decline comes as an error that holds the payment.
    let held = reply
        .get("payment")
        .or_else(|| reply.get("paymentResult")?.get("payment"))
        .and_then(Value::as_object);
    match held {
        Some(payment) if came.status < 500 => state(came, reply, payment),
        _ => failed(came),
    }
}

fn state(came: &Came, reply: &Map<String, Value>, payment: &Map<String, Value>) -> Answer {
    let at = |path| text_at(payment, path).unwrap_or_default();
    let code = first_error(reply).or_else(|| first_error(payment.get("statusOutput")?.as_object()?));
    let detail = came.detail(&[at("status"), &code.clone().unwrap_or_default()]);
    match at("status") {
        "CAPTURED" | "PENDING_CAPTURE" | "CAPTURE_REQUESTED" | "ACCOUNT_VERIFIED" if !at("id").is_empty() => {
            Answer::approved(at("id"), detail)
        }
        "REJECTED" => refused(code.as_deref().unwrap_or_default(), detail),
        "CANCELLED" | "CREATED" => Answer::not_charged(detail),
        "REDIRECTED" => Answer::misconfigured(detail, CHALLENGED),
        // `AUTHORIZATION_REQUESTED`, `PENDING_…` and whatever a later version says: not final.
        _ => Answer::unknown(detail),
    }
}

fn first_error(fields: &Map<String, Value>) -> Option<String> {
    let error = fields.get("errors")?.as_array()?.first()?;
    let code = error.get("errorCode").or_else(|| error.get("code"))?;
    code.as_str().map(Into::into)
}

/// A payment that was refused: `errorCode` is `30`, the response code of ISO 8583 field 39, `1001` where acquirer or
/// issuer refused it.
fn refused(code: &str, detail: String) -> Answer {
    let issuer_s = code.strip_prefix("30").and_then(|rest| rest.strip_suffix("1001"));
    match (code, issuer_s) {
        (_, Some(response)) if response.len() == 2 => refusal(response, "", detail),
        // The issuer insists on 3-D Secure, or it failed.
        ("40001134" | "40001139", _) => Answer::declined(DeclineReason::ReferToBank, detail),
        // The company's own fraud prevention (3000 11…) among them.
        _ => Answer::declined(DeclineReason::Generic, detail),
    }
}

fn failed(came: &Came) -> Answer {
    let code = came.json.as_ref().and_then(first_error).unwrap_or_default();
    let words = came.text("errorId").unwrap_or_default();
    let detail = came.detail(&[&code, words]);
    match came.status {
        401 => Answer::misconfigured(detail, KEY),
        403 => Answer::misconfigured(detail, MERCHANT),
        404 | 405 => Answer::misconfigured(detail, ADDRESS),
        // The first request under this key is still at work; the same key gets its answer later.
        409 => Answer::unknown(detail).retryable(true),
        429 => Answer::not_charged(detail).retryable(true),
        400 if code.starts_with("2") && code.contains("1007") => Answer::misconfigured(detail, PRODUCT),
        402 => refused(&code, detail),
        400..=499 => Answer::misconfigured(detail, REQUEST),
        // Whether a fault is remembered under the key nobody says: it is not sent again.
        _ => Answer::unknown(detail),
    }
}

/// An answer to anything but a charge: what it would mean for a charge, with the reference at `place`.
pub(super) fn named(came: &Came, place: &str) -> Answer {
    match came.text(place).filter(|_| came.is_success()) {
        Some(reference) => Answer::approved(reference, came.detail(&[])),
        None => failed(came),
    }
}
