//! What Adyen's answers mean.

use serde_json::{Map, Value};

use crate::call::DeclineReason;
use crate::psp::Answer;
use crate::psp::compose::text_at;
use crate::psp::http::Came;

const API_KEY: &str = "Adyen does not know the API key: check `api_key_file`, and that the key belongs to this \
                       environment (test or live)";
const ROLES: &str = "Adyen does not let this API key do it: ask for the roles `Checkout API` and, to send card \
                     numbers, `API PCI Payments role` (or set `encryption_key`), and check that the key may use \
                     `merchant_account`";
const MERCHANT: &str = "Adyen does not know the merchant account: check `merchant_account`";
const CURRENCY: &str = "this merchant account does not take the currency: have it added in the Customer Area";
const ACQUIRER: &str = "no acquirer is set up at Adyen for this card brand and currency with this merchant \
                        account: have the brand added in the Customer Area, or take it out of `accepted_brands`";
const CONTACT_MORE: &str = "Adyen wants the shopper to authenticate, which nobody can over the telephone: have the \
                            merchant account set up for MOTO";
const REQUEST: &str = "Adyen does not take the request: the words above name the field; check the settings of this \
                       provider";
const ADDRESS: &str = "there is no Checkout API at this address: check `url` and `live_prefix`";

/// In progress, or already processed under this key.
const IN_PROGRESS: &str = "704";

enum Says {
    No(DeclineReason),
    Fault,
    Mend(&'static str),
}

/// What an answer to `/payments` means for the charge.
pub(super) fn payment(came: &Came) -> Answer {
    let Some(reply) = &came.json else { return unreadable(came) };
    match came.status {
        200..=299 => result(came, reply),
        _ => refused(came, reply),
    }
}

/// An answer that is no JSON.
fn unreadable(came: &Came) -> Answer {
    let detail = came.detail(&["without a readable answer"]);
    match came.status {
        401 => Answer::misconfigured(detail, API_KEY),
        403 => Answer::misconfigured(detail, ROLES),
        404 | 405 => Answer::misconfigured(detail, ADDRESS),
        429 => Answer::not_charged(detail).retryable(true),
        _ => Answer::unknown(detail).retryable(true),
    }
}

/// A payment that Adyen decided on; see the result codes of its API reference.
fn result(came: &Came, reply: &Map<String, Value>) -> Answer {
    let at = |name| text_at(reply, name).unwrap_or_default();
    let detail = came.detail(&[at("resultCode"), at("refusalReasonCode"), at("refusalReason")]);
    match at("resultCode") {
        "Authorised" if !at("pspReference").is_empty() => Answer::approved(at("pspReference"), detail),
        "Refused" | "Error" | "Cancelled" => match refusal(at("refusalReasonCode")) {
            Says::No(_) if at("resultCode") == "Error" => Answer::not_charged(detail),
            Says::No(reason) => Answer::declined(reason, detail),
            Says::Fault => Answer::not_charged(detail),
            Says::Mend(remedy) => Answer::misconfigured(detail, remedy),
        },
        "RedirectShopper" | "IdentifyShopper" | "ChallengeShopper" | "PresentToShopper" => {
            Answer::misconfigured(detail, CONTACT_MORE)
        }
        // Not final: the webhook tells.
        "Pending" | "Received" => Answer::unknown(detail),
        // An authorisation of less than was asked for is for a person to look at.
        "PartiallyAuthorised" => Answer::unknown(detail)
            .with_remedy("a part of the amount was authorised: cancel it in the Customer Area"),
        _ => Answer::unknown(came.detail(&["with an unknown resultCode"])).retryable(true),
    }
}

/// `refusalReasonCode` of Adyen's reference.
fn refusal(code: &str) -> Says {
    use DeclineReason::*;
    match code {
        "3" => Says::No(ReferToBank),
        "4" | "9" | "21" | "42" => Says::Fault,
        "5" | "25" | "46" => Says::No(Blocked),
        "6" => Says::No(Expired),
        "7" | "8" | "10" | "23" | "34" => Says::No(Invalid),
        "11" | "38" | "39" => Says::No(ReferToBank),
        "12" => Says::No(InsufficientFunds),
        "24" => Says::No(CodeWrong),
        "28" | "29" => Says::No(LimitExceeded),
        // 2, 27 and the rest, fraud included: a suspect is told no more than anybody else.
        _ => Says::No(Generic),
    }
}

/// An error before Adyen decided on the payment.
fn refused(came: &Came, reply: &Map<String, Value>) -> Answer {
    let code = text_at(reply, "errorCode").unwrap_or_default();
    let message = text_at(reply, "message").unwrap_or_default();
    let detail = came.detail(&[code, message]);
    if code == IN_PROGRESS || matches!(came.status, 408 | 409 | 425) {
        // The same key gets the true answer once there is one.
        return Answer::unknown(detail).retryable(true);
    }
    // A fault of the configuration is told with HTTP 500, too, and is none of the way.
    if came.status >= 500 && !matches!(error(code), Some(Says::Mend(_))) {
        return Answer::unknown(detail).retryable(true);
    }
    if came.header("transient-error") == Some("true") || came.status == 429 {
        return Answer::not_charged(detail).retryable(true);
    }
    match (came.status, error(code)) {
        (401, _) => Answer::misconfigured(detail, API_KEY),
        (_, Some(Says::No(reason))) => Answer::declined(reason, detail),
        (_, Some(Says::Fault)) => Answer::not_charged(detail),
        (_, Some(Says::Mend(remedy))) => Answer::misconfigured(detail, remedy),
        (403, None) => Answer::misconfigured(detail, ROLES),
        (404 | 405, None) => Answer::misconfigured(detail, ADDRESS),
        (_, None) => Answer::misconfigured(detail, REQUEST),
    }
}

/// `errorCode` of Adyen's reference; a letter behind `_` says more of the same.
fn error(code: &str) -> Option<Says> {
    Some(match code.split('_').next().unwrap_or(code) {
        "000" => Says::Mend(API_KEY),
        "010" => Says::Mend(ROLES),
        "101" | "102" => Says::No(DeclineReason::Invalid),
        "103" => Says::No(DeclineReason::CodeWrong),
        "129" | "140" | "141" | "142" | "143" => Says::No(DeclineReason::Expired),
        "138" => Says::Mend(CURRENCY),
        "901" | "903" => Says::Mend(MERCHANT),
        "905" => Says::Mend(ACQUIRER),
        "800" | "802" | "803" => Says::No(DeclineReason::Invalid),
        _ => return None,
    })
}

/// An answer to anything but a charge: what it would mean for a charge, with the reference at `place`.
pub(super) fn other(came: &Came, place: &str) -> Answer {
    let Some(reply) = &came.json else { return unreadable(came) };
    if !came.is_success() {
        return refused(came, reply);
    }
    match text_at(reply, place).filter(|reference| !reference.is_empty()) {
        Some(reference) => Answer::approved(reference, came.detail(&[])),
        None => Answer::unknown(came.detail(&["without", place])).retryable(true),
    }
}
