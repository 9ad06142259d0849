//! Amounts in minor units of an ISO 4217 currency.

use std::fmt;
use std::str::FromStr;

/// An ISO 4217 alphabetic code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

/// An amount and its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// In minor units (cents); never negative in a payment.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// What is wrong with an amount or a currency.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three capital letters.
    #[error("`{0}` is not an ISO 4217 currency code; write three capital letters such as EUR")]
    Currency(String),
    /// Not a decimal number with at most the currency's digits after the point.
    #[error(
        "`{0}` is not an amount in {1}; write for example 42.50, with at most {2} digits after the point"
    )]
    Amount(String, Currency, u32),
}

impl Currency {
    /// Digits after the point, by ISO 4217.
    #[must_use]
    pub fn exponent(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
            | b"UGX" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }

    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        // Only ASCII capitals get in.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        match text.as_bytes() {
            [a, b, c] if text.bytes().all(|x| x.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(MoneyError::Currency(text.chars().take(12).collect())),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Money {
    /// Reads `42.50` in a currency.
    ///
    /// # Errors
    /// If it is not a plain decimal number, or has more digits after the point than the currency.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let bad = || MoneyError::Amount(text.chars().take(24).collect(), currency, currency.exponent());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let exponent = currency.exponent() as usize;
        if whole.is_empty()
            || whole.len() > 12
            || !digits(whole)
            || !digits(fraction)
            || fraction.len() > exponent
        {
            return Err(bad());
        }
        if text.ends_with('.') {
            return Err(bad());
        }
        let minor = format!("{whole}{fraction:0<exponent$}").parse().map_err(|_| bad())?;
        Ok(Self { minor, currency })
    }

    /// The amount alone, with the currency's digits after the point: `42.50`, `1200` for yen.
    #[must_use]
    pub fn decimal(&self) -> String {
        let exponent = self.currency.exponent();
        let unit = 10_i64.pow(exponent);
        if exponent == 0 {
            return self.minor.to_string();
        }
        format!("{}.{:0width$}", self.minor / unit, self.minor % unit, width = exponent as usize)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written_in_the_currency_own_digits() {
        let read = |amount: &str, code: &str| Money::parse(amount, code.parse().unwrap()).map(|m| m.minor);
        assert_eq!(read("42.50", "EUR"), Ok(4250));
        assert_eq!(read("42.5", "EUR"), Ok(4250));
        assert_eq!(read("1200", "JPY"), Ok(1200));
        assert_eq!(read("1.234", "KWD"), Ok(1234));
        for wrong in ["", ".5", "5.", "-1", "1.234", "1,5", "1e3", " 1", "9999999999999"] {
            assert!(read(wrong, "EUR").is_err(), "{wrong}");
        }
        assert!(read("1.5", "JPY").is_err());
        let cent = Money { minor: 1, currency: "EUR".parse().unwrap() };
        assert_eq!(cent.to_string(), "0.01 EUR");
        assert!("eur".parse::<Currency>().is_err());
    }
}
