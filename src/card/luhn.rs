//! The check digit of ISO/IEC 7812-1 annex B (Luhn, modulus 10).

/// Whether the last of `digits` (ASCII) is the right check digit for the others. False for anything that is
/// not a digit, and for fewer than two.
pub(super) fn check_digit_holds(digits: &[u8]) -> bool {
    if digits.len() < 2 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0');
            match (place % 2, value) {
                (0, _) => value,
                (_, 0..=4) => value * 2,
                _ => value * 2 - 9,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_standard_s_example_and_published_numbers_hold() {
        for right in ["79927398713", "4111111111111111", "378282246310005", "6205500000000000004"] {
            assert!(check_digit_holds(right.as_bytes()), "{right}");
        }
        for wrong in ["79927398710", "4111111111111112", "", "0", "4111 1111", "x0"] {
            assert!(!check_digit_holds(wrong.as_bytes()), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn exactly_one_check_digit_fits(body in "[0-9]{1,18}") {
            let fits = (0..10).filter(|d| check_digit_holds(format!("{body}{d}").as_bytes())).count();
            prop_assert_eq!(fits, 1);
        }

        #[test]
        fn one_mistyped_digit_is_always_caught(body in "[0-9]{1,18}", place in 0usize..19, shift in 1u8..10) {
            let check = (b'0'..=b'9')
                .find(|d| check_digit_holds(&[body.as_bytes(), &[*d]].concat()))
                .expect("one fits");
            let mut digits = [body.as_bytes(), &[check]].concat();
            let place = place % digits.len();
            digits[place] = b'0' + (digits[place] - b'0' + shift) % 10;
            prop_assert!(!check_digit_holds(&digits));
        }
    }
}
