//! What fields, faults and results are called.

use crate::call::{DeclineReason, Ending, Field, Hint};

/// Fields and their names.
const FIELDS: [(&str, Field); 8] = [
    ("payment-card-number", Field::Number),
    ("expiration-date", Field::Expiry),
    ("security-code", Field::Code),
    ("postal-code", Field::Postal),
    ("payment-card-number-matcher", Field::NumberAgain),
    ("expiration-date-matcher", Field::ExpiryAgain),
    ("security-code-matcher", Field::CodeAgain),
    ("postal-code-matcher", Field::PostalAgain),
];

pub(super) const CANCELLED: &str = "cancelled";
pub(super) const CONNECTOR_ERROR: &str = "payment-connector-error";
pub(super) const SUCCESS: &str = "success";
const TOO_MANY: &str = "too-many-failed-attempts";
const INTERNAL_ERROR: &str = "internal-error";

pub(super) fn field(name: &str) -> Option<Field> {
    FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
}

pub(super) fn field_name(field: Field) -> &'static str {
    FIELDS.iter().find(|(_, known)| *known == field).map_or("", |(name, _)| name)
}

/// All names, for whoever wrote another.
pub(super) fn field_names() -> String {
    FIELDS.map(|(name, _)| name).join(", ")
}

pub(super) fn error_type(field: Field, hint: Hint) -> &'static str {
    match (hint, field.first()) {
        (Hint::Timeout, _) => "input-timeout",
        (Hint::BrandNotAccepted, _) => "invalid-card-type",
        (Hint::Differs, _) => "input-matching-failed",
        (_, Field::Expiry) => "invalid-date",
        (_, Field::Code) => "invalid-security-code",
        (_, Field::Postal) => "invalid-postal-code",
        _ => "invalid-card-number",
    }
}

/// `Result` of a session that ended before the bank said anything, and `PaymentError` where there is one to tell.
pub(super) fn result(ending: Ending) -> (&'static str, Option<&'static str>) {
    match ending {
        Ending::Approved => (SUCCESS, None),
        Ending::Declined | Ending::Unknown => (CONNECTOR_ERROR, None),
        Ending::CancelledByAgent | Ending::OtherMeans => (CANCELLED, None),
        Ending::CancelledByCustomer => ("caller-interrupted-with-star", None),
        Ending::CustomerLeft => ("caller-hung-up", None),
        Ending::TooManyAttempts => (TOO_MANY, None),
        Ending::TimedOut => (TOO_MANY, Some("nothing was keyed or asked for in time")),
        Ending::AgentLeft => (CANCELLED, Some("the agent hung up")),
        Ending::NotSealed => (INTERNAL_ERROR, Some("the customer's leg could not be sealed")),
        Ending::SealLost => (INTERNAL_ERROR, Some("the seal of the customer's leg was lost")),
        Ending::PbxLost => (INTERNAL_ERROR, Some("the PBX did not come back in time")),
        Ending::Fault => (INTERNAL_ERROR, Some("a fault; nothing was charged")),
        Ending::Drained => (INTERNAL_ERROR, Some("the service was stopped")),
    }
}

pub(super) fn decline(reason: DeclineReason) -> &'static str {
    match reason {
        DeclineReason::Generic => "card declined",
        DeclineReason::InsufficientFunds => "card declined: insufficient funds",
        DeclineReason::Expired => "card declined: expired card",
        DeclineReason::CodeWrong => "card declined: incorrect security code",
        DeclineReason::Blocked => "card declined: lost, stolen or blocked card",
        DeclineReason::LimitExceeded => "card declined: over a limit",
        DeclineReason::ReferToBank => "card declined: the customer has to call their bank",
        DeclineReason::Invalid => "card declined: not valid",
    }
}
