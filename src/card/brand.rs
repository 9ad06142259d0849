//! Card brands: prefixes (ISO/IEC 7812 issuer identification numbers), lengths, length of the code.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The scheme a card belongs to. Carte Bancaire has no prefix of its own: its cards are co-badged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Brand {
    /// Visa, V PAY and Visa Electron.
    Visa,
    /// Mastercard.
    Mastercard,
    /// American Express.
    Amex,
    /// Diners Club International.
    #[serde(rename = "diners-club")]
    Diners,
    /// Discover.
    Discover,
    /// JCB.
    Jcb,
    /// UnionPay.
    #[serde(rename = "unionpay")]
    UnionPay,
    /// Maestro, and Bancontact cards co-badged with it.
    Maestro,
}

/// Prefixes from low to high, both of as many digits. The longest that matches names the brand.
const PREFIXES: [(u32, u32, Brand); 19] = [
    (4, 4, Brand::Visa),
    (51, 55, Brand::Mastercard),
    (2221, 2720, Brand::Mastercard),
    (34, 34, Brand::Amex),
    (37, 37, Brand::Amex),
    (300, 305, Brand::Diners),
    (36, 36, Brand::Diners),
    (38, 39, Brand::Diners),
    (6011, 6011, Brand::Discover),
    (644, 649, Brand::Discover),
    (65, 65, Brand::Discover),
    (2131, 2131, Brand::Jcb),
    (1800, 1800, Brand::Jcb),
    (3528, 3589, Brand::Jcb),
    (62, 62, Brand::UnionPay),
    (81, 81, Brand::UnionPay),
    (493698, 493698, Brand::Maestro),
    (50, 50, Brand::Maestro),
    (56, 59, Brand::Maestro),
];
/// Everything else that starts with 6 is Maestro's.
const CATCH_ALL: (u8, Brand) = (b'6', Brand::Maestro);
/// No prefix in use needs more digits than this.
const PREFIX_DIGITS_MAX: usize = 6;

impl Brand {
    /// Every brand known here.
    pub const ALL: [Brand; 8] = [
        Brand::Visa,
        Brand::Mastercard,
        Brand::Amex,
        Brand::Diners,
        Brand::Discover,
        Brand::Jcb,
        Brand::UnionPay,
        Brand::Maestro,
    ];

    /// The name in configuration and in the API, as programmable telephony spells it.
    pub fn name(self) -> &'static str {
        match self {
            Brand::Visa => "visa",
            Brand::Mastercard => "mastercard",
            Brand::Amex => "amex",
            Brand::Diners => "diners-club",
            Brand::Discover => "discover",
            Brand::Jcb => "jcb",
            Brand::UnionPay => "unionpay",
            Brand::Maestro => "maestro",
        }
    }

    /// Digits of the card verification code, where there is one.
    pub fn code_length(self) -> u8 {
        if self == Brand::Amex { 4 } else { 3 }
    }

    /// Whether some cards of this brand carry no code.
    pub fn code_optional(self) -> bool {
        self == Brand::Maestro
    }

    /// Lengths a card number of this brand may have, ascending.
    pub fn lengths(self) -> &'static [u8] {
        match self {
            Brand::Visa => &[13, 16, 18, 19],
            Brand::Mastercard => &[16],
            Brand::Amex => &[15],
            Brand::Diners => &[14, 16, 19],
            Brand::Discover => &[16, 19],
            Brand::Jcb => &[16, 17, 18, 19],
            Brand::UnionPay => &[14, 15, 16, 17, 18, 19],
            Brand::Maestro => &[12, 13, 14, 15, 16, 17, 18, 19],
        }
    }

    /// Lengths in common use, ascending: at one of these a right check digit means that the number is
    /// probably whole. Rare lengths are left out, because the check digit fits by chance one time in ten.
    pub(super) fn usual_lengths(self) -> &'static [u8] {
        match self {
            Brand::Visa | Brand::Mastercard | Brand::Discover | Brand::Jcb => &[16],
            Brand::Amex => &[15],
            Brand::Diners => &[14, 16],
            Brand::UnionPay => &[16, 19],
            Brand::Maestro => &[16, 18, 19],
        }
    }

    /// The brand that a card number's first digits (ASCII) decide; `None` while they are too few to tell, or
    /// belong to nobody.
    pub(super) fn of_prefix(digits: &[u8]) -> Option<Brand> {
        let known = &digits[..digits.len().min(PREFIX_DIGITS_MAX)];
        let mut decided: Option<(usize, Brand)> =
            (known.first() == Some(&CATCH_ALL.0)).then_some((1, CATCH_ALL.1));
        for (low, high, brand) in PREFIXES {
            let places = low.ilog10() as usize + 1;
            if places <= known.len()
                && decided.is_none_or(|(longest, _)| places > longest)
                && (low..=high).contains(&value(&known[..places]))
            {
                decided = Some((places, brand));
            }
        }
        let (longest, brand) = decided?;
        // A longer prefix may still turn out to be another brand's: 4 is Visa's, but 493698 is Maestro's.
        let open = PREFIXES.iter().any(|&(low, high, other)| {
            let places = low.ilog10() as usize + 1;
            let missing = 10u32.pow(places.saturating_sub(known.len()) as u32);
            other != brand
                && places > longest
                && places > known.len()
                && (low / missing..=high / missing).contains(&value(known))
        });
        (!open).then_some(brand)
    }
}

