//! Where a message goes.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::psp::{is_email, plausible_phone};

/// Fewest and most digits of a number with its country code (ITU-T E.164).
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// What carries a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Medium {
    /// A short message to a mobile telephone.
    Sms,
    /// An e-mail.
    Email,
}

impl Medium {
    /// As it stands in the database and in the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Medium::Sms => "sms",
            Medium::Email => "email",
        }
    }
}

impl fmt::Display for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How people of the company's country write telephone numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbering {
    /// The country code, `33`; without one, only numbers with their own are understood.
    pub country_code: Option<String>,
    /// What is dialled before a number within the country and is no part of it: `0` in most of Europe, nothing in
    /// Spain, Portugal and Italy.
    pub trunk_prefix: String,
}

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// By what.
    pub medium: Medium,
    /// `+33612345678`, or `jean@example.fr`.
    pub text: String,
}

/// Why something is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// No telephone number.
    #[error("this is no telephone number; write it with its country code, +33612345678")]
    NoNumber,
    /// Which country is not known.
    #[error(
        "this number has no country code; write +33612345678, or set links.country_code in the configuration"
    )]
    NoCountry,
    /// No e-mail address.
    #[error("this is no e-mail address; write name@example.com")]
    NoEmail,
}

impl Address {
    /// An address as somebody wrote it.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn of(medium: Medium, text: &str, numbering: &Numbering) -> Result<Address, AddressFault> {
        let text = match medium {
            Medium::Sms => numbering.international(text.trim())?,
            Medium::Email if is_email(text.trim()) => text.trim().to_owned(),
            Medium::Email => return Err(AddressFault::NoEmail),
        };
        Ok(Address { medium, text })
    }

    /// The same where nobody says what kind of address it is.
    ///
    /// # Errors
    /// As [`Address::of`].
    pub fn guessed(text: &str, numbering: &Numbering) -> Result<Address, AddressFault> {
        Address::of(if text.contains('@') { Medium::Email } else { Medium::Sms }, text, numbering)
    }
}

impl Numbering {
    /// A number with its country code and a `+` (E.164).
    fn international(&self, text: &str) -> Result<String, AddressFault> {
        let plain = plausible_phone(text).ok_or(AddressFault::NoNumber)?;
        let abroad = plain.strip_prefix('+').or_else(|| plain.strip_prefix("00"));
        let digits = match (abroad, &self.country_code) {
            (Some(digits), _) => digits.to_owned(),
            (None, Some(country)) => {
                let national = plain.strip_prefix(&*self.trunk_prefix).ok_or(AddressFault::NoCountry)?;
                format!("{country}{national}")
            }
            (None, None) => return Err(AddressFault::NoCountry),
        };
        // No country code begins with a nought.
        match DIGITS.contains(&digits.len()) && !digits.starts_with('0') {
            true => Ok(format!("+{digits}")),
            false => Err(AddressFault::NoNumber),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn french() -> Numbering {
        Numbering { country_code: Some("33".into()), trunk_prefix: "0".into() }
    }

    #[test]
    fn numbers_get_their_country_code() {
        let spanish = Numbering { country_code: Some("34".into()), trunk_prefix: String::new() };
        for (numbering, written, wanted) in [
            (french(), "06 12 34 56 78", Ok("+33612345678")),
            (french(), "+33 6 12 34 56 78", Ok("+33612345678")),
            (french(), "0049 151 23456789", Ok("+4915123456789")),
            (french(), "612345678", Err(AddressFault::NoCountry)),
            (spanish, "612 345 678", Ok("+34612345678")),
            (Numbering::default(), "+33612345678", Ok("+33612345678")),
            (Numbering::default(), "0612345678", Err(AddressFault::NoCountry)),
            (french(), "1001", Err(AddressFault::NoNumber)),
            (french(), "anonymous", Err(AddressFault::NoNumber)),
            (french(), "+0612345678", Err(AddressFault::NoNumber)),
            (french(), "+1234567890123456", Err(AddressFault::NoNumber)),
        ] {
            let read = Address::of(Medium::Sms, written, &numbering).map(|address| address.text);
            assert_eq!(read, wanted.map(str::to_owned), "{written}");
        }
    }

    #[test]
    fn what_has_an_at_sign_is_an_e_mail() {
        let guessed = |text: &str| Address::guessed(text, &french()).map(|one| (one.medium, one.text));
        assert_eq!(guessed(" jean@example.fr "), Ok((Medium::Email, "jean@example.fr".into())));
        assert_eq!(guessed("0612345678"), Ok((Medium::Sms, "+33612345678".into())));
        assert_eq!(guessed("jean@"), Err(AddressFault::NoEmail));
    }
}
