//! Words of others, made harmless before they are kept.

use std::error::Error;
use std::fmt::Write;

/// Longest text of a provider that is kept for the journal.
const DETAIL_MAX_CHARS: usize = 240;
/// From this many digits on, a number in a provider's text is struck out: it could be the card's.
const DIGITS_HIDDEN_FROM: usize = 9;

/// A provider's words without control characters or anything that could be a card number, and cut to `chars_max`.
pub(crate) fn harmless(words: &str, chars_max: usize) -> String {
    let mut kept: Vec<char> =
        words.chars().take(chars_max).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let (mut start, mut digits) = (0, 0);
    for place in 0..=kept.len() {
        match kept.get(place) {
            Some(c) if c.is_ascii_digit() => {
                if digits == 0 {
                    start = place;
                }
                digits += 1;
            }
            Some(' ' | '-' | '.') if digits > 0 => {}
            _ => {
                if digits >= DIGITS_HIDDEN_FROM {
                    kept[start..place].iter_mut().filter(|c| c.is_ascii_digit()).for_each(|c| *c = 'x');
                }
                digits = 0;
            }
        }
    }
    kept.into_iter().collect()
}

/// The innermost cause in words, without the address.
pub(super) fn cause(fault: &reqwest::Error) -> String {
    let mut inner: &dyn Error = fault;
    while let Some(source) = inner.source() {
        inner = source;
    }
    if inner.is::<reqwest::Error>() {
        return if fault.is_timeout() { "timed out".into() } else { "the request failed".into() };
    }
    harmless(&inner.to_string(), DETAIL_MAX_CHARS)
}

/// A path segment or query value (RFC 3986 section 2.3).
pub(crate) fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            other => _ = write!(encoded, "%{other:02X}"),
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_long_number_survives(before in "[a-z ]{0,9}", number in "[0-9]{12,19}", after in "[a-z]{0,9}") {
            let kept = harmless(&format!("{before}{number}{after}"), DETAIL_MAX_CHARS);
            prop_assert!(!kept.contains(|c: char| c.is_ascii_digit()));
        }
    }
}
