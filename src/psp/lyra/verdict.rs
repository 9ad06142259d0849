//! What Lyra's answers mean. They come with HTTP 200 whatever they say.

use serde_json::{Map, Value};

use crate::call::{DeclineReason, Outcome};
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
const CONTRACT: &str = "no acquirer is set up at Lyra for this card brand and currency with this shop: have the contract \
                        added, or take the brand out of `accepted_brands`";
const CODE: &str = "the acquirer wants the security code with every card: ask for it (`security_code` in the capture \
                    settings)";
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
        (code, 200..=299) => error(code, fine, detail),
        // Whatever else: it may have been charged; the order tells.
        _ => Answer::unknown(detail),
    }
}

/// `errorCode` of Lyra's tables; `fine` is the acquirer's own code behind it.
fn error(code: &str, fine: &str, detail: String) -> Answer {
    use DeclineReason::{Expired, Generic, InsufficientFunds, Invalid, ReferToBank};
    match code {
        "INT_902" | "INT_905" | "INT_906" => Answer::misconfigured(detail, ACCOUNT),
        "INT_913" | "INT_937" | "PSP_001" | "PSP_100" | "PSP_109" | "PSP_500" => {
            Answer::misconfigured(detail, RIGHTS)
        }
        "PSP_021" | "PSP_022" | "PSP_025" | "PSP_027" | "PSP_552" | "PSP_553" => {
            Answer::misconfigured(detail, CONTRACT)
        }
        "PSP_024" | "PSP_509" => Answer::misconfigured(detail, CODE),
        "PSP_002" | "PSP_020" | "PSP_571" => Answer::misconfigured(detail, REQUEST),
        // A technical fault on this side or that: it may have been charged.
        "INT_999" | "PSP_999" | "ACQ_999" | "AUTH_999" => Answer::unknown(detail),
        // Of the form: nothing was asked of the bank.
        code if code.starts_with("INT_") => Answer::misconfigured(detail, REQUEST),
        code if code.starts_with("ACQ_") => refusal(fine, "", detail),
        // The card; the shop's own lists and risk rules.
        "PSP_003" | "PSP_091" | "PSP_204" | "PSP_534" | "PSP_536" => Answer::declined(Generic, detail),
        "PSP_042" => Answer::declined(InsufficientFunds, detail),
        "PSP_023" | "PSP_202" | "PSP_508" => Answer::declined(Expired, detail),
        "PSP_026" | "PSP_041" | "PSP_056" => Answer::declined(Invalid, detail),
        code if ("PSP_526"..="PSP_533").contains(&code) => Answer::declined(Invalid, detail),
        // 3-D Secure.
        "PSP_136" | "PSP_539" => Answer::declined(ReferToBank, detail),
        code if code.starts_with("AUTH_") => Answer::declined(ReferToBank, detail),
        // Too many at once: none of it was done.
        "PSP_099" | "PSP_106" => Answer::not_charged(detail).retryable(true),
        // A refund or cancellation that cannot be.
        "PSP_043" | "PSP_083" | "PSP_090" | "PSP_510" | "PSP_511" => Answer::not_charged(detail),
        code if ("PSP_075"..="PSP_082").contains(&code) => Answer::not_charged(detail),
        code if ("PSP_092"..="PSP_093").contains(&code) => Answer::not_charged(detail),
        code if ("PSP_101"..="PSP_105").contains(&code) => Answer::not_charged(detail),
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
