//! What Lyra's answers mean. They come with HTTP 200 whatever they say.

use serde_json::{Map, Value};

use crate::call::Outcome;
use crate::psp::Answer;
use crate::psp::codes::refusal;
use crate::psp::compose::text_at;
use crate::psp::http::Came;

const ACCOUNT: &str = "Lyra does not know the shop or its password: check `shop_id`, `password_file`, and that `url` \
                       is the host of your brand of Lyra";
const RIGHTS: &str = "Lyra does not let this shop do it: ask for card numbers sent by your own server and telephone \
                      orders (MOTO) to be allowed, or set `moto = false`";
const REQUEST: &str = "Lyra does not take the request: the words above name the field; check the settings of this \
                       provider";
const ADDRESS: &str = "there is no REST API V4 at this address: check `url`";

/// There is no such order or transaction.
const NOT_FOUND: &str = "PSP_010";

/// What an answer means for a payment, whose order it holds.
pub(super) fn payment(came: &Came) -> Answer {
    match (&came.json, came.status) {
        (Some(reply), 200..=299) if text_at(reply, "status") == Some("SUCCESS") => {
            match reply.get("answer").and_then(Value::as_object) {
                Some(answer) => order(came, answer),
                None => Answer::unknown(came.detail(&["SUCCESS without an answer"])),
            }
        }
        _ => failed(came),
    }
}

/// The first transaction of an order.
pub(super) fn transaction(answer: &Map<String, Value>) -> Option<&Map<String, Value>> {
    answer.get("transactions")?.as_array()?.first()?.as_object()
}

/// Where an order stands. Nothing but `PAID` is paid.
pub(super) fn order(came: &Came, answer: &Map<String, Value>) -> Answer {
    let transaction = transaction(answer);
    let at = |name| transaction.and_then(|fields| text_at(fields, name)).unwrap_or_default();
    let status = text_at(answer, "orderStatus").unwrap_or_default();
    let detail = came.detail(&[status, at("errorCode"), at("detailedErrorCode"), at("detailedErrorMessage")]);
    match status {
        "PAID" if !at("uuid").is_empty() => Answer::approved(at("uuid"), detail),
        "UNPAID" => refusal(at("detailedErrorCode"), "", detail),
        // `RUNNING`, `PARTIALLY_PAID` and whatever a later version says.
        _ => Answer::unknown(detail),
    }
}

/// `status: ERROR`, or no answer of Lyra's.
fn failed(came: &Came) -> Answer {
    let reply = came.json.as_ref();
    let at = |path| reply.and_then(|reply| text_at(reply, path)).unwrap_or_default();
    let code = at("answer.errorCode");
    let fine = at("answer.detailedErrorCode");
    let detail = came.detail(&[code, at("answer.errorMessage"), fine, at("answer.detailedErrorMessage")]);
    match (code, came.status) {
        ("", 401 | 403) => Answer::misconfigured(detail, ACCOUNT),
        ("", 404 | 405) => Answer::misconfigured(detail, ADDRESS),
        ("INT_902" | "INT_905" | "INT_906", _) => Answer::misconfigured(detail, ACCOUNT),
        ("INT_001" | "PSP_002" | "PSP_017" | "PSP_030", _) => Answer::misconfigured(detail, RIGHTS),
        (code, 200..=299) if code.starts_with("ACQ_") => refusal(fine, "", detail),
        // Of the form: nothing was asked of the bank.
        ("INT_009" | "INT_010" | "INT_015", _) => Answer::misconfigured(detail, REQUEST),
        // Whatever else: it may have been charged; the order tells.
        _ => Answer::unknown(detail),
    }
}

/// What a look-up by our order number found.
pub(super) fn found(came: &Came) -> Answer {
    let code = came.text("answer.errorCode").unwrap_or_default();
    if code == NOT_FOUND && came.status == 200 {
        return Answer::not_charged(came.detail(&[code, "there is no such order"]));
    }
    let success = came.json.as_ref().is_some_and(|reply| text_at(reply, "status") == Some("SUCCESS"));
    match success {
        true => payment(came),
        false => Answer { outcome: Outcome::Unknown, may_retry: false, ..failed(came) },
    }
}

/// An answer to anything but a charge: what it would mean for a charge, with the reference at `place`.
pub(super) fn named(came: &Came, place: &str) -> Answer {
    let reply = came.json.as_ref().filter(|reply| text_at(reply, "status") == Some("SUCCESS"));
    match reply.and_then(|reply| text_at(reply, place)).filter(|text| !text.is_empty()) {
        Some(reference) => Answer::approved(reference, came.detail(&[])),
        None => failed(came),
    }
}
