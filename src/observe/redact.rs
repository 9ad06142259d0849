//! The last net: no text that leaves for a log or a database holds a card number.
//!
//! Card data never gets this far by our own doing. What a provider or a PBX writes into a message is not
//! in our hands, though, and a caller's name is whatever the caller says.

use std::borrow::Cow;

/// Digits of a card number (ISO/IEC 7812-1).
const FEWEST_DIGITS: usize = 13;
/// Digits of a card number (ISO/IEC 7812-1).
const MOST_DIGITS: usize = 19;
/// What stays legible (PCI DSS 3.4.1).
const KEPT_DIGITS: usize = 4;

/// Strikes out what may be a card number, all but its last four digits.
///
/// That is 13 to 19 digits, also with single spaces or hyphens between groups, that begin as a card does and
/// have a right check digit. One number in ten that is none looks the same; do not use it on references.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    redact_with(text, false)
}

/// In JSON a number has to stay a number: nines stand for its digits.
pub(super) fn redact_with(text: &str, json: bool) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut changed: Option<Vec<u8>> = None;
    let mut at = 0;
    while at < bytes.len() {
        let starts_group = bytes[at].is_ascii_digit() && (at == 0 || !bytes[at - 1].is_ascii_digit());
        let Some(end) = starts_group.then(|| card_end(&bytes[at..])).flatten() else {
            at += 1;
            continue;
        };
        let number = json && at > 0 && bytes[at - 1] == b':';
        let filler = if number { b'9' } else { b'x' };
        let out = changed.get_or_insert_with(|| bytes.to_vec());
        let digits: Vec<usize> = (at..at + end).filter(|&i| bytes[i].is_ascii_digit()).collect();
        for &i in &digits[..digits.len() - KEPT_DIGITS] {
            out[i] = filler;
        }
        at += end;
    }
    match changed.map(String::from_utf8) {
        // One ASCII byte stands for another: it is text as before.
        Some(Ok(text)) => Cow::Owned(text),
        Some(Err(_)) => Cow::Owned(String::new()),
        None => Cow::Borrowed(text),
    }
}

/// Where the longest card number that begins here ends, at the end of a group of digits.
fn card_end(bytes: &[u8]) -> Option<usize> {
    let mut digits = [0_u8; MOST_DIGITS];
    let mut count = 0;
    let mut found = None;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let next_is_digit = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        if byte.is_ascii_digit() {
            if count == MOST_DIGITS {
                break;
            }
            digits[count] = byte - b'0';
            count += 1;
            if !next_is_digit && count >= FEWEST_DIGITS && is_card(&digits[..count]) {
                found = Some(at + 1);
            }
        } else if !(matches!(byte, b' ' | b'-') && next_is_digit) {
            break;
        }
        at += 1;
    }
    found
}

/// Begins as a payment card does, and the check digit fits (Luhn).
fn is_card(digits: &[u8]) -> bool {
    let begins = matches!(digits, [2..=6, ..] | [8, 1, ..] | [1, 8, 0, 0, ..]);
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2, u32::from(digit) * 2) {
            (0, twice) => twice / 2,
            (_, twice) => twice / 10 + twice % 10,
        })
        .sum();
    begins && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_cards_are_struck_out_however_they_are_written() {
        for (text, wanted) in [
            ("card 4111111111111111 refused", "card xxxxxxxxxxxx1111 refused"),
            ("4111 1111 1111 1111", "xxxx xxxx xxxx 1111"),
            ("3782-822463-10005", "xxxx-xxxxxx-x0005"),
            ("2026-11-22 5555555555554444", "2026-11-22 xxxxxxxxxxxx4444"),
            ("ref=1 4111111111111111;", "ref=1 xxxxxxxxxxxx1111;"),
            ("é4111111111111111é", "éxxxxxxxxxxxx1111é"),
        ] {
            assert_eq!(redact(text), wanted);
        }
    }

    #[test]
    fn other_numbers_stay() {
        for text in [
            "4111111111111112",
            "+33 1 23 45 67 89",
            "1763824257123",
            "0190b2c4-7e1f-7000-8000-1234567890ab",
            "411111111111",
            "00004111111111111111",
        ] {
            assert!(matches!(redact(text), Cow::Borrowed(_)), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_stands_around_it_a_card_on_its_own_never_passes(before in "[^0-9]{0,8}[^0-9 -]", after in "[^0-9 -][^0-9]{0,8}") {
            let text = format!("{before}4111111111111111{after}");
            proptest::prop_assert_eq!(redact(&text), format!("{before}xxxxxxxxxxxx1111{after}"));
        }
    }
}
