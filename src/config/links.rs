//! `[links]` and the list of `[[messenger]]`: how payment links reach customers.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Config;
use super::check::{between, name};
use super::error::{ConfigError, Place, suggest};
use super::words::words;

/// Accounts with carriers.
const MAX_MESSENGERS: usize = 20;

/// What stands as `kind` for e-mail; every other kind carries SMS.
const MAIL: &str = "smtp";

/// `[links]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinksSection {
    /// What the agent's key for other means sends a link by.
    pub key_sends: KeySends,
    /// The country code of numbers that are written without, `33`.
    pub country_code: Option<String>,
    /// What stands before a number within the country and is no part of it.
    pub trunk_prefix: String,
    /// The longest SMS, in segments, each of which is paid for.
    pub sms_segments_max: u8,
    /// SMS texts of the company's own, by language.
    pub texts: BTreeMap<String, String>,
}

words! {
    /// What the agent's key for other means sends a link by.
    #[derive(Default)]
    pub enum KeySends {
        /// By SMS, to the number the customer calls from or the order's.
        #[default]
        Sms = "sms",
        /// By e-mail, to the order's address.
        Email = "email",
        /// Nothing is sent.
        Nothing = "nothing",
    }
}

impl Default for LinksSection {
    fn default() -> Self {
        Self {
            key_sends: KeySends::Sms,
            country_code: None,
            trunk_prefix: "0".into(),
            // Pages of some providers have addresses of three hundred letters and more.
            sms_segments_max: 4,
            texts: BTreeMap::new(),
        }
    }
}

impl LinksSection {
    fn check(&self, place: &Place) -> Result<(), ConfigError> {
        between(place, "links.sms_segments_max", self.sms_segments_max.into(), 1, 10, "segments")?;
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let country = self.country_code.as_deref();
        if country
            .is_some_and(|code| !(1..=3).contains(&code.len()) || !digits(code) || code.starts_with('0'))
        {
            let remedy = "write 1 to 3 digits without a plus, for example \"33\"";
            return Err(place.fault("links.country_code", "not a country code", remedy));
        }
        if self.trunk_prefix.len() > 3 || !digits(&self.trunk_prefix) {
            let remedy =
                "write the digits that are dialled before a number within the country, or nothing: \"\"";
            return Err(place.fault("links.trunk_prefix", "not digits", remedy));
        }
        for (language, text) in &self.texts {
            let key = format!("links.texts.{language}");
            if crate::prompts::Language::of_tag(language).is_none_or(|known| known.code() != language) {
                let known = crate::prompts::Language::ALL.map(|known| known.code().to_owned());
                return Err(place.fault(
                    &key,
                    "there are no texts in this language",
                    &suggest(language, &known),
                ));
            }
            if let Some(fault) = crate::messaging::text::template_fault(text) {
                let (what, remedy) = fault.split_once("; ").unwrap_or((&fault, "see docs/links.md"));
                return Err(place.fault(&key, what, remedy));
            }
        }
        Ok(())
    }
}

impl Config {
    pub(super) fn check_links(&self, place: &Place) -> Result<(), ConfigError> {
        self.links.check(place)?;
        if self.messenger.len() > MAX_MESSENGERS {
            let what = format!("{} entries", self.messenger.len());
            return Err(place.fault("messenger", what, &format!("{MAX_MESSENGERS} is the most")));
        }
        for (index, messenger) in self.messenger.iter().enumerate() {
            name(place, &format!("messenger[{index}].name"), &messenger.name)?;
            if self.messenger[..index].iter().any(|other| other.name == messenger.name) {
                let what = format!("a second messenger is named `{}`", messenger.name);
                let remedy = "give each its own name: what was sent is known by it";
                return Err(place.fault(&format!("messenger[{index}].name"), what, remedy));
            }
        }
        for (index, merchant) in self.merchants.all().iter().enumerate() {
            for (key, named, is_mail) in [("sms", &merchant.sms, false), ("email", &merchant.email, true)] {
                let Some(named) = named else { continue };
                let of_kind = self.messenger.iter().filter(|one| (one.kind == MAIL) == is_mail);
                let known: Vec<String> = of_kind.map(|one| one.name.clone()).collect();
                if !known.contains(named) {
                    let what = format!("no [[messenger]] that carries {key} is named `{named}`");
                    return Err(place.fault(&self.merchants.key(index, key), what, &suggest(named, &known)));
                }
            }
        }
        Ok(())
    }
}
