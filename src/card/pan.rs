//! A primary account number that passed its checks.

use super::brand::Brand;
use super::masked::{LastFour, MaskedPan};
use super::vault::Slot;
use subtle::ConstantTimeEq;

/// A card number: right length for its brand, right check digit (ISO/IEC 7812). Lives in the vault.
pub struct Pan {
    pub(super) slot: Slot,
    pub(super) length: u8,
    pub(super) brand: Brand,
    pub(super) test_number: bool,
}

impl Pan {
    /// The brand.
    pub fn brand(&self) -> Brand {
        self.brand
    }

    /// What may be shown of it.
    pub fn masked(&self) -> MaskedPan {
        MaskedPan::new(self.length, self.last_four())
    }

    /// Its last four digits.
    pub fn last_four(&self) -> LastFour {
        LastFour::of(self.digits())
    }

    /// Whether both are the same number, for merchants who ask for it twice. Takes the same time whatever
    /// the digits are.
    pub fn same_as(&self, other: &Pan) -> bool {
        // The rest of a slot is zero, so that comparing whole slots compares the lengths as well.
        self.slot[..].ct_eq(&other.slot[..]).into()
    }

    /// Whether it is one of the test numbers that payment service providers publish, which no bank issues:
    /// test mode takes nothing else, live mode takes none of them (PCI DSS 6.5.5, 6.5.6).
    pub fn test_number(&self) -> bool {
        self.test_number
    }

    /// The digits, in ASCII.
    pub(super) fn digits(&self) -> &[u8] {
        &self.slot[..usize::from(self.length)]
    }
}

/// Numbers published for testing by Adyen, CyberSource, Lyra, Stripe, Twilio and the brands. They are kept
/// as numbers: written out as digits, each would look like a leak to a search of the program's memory.
const PUBLISHED_TEST_NUMBERS: [u64; 60] = [
    4242424242424242,
    4000056655665556,
    4000002500001001,
    4000000000000002,
    4000000000000010,
    4000000000000028,
    4000000000000036,
    4000000000000044,
    4000000000000069,
    4000000000000077,
    4000000000000101,
    4000000000000119,
    4000000000000127,
    4000000000000259,
    4000000000000341,
    4000000000001976,
    4000000000005126,
    4000000000009235,
    4000000000009979,
    4000000000009987,
    4000000000009995,
    4012888888881881,
    4035501428146300,
    4111111111111111,
    4166676667666746,
    4222222222222,
    4360000001000005,
    4646464646464644,
    4970100000000055,
    2222400070000005,
    2223003122003222,
    5105105105105100,
    5200828282828210,
    5555444433331111,
    5555552500001001,
    5555555555554444,
    370000000000002,
    371449635398431,
    378282246310005,
    378734493671000,
    30569309025904,
    36227206271667,
    38520000023237,
    3056930009020004,
    6011000990139424,
    6011111111111117,
    6011981111111113,
    3530111333300000,
    3566002020360505,
    3569990010095841,
    6200000000000005,
    6205500000000000004,
    6243030000000001,
    8171999900000000021,
    8171999927660000,
    586824160825533338,
    6000070736169237003,
    6703444444444449,
    6759560045005727054,
    6771798021000008,
];

/// Whether `digits` (ASCII) are a card number that payment service providers publish for tests.
pub fn is_published_test_number(digits: &[u8]) -> bool {
    PUBLISHED_TEST_NUMBERS.into_iter().any(|number| has_digits(number, digits))
}

/// Compares from the last digit on, so that no second rendering of the card number ever exists.
fn has_digits(mut number: u64, digits: &[u8]) -> bool {
    let mut same = true;
    for digit in digits.iter().rev() {
        same &= number > 0 && u64::from(digit.wrapping_sub(b'0')) == number % 10;
        number /= 10;
    }
    same && number == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::luhn::check_digit_holds;

    #[test]
    fn each_published_number_is_a_right_one_and_is_recognised() {
        for number in PUBLISHED_TEST_NUMBERS {
            let digits = number.to_string();
            assert!(check_digit_holds(digits.as_bytes()), "{digits}");
            assert!(Brand::of_prefix(digits.as_bytes()).is_some(), "{digits}");
            assert!(is_published_test_number(digits.as_bytes()), "{digits}");
        }
    }

    #[test]
    fn other_numbers_are_not_test_numbers() {
        for digits in
            ["4111111111111112", "411111111111111", "04111111111111111", "", "0", "4", "41111111111111110"]
        {
            assert!(!is_published_test_number(digits.as_bytes()), "{digits}");
        }
    }
}
