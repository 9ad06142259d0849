//! What Checkout.com's answers mean.

use serde_json::{Map, Value};

use crate::call::{DeclineReason, Outcome};
use crate::psp::Answer;
use crate::psp::codes::refusal;
use crate::psp::compose::text_at;
use crate::psp::http::Came;

const API_KEY: &str = "Checkout.com does not know the key: check `api_key_file`, and that the key belongs to the \
                       address in `url`";
const PERMISSION: &str = "Checkout.com does not let this key do it: give it the scope `gateway`, and ask for card \
                          numbers sent by your own server (full card data, MOTO) to be enabled";
const CHANNEL: &str =
    "check `processing_channel_id`: Checkout.com does not know it, or it takes no MOTO payments";
const CURRENCY: &str = "Checkout.com does not take this currency with this channel: have it added";
const REQUEST: &str = "Checkout.com does not take the request: the words above name the field; check the settings of \
                       this provider";

/// What an answer to `/payments` means for the charge.
pub(super) fn payment(came: &Came) -> Answer {
    match &came.json {
        Some(reply) if came.is_success() => state(came, reply),
        _ => failed(came),
    }
}

fn state(came: &Came, reply: &Map<String, Value>) -> Answer {
    let at = |path| text_at(reply, path).unwrap_or_default();
    let detail = came.detail(&[at("status"), at("response_code"), at("response_summary")]);
    match (reply.get("approved").and_then(Value::as_bool), at("status")) {
        (Some(true), _) | (None, "Authorized" | "Captured" | "Partially Captured" | "Card Verified")
            if !at("id").is_empty() =>
        {
            Answer::approved(at("id"), detail)
        }
        (_, "Pending") => Answer::unknown(detail),
        (_, "Voided" | "Canceled" | "Expired") => Answer::not_charged(detail),
        (Some(false), _) | (None, "Declined") => declined(at("response_code"), detail),
        _ => Answer::unknown(came.detail(&["with an unknown status"])),
    }
}

/// `20051` is the issuer's 51 (ISO 8583 field 39), `200N7` its N7.
pub(super) fn declined(response_code: &str, detail: String) -> Answer {
    let code = response_code.get(3..).unwrap_or_default();
    refusal(code, "", detail)
}

/// An error: nothing is remembered under the key, so only what certainly charged nothing may be sent again.
fn failed(came: &Came) -> Answer {
    let codes: Vec<&str> = came
        .json
        .as_ref()
        .and_then(|reply| reply.get("error_codes")?.as_array())
        .map(|codes| codes.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let detail = came.detail(&codes);
    let has = |word: &str| codes.iter().any(|code| code.contains(word));
    match came.status {
        401 => Answer::misconfigured(detail, API_KEY),
        403 => Answer::misconfigured(detail, PERMISSION),
        404 | 405 => Answer::misconfigured(detail, "there is no such API at this address: check `url`"),
        429 => Answer::not_charged(detail).retryable(true),
        // The first request under this key is still at work.
        409 => Answer::unknown(detail),
        422 if has("currency") => Answer::misconfigured(detail, CURRENCY),
        422 if has("processing_channel") => Answer::misconfigured(detail, CHANNEL),
        422 if has("card_expired") || has("expiry") => Answer::declined(DeclineReason::Expired, detail),
        422 if has("cvv") => Answer::declined(DeclineReason::CodeWrong, detail),
        422 if has("card_number") || has("number_invalid") => {
            Answer::declined(DeclineReason::Invalid, detail)
        }
        400..=499 => Answer::misconfigured(detail, REQUEST),
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

/// What a look-up by reference found.
pub(super) fn found(came: &Came, key: &str) -> Answer {
    let list = came.json.as_ref().and_then(|reply| reply.get("data")).and_then(Value::as_array);
    let Some(list) = list.filter(|_| came.status == 200) else {
        return Answer { outcome: Outcome::Unknown, may_retry: false, ..failed(came) };
    };
    match list.iter().filter_map(Value::as_object).find(|payment| text_at(payment, "reference") == Some(key))
    {
        Some(payment) => Answer { may_retry: false, ..state(came, payment) },
        // New payments take a moment to be found.
        None => Answer::unknown(came.detail(&["not found, or not yet"])),
    }
}
