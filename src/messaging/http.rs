//! The way to a carrier's API, as its section of the configuration describes it.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::config::{ConfigError, MessengerSection};
use crate::outbox::usable_url;
use crate::psp::http::{HttpSettings, Line};

/// An API at `base`; these headers go with every request.
pub(super) fn line(section: &MessengerSection, base: &str, headers: HeaderMap) -> Result<Line, ConfigError> {
    usable_url(base)
        .map_err(|fault| section.fault("url", format!("{fault}; write https://…, or http://127.0.0.1:…")))?;
    let http = section.settings_of::<HttpSettings>(&HttpSettings::KEYS)?.rebased(section.base());
    Line::new(&section.name, base, &http, headers, None)
        .map_err(|fault| section.fault(fault.setting(), fault.what()))
}

/// What of a section belongs to the carrier alone.
pub(super) fn settings<T: DeserializeOwned>(section: &MessengerSection) -> Result<T, ConfigError> {
    section.settings_but(&HttpSettings::KEYS)
}

/// A secret as a header that is never shown.
pub(super) fn secret(
    section: &MessengerSection,
    name: HeaderName,
    key: &str,
    value: &str,
) -> Result<HeaderMap, ConfigError> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| section.fault(key, "holds what cannot be sent; put the secret alone into it"))?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(name, value)]))
}

/// User and password (RFC 7617).
pub(super) fn basic(
    section: &MessengerSection,
    key: &str,
    user: &str,
    password: &str,
) -> Result<HeaderMap, ConfigError> {
    let pair = Zeroizing::new(format!("{user}:{password}"));
    let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    secret(section, AUTHORIZATION, key, &value)
}

/// A secret's two places.
pub(super) type Places<'a> = (&'a Option<PathBuf>, &'a Option<String>);

/// A secret that an account cannot do without.
pub(super) fn fetched(
    section: &MessengerSection,
    key: &str,
    (file, credential): Places<'_>,
) -> Result<Zeroizing<String>, ConfigError> {
    Ok(section.secret(key, file.as_deref(), credential.as_deref())?.expose().to_owned().into())
}

/// Names of senders: letters and digits that every network shows, or a number.
pub(super) fn check_sender(section: &MessengerSection, sender: &str) -> Result<(), ConfigError> {
    const NAME_MAX: usize = 11;
    let digits = sender.strip_prefix('+').unwrap_or(sender);
    let number = (3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let name = (1..=NAME_MAX).contains(&sender.len())
        && sender.bytes().all(|b| b.is_ascii_alphanumeric() || b" -_.".contains(&b));
    if number || name {
        return Ok(());
    }
    let told = "is not what an SMS can come from; write 1 to 11 letters and digits, or a number";
    Err(section.fault("sender", told))
}
