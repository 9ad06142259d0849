//! The digits of one field while the customer keys them, and the checks that turn them into card data.

use super::brand::Brand;
use super::fields::{Expiry, Postal, SecurityCode, YearMonth};
use super::key::Key;
use super::luhn;
use super::pan::{Pan, is_published_test_number};
use super::vault::{Slot, Vault, VaultFull};
use thiserror::Error;
use zeroize::Zeroize;

/// Most digits of a card number (ISO/IEC 7812).
pub const PAN_DIGITS_MAX: u8 = 19;
/// Digits of an expiry date, keyed as MMYY.
pub const EXPIRY_DIGITS: u8 = 4;
/// Most digits of a security code.
pub const CODE_DIGITS_MAX: u8 = 4;
/// Fewest digits of a security code.
const CODE_DIGITS_MIN: u8 = 3;
/// Most digits of a postal code.
pub const POSTAL_DIGITS_MAX: u8 = 10;

/// Fewest digits of a card number of any brand.
const PAN_DIGITS_MIN: u8 = 12;
/// No card is valid for longer than this; a date beyond it is mistyped.
const EXPIRY_AHEAD_YEARS_MAX: u16 = 20;

/// The digits keyed so far for one field, in one slot of the vault. Wiped when dropped.
pub struct Entry {
    slot: Slot,
    count: u8,
    limit: u8,
}

/// The field holds all the digits it can; the key was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("more keys were pressed than the field has digits")]
pub struct TooMany;

/// Whether the digits so far can be a whole card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// More digits must come, or nothing is known that says otherwise.
    Incomplete,
    /// No card number of this brand is longer. The check digit may still be wrong.
    Complete,
    /// A usual length for the brand and a right check digit; a longer number is possible.
    LikelyComplete,
    /// Longer than any card number of this brand.
    Overlong,
}

/// Why the digits are no card number that can be charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PanFault {
    /// Fewer digits than the brand's numbers have.
    #[error("the card number has too few digits")]
    TooShort,
    /// More digits than the brand's numbers have, or a length it does not use.
    #[error("the card number has too many digits")]
    TooLong,
    /// The check digit does not fit: at least one digit is mistyped.
    #[error("the card number's check digit is wrong")]
    CheckDigit,
    /// No brand has such numbers.
    #[error("the card number belongs to no known brand")]
    UnknownBrand,
    /// A right number, of a brand the merchant does not take.
    #[error("{0} cards are not accepted here")]
    NotAccepted(Brand),
}

/// Why the digits are no expiry date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ExpiryFault {
    /// Not the four digits of MMYY.
    #[error("the expiry date needs four digits, month and year")]
    Incomplete,
    /// The first two digits are no month.
    #[error("the expiry date's month is not between 01 and 12")]
    NotAMonth,
    /// The card is void since the end of that month.
    #[error("the expiry date has passed")]
    Past,
    /// More than twenty years ahead.
    #[error("the expiry date is too far ahead")]
    TooFar,
}

/// Why the digits are no security code of this brand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CodeFault {
    /// Fewer digits than the brand's codes have.
    #[error("the security code has too few digits")]
    TooShort,
    /// More digits than the brand's codes have.
    #[error("the security code has too many digits")]
    TooLong,
}

/// Why the digits are no postal code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PostalFault {
    /// Fewer digits than asked for.
    #[error("the postal code has too few digits")]
    TooShort,
    /// More digits than asked for.
    #[error("the postal code has too many digits")]
    TooLong,
}

impl Entry {
    /// An empty field of up to [`PAN_DIGITS_MAX`] digits, which fits any field.
    ///
    /// # Errors
    /// [`VaultFull`] if no slot is left.
    pub fn new() -> Result<Entry, VaultFull> {
        Entry::with_limit(PAN_DIGITS_MAX)
    }

    /// An empty field of up to `digits_max` digits, at most [`PAN_DIGITS_MAX`]; keys beyond are refused
    /// with [`TooMany`]. See [`EXPIRY_DIGITS`], [`CODE_DIGITS_MAX`] and [`POSTAL_DIGITS_MAX`].
    ///
    /// # Errors
    /// [`VaultFull`] if no slot is left.
    pub fn with_limit(digits_max: u8) -> Result<Entry, VaultFull> {
        Ok(Entry { slot: Vault::slot()?, count: 0, limit: digits_max.min(PAN_DIGITS_MAX) })
    }

    /// Takes a digit and returns how many there are now. Star and hash change nothing: what they mean is
    /// for the call to say.
    ///
    /// # Errors
    /// [`TooMany`] if the field is full; the digits in it stay.
    pub fn push(&mut self, key: Key) -> Result<u8, TooMany> {
        if let Some(digit) = key.digit() {
            let full = self.count >= self.limit;
            let place = self.slot.get_mut(usize::from(self.count)).filter(|_| !full).ok_or(TooMany)?;
            *place = digit;
            self.count += 1;
        }
        Ok(self.count)
    }

    /// Wipes the digits; the customer starts the field again.
    pub fn clear(&mut self) {
        self.slot.zeroize();
        self.count = 0;
    }

    /// How many digits there are.
    pub fn count(&self) -> u8 {
        self.count
    }

    /// The brand, once the first digits decide it (two for most, six at the latest).
    pub fn brand(&self) -> Option<Brand> {
        Brand::of_prefix(self.digits())
    }

