//! One word in English for each of a kind; a new one of the kind does not compile until it is named here.

use crate::call::{DeclineReason, Ending, Field, Hint};
use crate::store::OperationKind;

pub(super) fn field(field: Field) -> &'static str {
    match field {
        Field::Number => "Card number",
        Field::NumberAgain => "Card number again",
        Field::ExpiryAgain => "Expiry date again",
        Field::CodeAgain => "Security code again",
        Field::PostalAgain => "Postal code again",
        Field::Expiry => "Expiry date",
        Field::Code => "Security code",
        Field::Postal => "Postal code",
        Field::Reference => "Reference",
        Field::Amount => "Amount",
    }
}

pub(super) fn hint(hint: Hint) -> &'static str {
    match hint {
        Hint::TooShort => "Too few digits. They are asked again.",
        Hint::TooLong => "Too many digits. They are asked again.",
        Hint::CheckDigit => "The number is mistyped: its check digit does not fit.",
        Hint::BrandNotAccepted => "This kind of card is not accepted.",
        Hint::Expired => "The card has expired.",
        Hint::ExpiryInvalid => "That is no month and year.",
        Hint::Differs => "The two numbers are not the same.",
        Hint::NotKnown => "Nothing is owed under this reference. It is asked again.",
        Hint::NotPossible => "This amount is not possible. It is asked again.",
        Hint::Timeout => "Nothing keyed yet. Ask whether they found the card.",
    }
}

pub(super) fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Approved => "Approved",
        Ending::Declined => "Declined",
        Ending::Unknown => "Not yet known",
        Ending::CancelledByAgent => "Cancelled by the agent",
        Ending::CancelledByCustomer => "Cancelled by the customer",
        Ending::OtherMeans => "Other means of payment",
        Ending::TooManyAttempts => "Too many attempts",
        Ending::TimedOut => "Nothing keyed in time",
        Ending::CustomerLeft => "The customer hung up",
        Ending::AgentLeft => "The agent hung up",
        Ending::NotSealed => "The line could not be sealed",
        Ending::SealLost => "The seal was lost",
        Ending::PbxLost => "The PBX went away",
        Ending::Fault => "Technical fault, nothing charged",
        Ending::Drained => "The daemon was stopped",
    }
}

pub(super) fn decline(reason: DeclineReason) -> &'static str {
    match reason {
        DeclineReason::Generic => "The bank gives no reason",
        DeclineReason::InsufficientFunds => "Not enough funds",
        DeclineReason::Expired => "Card expired",
        DeclineReason::CodeWrong => "Security code wrong",
        DeclineReason::Blocked => "Card blocked",
        DeclineReason::LimitExceeded => "Over the card's limit",
        DeclineReason::ReferToBank => "The customer has to call the bank",
        DeclineReason::Invalid => "Card details not recognised",
    }
}

pub(super) fn refusal(why: &str) -> &'static str {
    match why {
        "proxy_media" | "pass_rfc2833" => "The PBX passes keys through untouched (its settings)",
        "sip_info" => "Keys come as SIP INFO on this line",
        "self_test_failed" => "The PBX failed the test of the seal",
        "no_media" => "The audio does not pass through the PBX",
        _ => "The PBX did not answer as it should",
    }
}

pub(super) fn alarm_word(alarm: &str) -> &'static str {
    match alarm {
        "seal_lost_keypad" => "The private keypad's connection ended; the line stays sealed",
        "seal_lost_opened" => "The line was opened by somebody else; capture stopped",
        "seal_lost_moved" => "The call was moved during a payment; capture stopped",
        "shield_failed" => "A recording could not be masked; no card is asked for",
        "seal_stuck" => "A seal could not be ended; the line stays sealed",
        "pbx_lost" => "The connection to the PBX ended during a payment",
        "journal_failed" => "An attempt could not be written down; nothing was charged",
        _ => "Look at the daemon's log",
    }
}

pub(super) fn attempt_state(state: &str) -> &'static str {
    match state {
        "journalled" => "written down",
        "sent" => "sent",
        "retried" => "sent again, same key",
        "queried" => "looked for",
        "approved" => "approved",
        "declined" => "declined",
        "not_charged" => "not charged",
        "unknown" => "not yet known",
        "contradicted" => "contradicted",
        "taken" => "taken, not yet done",
        "done" => "done",
        "refused" => "refused",
        _ => "noted",
    }
}

pub(super) fn operation(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Capture => "capture",
        OperationKind::Cancel => "cancellation",
        OperationKind::Refund => "refund",
        OperationKind::Chargeback => "chargeback",
        OperationKind::Link => "payment link",
    }
}
