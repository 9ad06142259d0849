//! What Stripe's answers mean.

use serde_json::{Map, Value};

use crate::call::{DeclineReason, Outcome};
use crate::psp::Answer;
use crate::psp::codes::{Meaning, meaning};
use crate::psp::compose::text_at;
use crate::psp::http::Came;

const API_KEY: &str = "Stripe does not know the key: check `api_key_file`, and that the key was not rolled";
const PERMISSION: &str = "Stripe does not let this key do it: give the restricted key write permission for payment \
                          methods, payment intents, setup intents, refunds and checkout sessions";
const RAW_CARDS: &str = "Stripe does not take card numbers from this account's own server: ask Stripe to enable \
                         raw card data for the account";
const MOTO: &str =
    "Stripe takes no telephone orders from this account: ask Stripe to enable MOTO for the account";
const CURRENCY: &str = "Stripe does not take this currency: change the currency of the payment";
const REQUEST: &str = "Stripe does not take the request: the words above name the field; check the settings of this \
                       provider";
const CHALLENGED: &str =
    "the issuer wants the cardholder to authenticate, which nobody can over the telephone";

/// What came of a payment or setup intent.
pub(super) fn intent(came: &Came) -> Answer {
    match &came.json {
        Some(reply) if came.is_success() => state(came, reply),
        _ => failed(came),
    }
}

/// Where an intent stands.
pub(super) fn state(came: &Came, intent: &Map<String, Value>) -> Answer {
    let at = |path| text_at(intent, path).unwrap_or_default();
    let detail =
        came.detail(&[at("status"), at("last_payment_error.decline_code"), at("last_payment_error.code")]);
    match at("status") {
        "succeeded" | "requires_capture" if !at("id").is_empty() => Answer::approved(at("id"), detail),
        "requires_payment_method" => declined(intent, "last_payment_error", detail),
        "requires_action" => Answer::declined(DeclineReason::ReferToBank, format!("{detail}: {CHALLENGED}")),
        "canceled" => Answer::not_charged(detail),
        // Not final: the webhook tells.
        "processing" | "requires_confirmation" => Answer::unknown(detail),
        _ => Answer::unknown(came.detail(&["with an unknown status"])).retryable(true),
    }
}

/// What came of anything else that answers with an object named by `id`.
pub(super) fn object(came: &Came) -> Answer {
    match came.text("id").filter(|_| came.is_success()) {
        Some(id) => Answer::approved(id, came.detail(&[])),
        None => failed(came),
    }
}

/// An error, or an answer that cannot be read.
fn failed(came: &Came) -> Answer {
    let Some(reply) = came.json.as_ref().filter(|reply| reply.contains_key("error")) else {
        let detail = came.detail(&["without a readable answer"]);
        return match came.status {
            401 => Answer::misconfigured(detail, API_KEY),
            404 | 405 => Answer::misconfigured(detail, "there is no Stripe API at this address: check `url`"),
            429 => Answer::not_charged(detail).retryable(true),
            _ => Answer::unknown(detail).retryable(true),
        };
    };
    let at = |path| text_at(reply, path).unwrap_or_default();
    let (kind, code, param) = (at("error.type"), at("error.code"), at("error.param"));
    let detail = came.detail(&[code, at("error.decline_code"), param, at("error.message")]);
    let mend = |remedy| Answer::misconfigured(detail.clone(), remedy);
    match (came.status, kind, code) {
        (401, ..) => mend(API_KEY),
        (403, ..) => mend(PERMISSION),
        // The same key is at work already, or was used for another request.
        (409, ..) | (_, _, "idempotency_key_in_use" | "lock_timeout") => {
            Answer::unknown(detail).retryable(true)
        }
        (_, "idempotency_error", _) => Answer::unknown(detail),
        (429, ..) => Answer::not_charged(detail).retryable(true),
        // The same key gets the same fault again; only a query tells.
        (500.., ..) => Answer::unknown(detail).retryable(came.header("stripe-should-retry") != Some("false")),
        (_, "card_error", _) => declined(reply, "error", detail),
        _ if param.contains("[moto]") => mend(MOTO),
        _ if at("error.message").contains("card numbers directly") => mend(RAW_CARDS),
        _ if param == "currency" => mend(CURRENCY),
        _ => mend(REQUEST),
    }
}

/// A decline; its code stands under `place`.
fn declined(reply: &Map<String, Value>, place: &str, detail: String) -> Answer {
    let at = |name: &str| text_at(reply, &format!("{place}.{name}")).unwrap_or_default();
    let codes = [at("decline_code"), at("code")];
    let known = codes.into_iter().filter(|code| !code.is_empty()).find_map(|code| meaning(code, ""));
    match known {
        Some(Meaning::Declined(reason)) => Answer::declined(reason, detail),
        Some(Meaning::Fault) => Answer::not_charged(detail),
        Some(Meaning::Configuration(remedy)) => Answer::misconfigured(detail, remedy),
        // An intent that failed is final, whatever the code says.
        _ => Answer::declined(DeclineReason::Generic, detail),
    }
}

/// What a search for our key found.
pub(super) fn found(came: &Came, key: &str) -> Answer {
    let list = came.json.as_ref().and_then(|reply| reply.get("data")).and_then(Value::as_array);
    let Some(list) = list.filter(|_| came.status == 200) else {
        let answer = failed(came);
        return Answer { outcome: Outcome::Unknown, may_retry: false, ..answer };
    };
    let ours = list
        .iter()
        .filter_map(Value::as_object)
        .find(|intent| text_at(intent, &format!("metadata.{}", super::form::KEY)) == Some(key));
    match ours {
        Some(intent) => Answer { may_retry: false, ..state(came, intent) },
        // The search lags behind by up to a minute, in bad times by an hour.
        None => Answer::unknown(came.detail(&["not found, or not yet: the search lags behind"])),
    }
}
