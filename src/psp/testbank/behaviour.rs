//! The test bank's tables: which card and which amount gets which answer.

/// What goes wrong on the way of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Charged; the answer comes late.
    Late,
    /// Charged; the connection is cut without an answer.
    CutAfterCharging,
    /// The connection is cut before anything is charged; the second request is served.
    CutBeforeCharging,
    /// Charged; HTTP 500.
    ErrorAfterCharging,
    /// HTTP 500 before anything is charged; the second request is served.
    ErrorFirst,
    /// Charged; the answer is no JSON.
    WrongJson,
    /// Charged; the connection is cut in the middle of the answer.
    HalfABody,
    /// Not charged; HTTP 307 to another path, always.
    Redirect,
    /// Charged; the answer is longer than anybody should read.
    TooLong,
}

impl Fault {
    /// Whether the charge is made although its answer fails.
    pub(super) fn charges(self) -> bool {
        !matches!(self, Fault::CutBeforeCharging | Fault::ErrorFirst | Fault::Redirect)
    }
}

/// Why an issuer, or the bank itself, says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What `error_code` holds.
    pub code: &'static str,
    /// What `error_message` holds.
    pub message: &'static str,
}

/// What the bank does with a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// `None`: approved.
    pub refusal: Option<Refusal>,
    /// What goes wrong with the answer.
    pub fault: Option<Fault>,
}

/// Card numbers that are declined, with the words providers use for them. Kept as numbers, so that the program
/// holds no card number in digits.
pub const BY_NUMBER: &[(u64, Refusal)] = &[
    (4_000_000_000_000_002, Refusal { code: "card_declined", message: "declined, no reason given" }),
    (4_000_000_000_009_995, Refusal { code: "insufficient_funds", message: "insufficient funds" }),
    (4_000_000_000_000_127, Refusal { code: "incorrect_cvc", message: "the security code is wrong" }),
    (4_000_000_000_000_101, Refusal { code: "incorrect_cvc", message: "the security code is wrong" }),
    (4_000_000_000_000_069, Refusal { code: "expired_card", message: "the card has expired" }),
    (4_000_000_000_000_119, Refusal { code: "processing_error", message: "error on the way to the issuer" }),
    (4_000_000_000_009_987, Refusal { code: "lost_card", message: "the card is reported lost" }),
    (4_000_000_000_009_979, Refusal { code: "stolen_card", message: "the card is reported stolen" }),
    (4_000_000_000_000_341, Refusal { code: "card_declined", message: "declined when charged" }),
];

/// Last two digits of the amount that are a response code of ISO 8583 field 39.
pub const BY_AMOUNT: &[(u8, Refusal)] = &[
    (1, Refusal { code: "01", message: "refer to card issuer" }),
    (2, Refusal { code: "02", message: "refer to card issuer, special condition" }),
    (3, Refusal { code: "03", message: "invalid merchant" }),
    (4, Refusal { code: "04", message: "pick up card" }),
    (5, Refusal { code: "05", message: "do not honour" }),
    (10, Refusal { code: "010", message: "not allowed: raw card data is not enabled for this account" }),
    (12, Refusal { code: "12", message: "invalid transaction" }),
    (14, Refusal { code: "14", message: "invalid card number" }),
    (41, Refusal { code: "41", message: "lost card" }),
    (43, Refusal { code: "43", message: "stolen card" }),
    (51, Refusal { code: "51", message: "insufficient funds" }),
    (54, Refusal { code: "54", message: "expired card" }),
    (57, Refusal { code: "57", message: "transaction not permitted to cardholder" }),
    (58, Refusal { code: "58", message: "transaction not permitted to terminal" }),
    (61, Refusal { code: "61", message: "exceeds withdrawal amount limit" }),
    (62, Refusal { code: "62", message: "restricted card" }),
    (65, Refusal { code: "65", message: "exceeds withdrawal frequency limit" }),
    (82, Refusal { code: "N7", message: "security code mismatch" }),
    (91, Refusal { code: "91", message: "issuer unavailable" }),
    (96, Refusal { code: "96", message: "system malfunction" }),
];

/// Last two digits of the amount that bring a fault of the way.
pub const FAULTS: &[(u8, Fault, &str)] = &[
    (71, Fault::Late, "charged, and the answer comes late (11 seconds unless told otherwise)"),
    (72, Fault::CutAfterCharging, "charged, and the connection is cut without an answer"),
    (73, Fault::CutBeforeCharging, "connection cut before charging; served when sent again"),
    (74, Fault::ErrorAfterCharging, "charged, and HTTP 500"),
    (76, Fault::ErrorFirst, "HTTP 500 before charging; served when sent again"),
    (77, Fault::WrongJson, "charged, and the answer is no JSON"),
    (78, Fault::HalfABody, "charged, and the connection is cut in the middle of the answer"),
    (79, Fault::Redirect, "HTTP 307 to another path; never charged"),
    (83, Fault::TooLong, "charged, and the answer has more than 64 KiB"),
];

/// What the bank does with this card and, unless it is only stored, this amount in minor units.
#[must_use]
pub fn decide(card_number: u64, minor: Option<i64>) -> Behaviour {
    if let Some((_, refusal)) = BY_NUMBER.iter().find(|(number, _)| *number == card_number) {
        return Behaviour { refusal: Some(*refusal), fault: None };
    }
    let ending = minor.and_then(|minor| u8::try_from(minor.rem_euclid(100)).ok());
    let refusal = BY_AMOUNT.iter().find(|(digits, _)| Some(*digits) == ending).map(|(_, refusal)| *refusal);
    let fault = FAULTS.iter().find(|(digits, ..)| Some(*digits) == ending).map(|(_, fault, _)| *fault);
    Behaviour { refusal, fault }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::is_published_test_number;
    use std::collections::BTreeSet;

    #[test]
    fn each_ending_means_one_thing() {
        let endings: Vec<u8> =
            BY_AMOUNT.iter().map(|(e, _)| *e).chain(FAULTS.iter().map(|(e, ..)| *e)).collect();
        assert_eq!(endings.iter().collect::<BTreeSet<_>>().len(), endings.len());
        assert!(endings.iter().all(|ending| *ending < 100));
    }

    #[test]
    fn usual_prices_are_approved() {
        let approved = Behaviour { refusal: None, fault: None };
        for minor in [0, 4250, 1999, 8900, 14_995, 1275, 700, 120_000] {
            assert_eq!(decide(4_111_111_111_111_111, Some(minor)), approved, "{minor}");
        }
        assert_eq!(decide(4_111_111_111_111_111, None), approved);
    }

    #[test]
    fn the_card_outweighs_the_amount_and_every_card_is_a_published_one() {
        for (number, refusal) in BY_NUMBER {
            assert!(is_published_test_number(number.to_string().as_bytes()), "{number}");
            assert_eq!(decide(*number, Some(4272)), Behaviour { refusal: Some(*refusal), fault: None });
        }
    }
}
