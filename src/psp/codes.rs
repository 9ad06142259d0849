//! What error codes mean, whichever provider hands them on.
//!
//! Whatever its name in a provider's contract, a code is in practice one of two things: a
//! response code of ISO 8583 field 39 as the issuer gave it, or a word that a large provider made usual.
//! Codes are compared in lower case, with `_` for anything but letters and digits.

use super::Answer;
use crate::call::DeclineReason;

/// What an error code means for the payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::psp) enum Meaning {
    /// The issuer said no.
    Declined(DeclineReason),
    /// Nothing was charged, and nobody has to be told what to change: a fault on the way to the issuer.
    Fault,
    /// Nothing was charged, and nothing will be until the admin does this.
    Configuration(&'static str),
    /// The code itself leaves open whether it was charged: a duplicate, or one still under way.
    Open,
    /// The provider has never seen this transaction.
    NeverSeen,
}

const RAW_CARDS: &str = "ask the provider to allow card numbers sent by your own server (raw card data, MOTO) for \
                         this account";
const ACCOUNT: &str = "check user and password of this provider, and that the account is active";
const MERCHANT: &str = "ask the provider or the acquirer whether the merchant account is set up for this kind of \
                        transaction";
const CURRENCY: &str = "this account does not take the currency of the payment: change the currency, or have it \
                        added";
const REQUEST: &str = "the connector does not understand the request: check `profile` and `parameters` of this \
                       provider";
const TEST_ONLY: &str = "this is a test account, which takes published test card numbers only: enter the live \
                         account of your provider to charge real cards";

/// The table, sorted by meaning. The first column holds codes of ISO 8583:1987 field 39 where they have two
/// characters.
const TABLE: &[(Meaning, &[&str])] = &[
    (
        Meaning::Declined(DeclineReason::Generic),
        &["05", "57", "59", "63", "card_declined", "generic_decline", "do_not_honor", "declined", "refused"],
    ),
    (
        Meaning::Declined(DeclineReason::InsufficientFunds),
        &["51", "insufficient_funds", "not_enough_balance", "insufficient_balance"],
    ),
    (Meaning::Declined(DeclineReason::Expired), &["33", "54", "expired_card", "card_expired"]),
    (
        Meaning::Declined(DeclineReason::CodeWrong),
        &["n7", "82", "incorrect_cvc", "invalid_cvc", "cvc_declined", "incorrect_cvv", "invalid_cvv"],
    ),
    (
        Meaning::Declined(DeclineReason::Blocked),
        &[
            "04",
            "07",
            "41",
            "43",
            "62",
            "lost_card",
            "stolen_card",
            "pickup_card",
            "restricted_card",
            "blocked_card",
            "fraudulent",
            "merchant_blacklist",
        ],
    ),
    (
        Meaning::Declined(DeclineReason::LimitExceeded),
        &[
            "61",
            "65",
            "card_velocity_exceeded",
            "withdrawal_count_limit_exceeded",
            "limit_exceeded",
            "amount_too_large",
        ],
    ),
    (
        Meaning::Declined(DeclineReason::ReferToBank),
        &["01", "02", "call_issuer", "refer_to_issuer", "authentication_required"],
    ),
    (
        Meaning::Declined(DeclineReason::Invalid),
        &[
            "12",
            "13",
            "14",
            "15",
            "invalid_number",
            "incorrect_number",
            "invalid_card_number",
            "invalid_account",
            "invalid_amount",
            "card_not_supported",
            "invalid_expiry_month",
            "invalid_expiry_year",
            "transaction_not_allowed",
        ],
    ),
    (
        Meaning::Fault,
        &[
            "06",
            "19",
            "91",
            "92",
            "96",
            "processing_error",
            "issuer_not_available",
            "issuer_unavailable",
            "acquirer_error",
            "try_again_later",
            "reenter_transaction",
            "rate_limited",
        ],
    ),
    (
        Meaning::Configuration(RAW_CARDS),
        &["010", "not_enabled", "not_allowed", "raw_card_data_not_enabled", "moto_not_enabled"],
    ),
    (
        Meaning::Configuration(ACCOUNT),
        &[
            "unauthorized",
            "unauthorised",
            "forbidden",
            "authentication_failed",
            "invalid_api_key",
            "invalid_credentials",
            "account_inactive",
            "testmode_charges_only",
        ],
    ),
    (
        Meaning::Configuration(MERCHANT),
        &["03", "58", "invalid_merchant", "merchant_not_found", "service_not_allowed"],
    ),
    (Meaning::Configuration(CURRENCY), &["currency_not_supported", "unsupported_currency"]),
    (
        Meaning::Configuration(REQUEST),
        &["30", "malformed", "bad_request", "invalid_request", "parameter_unknown", "parameter_missing"],
    ),
    (Meaning::Configuration(TEST_ONLY), &["not_a_test_number", "live_card_in_test_mode"]),
    (
        Meaning::Open,
        &[
            "09",
            "68",
            "94",
            "duplicate",
            "duplicate_transaction",
            "in_progress",
            "pending",
            "processing",
            "timeout",
        ],
    ),
    (Meaning::NeverSeen, &["unknown_transaction", "transaction_not_found", "no_such_transaction"]),
];

/// Words in a message that tell a configuration fault whose code is unknown.
const RAW_CARDS_WORDS: &[&str] = &["not enabled", "raw card", "card numbers directly", "not allowed to use"];

/// What a code means; `None` for one that is not in the table.
pub(in crate::psp) fn meaning(code: &str, message: &str) -> Option<Meaning> {
    let plain: String = code
        .trim()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
        .collect();
    let known = TABLE.iter().find(|(_, codes)| codes.contains(&plain.as_str())).map(|(meaning, _)| *meaning);
    known.or_else(|| {
        let words = message.to_ascii_lowercase();
        RAW_CARDS_WORDS.iter().any(|part| words.contains(part)).then_some(Meaning::Configuration(RAW_CARDS))
    })
}

/// The answer to a payment that the provider says was refused with this code. It is final whatever the code: one
/// that is not in the table, or leaves it open, is a decline like any other.
pub(in crate::psp) fn refusal(code: &str, message: &str, detail: String) -> Answer {
    match meaning(code, message) {
        Some(Meaning::Declined(reason)) => Answer::declined(reason, detail),
        Some(Meaning::Fault) => Answer::not_charged(detail),
        Some(Meaning::Configuration(remedy)) => Answer::misconfigured(detail, remedy),
        _ => Answer::declined(DeclineReason::Generic, detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_code_stands_twice_and_each_is_found() {
        let mut seen = BTreeSet::new();
        for (expected, codes) in TABLE {
            for code in *codes {
                assert!(seen.insert(*code), "{code} stands twice");
                assert_eq!(meaning(code, ""), Some(*expected), "{code}");
                assert_eq!(meaning(&code.to_uppercase().replace('_', "-"), ""), Some(*expected), "{code}");
            }
        }
    }

    #[test]
    fn a_message_tells_a_configuration_fault_whose_code_is_unknown() {
        let words = "Sending credit card numbers directly to the API is generally unsafe";
        assert_eq!(meaning("x1", words), Some(Meaning::Configuration(RAW_CARDS)));
        assert_eq!(meaning("x1", "no"), None);
    }
}
