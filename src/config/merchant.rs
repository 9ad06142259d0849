//! `[merchant]`, or several `[[merchant]]`: who is paid, and by which account.

use std::path::PathBuf;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::call::Currency;
use crate::card::Brand;

use super::speech::SpeechSection;
use super::words::{brands, from_text, list, words};

/// `[merchant]`, or one `[[merchant]]`: who is paid.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MerchantSection {
    /// Its short name: in the API, in the dialplan, and on every payment that is written down.
    #[serde(default = "main")]
    pub id: String,
    /// The name customers know.
    pub name: String,
    /// ISO 4217, for payments that name none.
    #[serde(deserialize_with = "from_text")]
    pub currency: Currency,
    /// Language tag, for payments that name none.
    #[serde(default = "english")]
    pub language: String,
    /// The `[[psp]]` entry payments are charged to.
    pub psp: String,
    /// The `[[psp]]` entry that is asked in its place when `psp` is not there at all.
    pub fallback_psp: Option<String>,
    /// The `[[messenger]]` that carries its SMS; the first that can, if none is named.
    pub sms: Option<String>,
    /// The `[[messenger]]` that carries its e-mail; the first that can, if none is named.
    pub email: Option<String>,
    /// Brands that are taken; others are refused before anything is sent.
    #[serde(default = "common_brands", deserialize_with = "brands")]
    pub accepted_brands: Vec<Brand>,
    /// What stands on the customer's statement, where the provider allows it.
    #[serde(default)]
    pub description: String,
    /// What the digits are that an agent keys between feature code and `#`.
    #[serde(default)]
    pub code_digits: CodeDigits,
    /// Customers who dialled one of these numbers pay this merchant.
    #[serde(default, deserialize_with = "list")]
    pub dialled_numbers: Vec<String>,
    /// Customers who waited in one of these queues pay this merchant.
    #[serde(default, deserialize_with = "list")]
    pub queues: Vec<String>,
    /// This merchant's own recordings, `<language>/<id>.wav`; each one replaces that of `[prompts]`.
    pub prompts_directory: Option<PathBuf>,
    /// How people are spoken to.
    #[serde(default)]
    pub speech: SpeechSection,
    /// Whether it is paid where nothing else decides; the first one otherwise.
    #[serde(default)]
    pub default: bool,
}

words! {
    /// What the digits are that an agent keys between feature code and `#`.
    #[derive(Default)]
    pub enum CodeDigits {
        /// The amount in minor units: `*729` `4250` `#` is 42.50.
        #[default]
        Amount = "amount",
        /// The company's own reference; the amount comes from the dialplan.
        Reference = "reference",
    }
}

fn main() -> String {
    "main".into()
}

fn english() -> String {
    "en".into()
}

fn common_brands() -> Vec<Brand> {
    vec![Brand::Visa, Brand::Mastercard]
}

/// Everybody who is paid; at least one once the configuration is checked.
#[derive(Debug)]
pub struct MerchantSections {
    all: Vec<MerchantSection>,
    /// Written as `[[merchant]]`: faults are told with the place in the list.
    is_list: bool,
}

impl MerchantSections {
    /// All of them, in the order of the file.
    #[must_use]
    pub fn all(&self) -> &[MerchantSection] {
        &self.all
    }

    /// The one that is paid where nothing else decides.
    #[must_use]
    pub fn default_one(&self) -> Option<&MerchantSection> {
        self.all.iter().find(|merchant| merchant.default).or_else(|| self.all.first())
    }

    pub(super) fn all_mut(&mut self) -> &mut [MerchantSection] {
        &mut self.all
    }

    /// The key of a merchant as faults name it.
    #[must_use]
    pub fn key(&self, index: usize, key: &str) -> String {
        if self.is_list { format!("merchant[{index}].{key}") } else { format!("merchant.{key}") }
    }
}

impl<'de> Deserialize<'de> for MerchantSections {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = MerchantSections;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a section [merchant], or one [[merchant]] for each")
            }
            fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<Self::Value, A::Error> {
                let one = MerchantSection::deserialize(MapAccessDeserializer::new(from))?;
                Ok(MerchantSections { all: vec![one], is_list: false })
            }
            fn visit_seq<A: SeqAccess<'de>>(self, from: A) -> Result<Self::Value, A::Error> {
                let all = Vec::deserialize(SeqAccessDeserializer::new(from))?;
                Ok(MerchantSections { all, is_list: true })
            }
        }
        from.deserialize_any(OneOrMany)
    }
}

/// A telephone number without what people and PBXs write between its digits. Numbers are the same if this is.
#[must_use]
pub fn plain_number(number: &str) -> String {
    number.chars().filter(|c| !matches!(c, '+' | '-' | '.' | '(' | ')' | '/') && !c.is_whitespace()).collect()
}

/// Whether it can be a number that somebody dials.
pub(super) fn is_number(number: &str) -> bool {
    let plain = plain_number(number);
    plain.bytes().any(|b| b.is_ascii_digit()) && plain.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Whether a queue of the PBX is the one an admin named: mod_callcenter says `support@default`.
#[must_use]
pub fn is_queue(named: &str, queue: &str) -> bool {
    named == queue || queue.split_once('@').is_some_and(|(name, _)| name == named)
}
