//! The fields beside the card number.

use super::brand::Brand;
use super::entry::{Entry, POSTAL_DIGITS_MAX};
use super::key::{Key, KeyKind};
use super::vault::Slot;
use subtle::ConstantTimeEq;

/// A month of a year, the grain of expiry dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct YearMonth {
    year: u16,
    month: u8,
}

impl YearMonth {
    /// `None` unless `month` is 1–12 and `year` at most 9999.
    pub fn new(year: u16, month: u8) -> Option<YearMonth> {
        ((1..=12).contains(&month) && year <= 9999).then_some(YearMonth { year, month })
    }

    /// The year, in full.
    pub fn year(self) -> u16 {
        self.year
    }

    /// The month, 1–12.
    pub fn month(self) -> u8 {
        self.month
    }

    pub(super) fn years_later(self, years: u16) -> YearMonth {
        YearMonth { year: self.year + years, ..self }
    }
}

/// Month and year after which a card is void; neither past nor absurdly far ahead when it was keyed.
pub struct Expiry {
    /// MMYYYY.
    pub(super) slot: Slot,
}

impl Expiry {
    /// Whether both are the same month. Takes the same time whatever the digits are, as do all comparisons here.
    pub fn same_as(&self, other: &Expiry) -> bool {
        // The rest of a slot is zero.
        self.slot[..].ct_eq(&other.slot[..]).into()
    }

    pub(super) fn month(&self) -> &[u8] {
        &self.slot[..2]
    }

    pub(super) fn year(&self) -> &[u8] {
        &self.slot[2..6]
    }
}

/// A card verification code (CVV2, CVC2, CID). Sensitive authentication data: gone after authorisation,
/// approved or not (PCI DSS 3.3.1).
pub struct SecurityCode {
    pub(super) slot: Slot,
    pub(super) length: u8,
}

impl SecurityCode {
    /// Whether both are the same code.
    pub fn same_as(&self, other: &SecurityCode) -> bool {
        self.slot[..].ct_eq(&other.slot[..]).into()
    }

    /// Whether it is as long as a code of this brand.
    pub fn fits(&self, brand: Brand) -> bool {
        self.length == brand.code_length()
    }

    pub(super) fn digits(&self) -> &[u8] {
        &self.slot[..usize::from(self.length)]
    }
}

/// The digits of a postal code, for address verification.
pub struct Postal {
    pub(super) slot: Slot,
    pub(super) length: u8,
}

impl Postal {
    /// A postal code that was not keyed but given: 1 to 10 digits. `None` for anything else, or if no memory is left.
    pub fn given(digits: &str) -> Option<Postal> {
        let mut entry = Entry::with_limit(POSTAL_DIGITS_MAX).ok()?;
        for byte in digits.bytes() {
            let key = Key::from_ascii(byte).filter(|key| key.kind() == KeyKind::Digit)?;
            entry.push(key).ok()?;
        }
        entry.into_postal(1, POSTAL_DIGITS_MAX).ok()
    }

    /// Whether both are the same.
    pub fn same_as(&self, other: &Postal) -> bool {
        self.slot[..].ct_eq(&other.slot[..]).into()
    }

    pub(super) fn digits(&self) -> &[u8] {
        &self.slot[..usize::from(self.length)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_ordered_by_year_first() {
        let of = |year, month| YearMonth::new(year, month).expect("a month");
        assert!(of(2026, 12) < of(2027, 1));
        assert!(of(2026, 1) < of(2026, 2));
        assert_eq!(YearMonth::new(2026, 0), None);
        assert_eq!(YearMonth::new(2026, 13), None);
    }
}
