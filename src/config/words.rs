//! Reading single values: words of a short list, addresses, and whatever reads itself from text.

use std::fmt::Display;
use std::net::SocketAddr;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error};

use crate::card::Brand;

/// An enumeration written as one word; a wrong word is answered with the list.
macro_rules! words {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$told:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$told])* $variant,)+ }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                match String::deserialize(from)?.as_str() {
                    $($word => Ok(Self::$variant),)+
                    other => Err(serde::de::Error::unknown_variant(other, &[$($word),+])),
                }
            }
        }
    };
}
pub(super) use words;

/// The names of the brands, as an admin writes them.
const BRANDS: [(&str, Brand); 8] = [
    ("visa", Brand::Visa),
    ("mastercard", Brand::Mastercard),
    ("amex", Brand::Amex),
    ("diners-club", Brand::Diners),
    ("discover", Brand::Discover),
    ("jcb", Brand::Jcb),
    ("unionpay", Brand::UnionPay),
    ("maestro", Brand::Maestro),
];

const BRAND_NAMES: &[&str] =
    &["visa", "mastercard", "amex", "diners-club", "discover", "jcb", "unionpay", "maestro"];

/// Whatever reads itself from text and says what is wrong.
pub(super) fn from_text<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(from: D) -> Result<T, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

/// An address and a port. Names are not looked up: what is listened on must not depend on DNS.
pub(super) fn address<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(from)?;
    text.parse()
        .map_err(|_| D::Error::custom("not an address and a port; write for example \"127.0.0.1:8090\""))
}

/// A list of brands; one string with commas does as well, for the environment.
pub(super) fn brands<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Brand>, D::Error> {
    list(from)?
        .iter()
        .map(|word| {
            let found = BRANDS.iter().find(|(name, _)| name == word);
            found.map(|(_, brand)| *brand).ok_or_else(|| D::Error::unknown_variant(word, BRAND_NAMES))
        })
        .collect()
}

/// A list of words; one string with commas does as well, for the environment.
pub(super) fn list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    struct Words;
    impl<'de> serde::de::Visitor<'de> for Words {
        type Value = Vec<String>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list of words")
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect())
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
            let mut words = Vec::new();
            while let Some(word) = from.next_element()? {
                words.push(word);
            }
            Ok(words)
        }
    }
    from.deserialize_any(Words)
}
