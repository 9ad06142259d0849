//! The bank's side of a payment call.

use serde::{Deserialize, Serialize};

/// Names one attempt to charge; the idempotency key derives from it and from nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptId {
    /// The payment (this call's number for it, 128 bits, unique for ever).
    pub payment: u128,
    /// 1 for the first card sent in this payment, then 2, …
    pub ordinal: u8,
}

impl AttemptId {
    /// The idempotency key, the same for ever: at most 43 letters, digits and hyphens.
    #[must_use]
    pub fn key(&self) -> String {
        format!("tg-{}-{}", uuid::Uuid::from_u128(self.payment), self.ordinal)
    }

    /// The attempt whose key this is; `None` for any other text.
    #[must_use]
    pub fn of_key(key: &str) -> Option<AttemptId> {
        let (payment, ordinal) = key.strip_prefix("tg-")?.rsplit_once('-')?;
        let payment = uuid::Uuid::try_parse(payment).ok()?.as_u128();
        let attempt = AttemptId { payment, ordinal: ordinal.parse().ok()? };
        // One attempt has one key, to the letter.
        (attempt.key() == key).then_some(attempt)
    }
}

/// Why a bank says no, as far as it matters to the customer and the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    /// No reason given (ISO 8583 response code 05).
    Generic,
    /// Not enough money (51).
    InsufficientFunds,
    /// The card has expired (54).
    Expired,
    /// The security code is wrong (N7).
    CodeWrong,
    /// Lost, stolen, blocked or restricted (41, 43, 62).
    Blocked,
    /// Over a limit (61, 65).
    LimitExceeded,
    /// The customer has to speak with the bank (01, 02).
    ReferToBank,
    /// The card number or the transaction is not valid for the issuer (14, 12).
    Invalid,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The money is promised.
    Approved {
        /// The provider's reference, read out to nobody but kept.
        reference: String,
    },
    /// The issuer said no; nothing was charged.
    Declined(DeclineReason),
    /// Nothing was charged, for a reason that is not the customer's: fault or configuration.
    NotCharged,
    /// It may have been charged. Never send this card again before it is known.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_attempt_and_no_other_text_does() {
        let attempt = AttemptId { payment: 0x0192_0000_0000_7000_8000_0000_0000_0001, ordinal: 2 };
        assert_eq!(AttemptId::of_key(&attempt.key()), Some(attempt));
        let key = attempt.key();
        for other in
            ["", "tg-", "order-7", &key.to_uppercase(), &key.replace("tg-", "tg"), &format!("{key}0")[1..]]
        {
            assert_eq!(AttemptId::of_key(other), None, "{other}");
        }
    }
}