/// At most six digits as a number.
fn value(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
}

impl fmt::Display for Brand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A brand's name that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no card brand: write visa, mastercard, amex, diners-club, discover, jcb, unionpay or maestro"
)]
pub struct UnknownBrandName(String);

impl FromStr for Brand {
    type Err = UnknownBrandName;

    fn from_str(name: &str) -> Result<Brand, UnknownBrandName> {
        Brand::ALL
            .into_iter()
            .find(|brand| brand.name() == name)
            .ok_or_else(|| UnknownBrandName(name.chars().take(32).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_the_same_in_words_and_on_the_wire() {
        for brand in Brand::ALL {
            assert_eq!(brand.name().parse(), Ok(brand));
            assert_eq!(serde_json::to_string(&brand).expect("a string"), format!("\"{brand}\""));
        }
        let fault = "Visa".parse::<Brand>().expect_err("names are lower case");
        assert!(fault.to_string().contains("`Visa`"));
    }

    #[test]
    fn the_prefix_decides_as_early_as_it_can() {
        let of = |digits: &str| Brand::of_prefix(digits.as_bytes());
        for (digits, brand) in [
            ("4", None),
            ("41", Some(Brand::Visa)),
            ("49369", None),
            ("493697", Some(Brand::Visa)),
            ("493698", Some(Brand::Maestro)),
            ("5", None),
            ("50", Some(Brand::Maestro)),
            ("51", Some(Brand::Mastercard)),
            ("56", Some(Brand::Maestro)),
            ("222", None),
            ("2221", Some(Brand::Mastercard)),
            ("2220", None),
            ("2720", Some(Brand::Mastercard)),
            ("2721", None),
            ("34", Some(Brand::Amex)),
            ("35", None),
            ("3527", None),
            ("3528", Some(Brand::Jcb)),
            ("3590", None),
            ("2131", Some(Brand::Jcb)),
            ("1800", Some(Brand::Jcb)),
            ("305", Some(Brand::Diners)),
            ("306", None),
            ("39", Some(Brand::Diners)),
            ("6", None),
            ("60", None),
            ("6011", Some(Brand::Discover)),
            ("6012", Some(Brand::Maestro)),
            ("62", Some(Brand::UnionPay)),
            ("63", Some(Brand::Maestro)),
            ("64", None),
            ("643", Some(Brand::Maestro)),
            ("644", Some(Brand::Discover)),
            ("65", Some(Brand::Discover)),
            ("81", Some(Brand::UnionPay)),
            ("9", None),
            ("", None),
        ] {
            assert_eq!(of(digits), brand, "prefix {digits}");
        }
    }

    proptest! {
        #[test]
        fn a_decided_brand_never_changes(digits in "[0-9]{1,19}") {
            let mut decided = None;
            for n in 1..=digits.len() {
                let now = Brand::of_prefix(&digits.as_bytes()[..n]);
                if decided.is_some() {
                    prop_assert_eq!(now, decided);
                }
                decided = now;
            }
        }

        #[test]
        fn six_digits_are_enough(prefix in "[0-9]{6}", rest in "[0-9]{0,13}") {
            let long = format!("{prefix}{rest}");
            prop_assert_eq!(Brand::of_prefix(long.as_bytes()), Brand::of_prefix(prefix.as_bytes()));
        }
    }
}