    /// Whether the digits can be a whole card number. Means nothing for other fields.
    pub fn completeness(&self) -> Completeness {
        let Some(brand) = self.brand() else {
            let full = self.count >= PAN_DIGITS_MAX;
            return if full { Completeness::Complete } else { Completeness::Incomplete };
        };
        let longest = brand.lengths().last().copied().unwrap_or(PAN_DIGITS_MAX);
        match self.count.cmp(&longest) {
            std::cmp::Ordering::Greater => Completeness::Overlong,
            std::cmp::Ordering::Equal => Completeness::Complete,
            std::cmp::Ordering::Less
                if brand.usual_lengths().contains(&self.count) && luhn::check_digit_holds(self.digits()) =>
            {
                Completeness::LikelyComplete
            }
            std::cmp::Ordering::Less => Completeness::Incomplete,
        }
    }

    /// The card number, if it is one, of a brand among `accepted`. The entry is wiped otherwise.
    ///
    /// # Errors
    /// The first of these that applies: too short for any card, unknown brand, wrong length, wrong check
    /// digit, brand not accepted. A mistyped number is thus never blamed on the customer's kind of card.
    pub fn into_pan(self, accepted: &[Brand]) -> Result<Pan, PanFault> {
        if self.count < PAN_DIGITS_MIN {
            return Err(PanFault::TooShort);
        }
        let brand = self.brand().ok_or(PanFault::UnknownBrand)?;
        if !brand.lengths().contains(&self.count) {
            let usual = brand.usual_lengths().first().copied().unwrap_or(PAN_DIGITS_MAX);
            return Err(if self.count < usual { PanFault::TooShort } else { PanFault::TooLong });
        }
        if !luhn::check_digit_holds(self.digits()) {
            return Err(PanFault::CheckDigit);
        }
        if !accepted.contains(&brand) {
            return Err(PanFault::NotAccepted(brand));
        }
        let test_number = is_published_test_number(self.digits());
        Ok(Pan { slot: self.slot, length: self.count, brand, test_number })
    }

    /// The expiry date keyed as MMYY, good to the end of its month.
    ///
    /// # Errors
    /// [`ExpiryFault`], judged against `today` at the merchant's place.
    pub fn into_expiry(mut self, today: YearMonth) -> Result<Expiry, ExpiryFault> {
        if self.count != EXPIRY_DIGITS {
            return Err(ExpiryFault::Incomplete);
        }
        let pair = |at: usize| (self.slot[at] - b'0') * 10 + (self.slot[at + 1] - b'0');
        let century = today.year() / 100 * 100;
        let mut year = century + u16::from(pair(2));
        if year + 100 <= today.year() + EXPIRY_AHEAD_YEARS_MAX {
            // Late in a century, a small year means the next one.
            year += 100;
        }
        let expires = YearMonth::new(year, pair(0)).ok_or(ExpiryFault::NotAMonth)?;
        if expires < today {
            return Err(ExpiryFault::Past);
        }
        if expires > today.years_later(EXPIRY_AHEAD_YEARS_MAX) {
            return Err(ExpiryFault::TooFar);
        }
        // From MMYY to MMYYYY, in place.
        self.slot.copy_within(2..4, 4);
        self.slot[2] = b'0' + (year / 1000 % 10) as u8;
        self.slot[3] = b'0' + (year / 100 % 10) as u8;
        Ok(Expiry { slot: self.slot })
    }

    /// The security code, of the length that `brand` uses.
    ///
    /// # Errors
    /// [`CodeFault`]. A card without a code ([`Brand::code_optional`]) is a card whose entry is left empty
    /// and dropped.
    pub fn into_code(self, brand: Brand) -> Result<SecurityCode, CodeFault> {
        match self.count.cmp(&brand.code_length()) {
            std::cmp::Ordering::Less => Err(CodeFault::TooShort),
            std::cmp::Ordering::Equal => Ok(SecurityCode { slot: self.slot, length: self.count }),
            std::cmp::Ordering::Greater => Err(CodeFault::TooLong),
        }
    }

    /// The security code of a card whose brand is not known yet; see [`SecurityCode::fits`].
    ///
    /// # Errors
    /// [`CodeFault`], if no brand has codes of this length.
    pub fn into_code_of_any_brand(self) -> Result<SecurityCode, CodeFault> {
        match self.count {
            0..CODE_DIGITS_MIN => Err(CodeFault::TooShort),
            CODE_DIGITS_MIN..=CODE_DIGITS_MAX => Ok(SecurityCode { slot: self.slot, length: self.count }),
            _ => Err(CodeFault::TooLong),
        }
    }

    /// The postal code, of `digits_min` to `digits_max` digits.
    ///
    /// # Errors
    /// [`PostalFault`].
    pub fn into_postal(self, digits_min: u8, digits_max: u8) -> Result<Postal, PostalFault> {
        if self.count < digits_min {
            Err(PostalFault::TooShort)
        } else if self.count > digits_max {
            Err(PostalFault::TooLong)
        } else {
            Ok(Postal { slot: self.slot, length: self.count })
        }
    }

    /// The digits as a reference, where they are fewer than any card number has; wiped otherwise. What is so short can
    /// be no card's, so it may be known.
    pub fn into_reference(self, digits_max: u8) -> Option<String> {
        let fits = (1..=digits_max.min(PAN_DIGITS_MIN - 1)).contains(&self.count);
        fits.then(|| self.digits().iter().map(|digit| char::from(*digit)).collect())
    }

    fn digits(&self) -> &[u8] {
        &self.slot[..usize::from(self.count)]
    }
}

#[cfg(test)]
mod tests;
