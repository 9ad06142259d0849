//! What may be shown of a card number: its last four digits and its length (PCI DSS 3.4.1).

use serde::{Serialize, Serializer};
use std::fmt;

/// The last four digits of a card number, in ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LastFour([u8; 4]);

impl LastFour {
    /// Takes the end of a card number; zeros stand in for digits that are not there.
    pub(crate) fn of(digits: &[u8]) -> LastFour {
        let mut last = [b'0'; 4];
        for (to, from) in last.iter_mut().rev().zip(digits.iter().rev()) {
            *to = *from;
        }
        LastFour(last)
    }

    /// The four digits, in ASCII.
    pub fn digits(&self) -> [u8; 4] {
        self.0
    }
}

impl fmt::Display for LastFour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| write!(f, "{}", char::from(*digit)))
    }
}

impl Serialize for LastFour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A card number with all but its last four digits struck out, as `xxxxxxxxxxxx1111`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedPan {
    length: u8,
    last_four: LastFour,
}

impl MaskedPan {
    pub(super) fn new(length: u8, last_four: LastFour) -> MaskedPan {
        MaskedPan { length, last_four }
    }

    /// How many digits the card number has.
    pub fn length(&self) -> u8 {
        self.length
    }

    /// Its last four digits.
    pub fn last_four(&self) -> LastFour {
        self.last_four
    }
}

impl fmt::Display for MaskedPan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = usize::from(self.length).saturating_sub(self.last_four.0.len());
        write!(f, "{:x<hidden$}{}", "", self.last_four)
    }
}

impl Serialize for MaskedPan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One `•` for each key pressed so far: what the agent sees of a field being keyed.
pub fn dots(count: u8) -> String {
    "•".repeat(usize::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_four_digits_are_struck_out() {
        let masked = MaskedPan::new(15, LastFour::of(b"378282246310005"));
        assert_eq!(masked.to_string(), "xxxxxxxxxxx0005");
        assert_eq!(masked.length(), 15);
        assert_eq!(masked.last_four().digits(), *b"0005");
        assert_eq!(serde_json::to_string(&masked).expect("a string"), "\"xxxxxxxxxxx0005\"");
        assert!(!format!("{masked:?}").contains("378282"));
    }

    #[test]
    fn the_agent_sees_dots() {
        assert_eq!(dots(0), "");
        assert_eq!(dots(3), "•••");
    }
}
