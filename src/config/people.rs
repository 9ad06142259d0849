//! `[people]`, `[oidc]`, `[console]`: who is let in, by whom, and whose pages may show ours.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::Deserialize;

use super::check::between;
use super::error::{ConfigError, Place};
use super::secret::{Secret, SecretPlaces};
use super::sections::ApiSection;
use super::words::list;
use crate::people::Role;

const MINUTE_MS: i64 = 60_000;

const HOUR_MS: i64 = 60 * MINUTE_MS;

/// `[people]`
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PeopleSection {
    /// Minutes without a request after which a session ends; PCI DSS 8.2.8 allows fifteen.
    pub idle_minutes: u32,
    /// Hours after which it ends in any case.
    pub session_hours: u32,
    /// Roles that need a one-time code as well as a password.
    pub code_required: Vec<Role>,
    /// The file with the key that encrypts the secrets of one-time codes: 64 hexadecimal digits. `codes.key` in the state
    /// directory, made at the first start, if nothing is said.
    pub codes_key_file: Option<PathBuf>,
    /// The systemd credential with that key.
    pub codes_key_credential: Option<String>,
    /// The key itself, if one is named.
    #[serde(skip)]
    pub codes_key: Option<Secret>,
}

/// Of the key of one-time codes.
const CODES_KEY_DIGITS: usize = 64;

impl Default for PeopleSection {
    fn default() -> Self {
        Self {
            idle_minutes: 15,
            session_hours: 12,
            code_required: vec![Role::Refunder, Role::Admin],
            codes_key_file: None,
            codes_key_credential: None,
            codes_key: None,
        }
    }
}

impl PeopleSection {
    /// [`PeopleSection::idle_minutes`], for reckoning.
    #[must_use]
    pub fn idle_ms(&self) -> i64 {
        i64::from(self.idle_minutes) * MINUTE_MS
    }

    /// [`PeopleSection::session_hours`], for reckoning.
    #[must_use]
    pub fn session_ms(&self) -> i64 {
        i64::from(self.session_hours) * HOUR_MS
    }

    pub(super) fn check(&self, place: &Place) -> Result<(), ConfigError> {
        between(place, "people.idle_minutes", self.idle_minutes.into(), 1, 15, "minutes")?;
        between(place, "people.session_hours", self.session_hours.into(), 1, 24, "hours")
    }

    pub(super) fn fetch_secret(&mut self, places: &SecretPlaces) -> Result<(), ConfigError> {
        let (file, credential) = (self.codes_key_file.as_deref(), self.codes_key_credential.as_deref());
        if file.is_none() && credential.is_none() {
            return Ok(());
        }
        let key = places.fetch("people.codes_key", file, credential)?;
        let digits = key.expose();
        if digits.len() != CODES_KEY_DIGITS || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            let name = if file.is_some() { "people.codes_key_file" } else { "people.codes_key_credential" };
            let remedy = "make one with: openssl rand -hex 32";
            return Err(places.place().fault(name, "the key is not 64 hexadecimal digits", remedy));
        }
        self.codes_key = Some(key);
        Ok(())
    }
}

/// `[oidc]`: an identity provider that vouches for people.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcSection {
    /// Its address, exactly as its tokens name it.
    pub issuer: String,
    /// What it knows us as.
    pub client_id: String,
    /// The file with the client's secret.
    pub client_secret_file: Option<PathBuf>,
    /// The systemd credential with it.
    pub client_secret_credential: Option<String>,
    /// The secret itself.
    #[serde(skip)]
    pub client_secret: Secret,
    /// Our own address as browsers know it: `https://pay.example.com`.
    pub public_url: String,
    /// Scopes beside `openid`.
    #[serde(default = "profile", deserialize_with = "list")]
    pub scopes: Vec<String>,
    /// The claim that becomes the name.
    #[serde(default = "preferred_username")]
    pub name_claim: String,
    /// The claim that holds groups.
    #[serde(default = "groups")]
    pub groups_claim: String,
    /// The claim that holds telephone extensions.
    #[serde(default = "extension")]
    pub extension_claim: String,
    /// Groups that give a role: `agent = ["phone"]`.
    pub roles: BTreeMap<Role, Vec<String>>,
    /// Seconds the provider's clock may differ from ours.
    #[serde(default = "one_minute")]
    pub skew_s: u32,
}

fn profile() -> Vec<String> {
    vec!["profile".into()]
}

fn preferred_username() -> String {
    "preferred_username".into()
}

fn groups() -> String {
    "groups".into()
}

fn extension() -> String {
    "extension".into()
}

fn one_minute() -> u32 {
    60
}

impl OidcSection {
    pub(super) fn check(&self, place: &Place) -> Result<(), ConfigError> {
        for (key, url) in [("oidc.issuer", &self.issuer), ("oidc.public_url", &self.public_url)] {
            let here = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
            if !url.starts_with("https://") && !here.iter().any(|own| url.starts_with(own)) {
                return Err(place.fault(
                    key,
                    "not https",
                    "write an address such as \"https://id.example.com\"",
                ));
            }
        }
        if self.client_id.trim().is_empty() {
            return Err(place.fault("oidc.client_id", "empty", "write what the provider knows tonegate as"));
        }
        if self.roles.values().all(Vec::is_empty) {
            let remedy = "write a section [oidc.roles] with for example agent = [\"a-group\"]";
            return Err(place.fault("oidc.roles", "no group gives a role", remedy));
        }
        between(place, "oidc.skew_s", self.skew_s.into(), 0, 300, "s")
    }

    pub(super) fn fetch_secret(&mut self, places: &SecretPlaces) -> Result<(), ConfigError> {
        let (file, credential) =
            (self.client_secret_file.as_deref(), self.client_secret_credential.as_deref());
        self.client_secret = places.fetch("oidc.client_secret", file, credential)?;
        Ok(())
    }
}

/// `[console]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsoleSection {
    /// Origins whose pages may show ours in a frame, such as a CRM's: `https://crm.example.com`.
    #[serde(deserialize_with = "list")]
    pub frame_ancestors: Vec<String>,
}

impl ConsoleSection {
    pub(super) fn check(&self, place: &Place) -> Result<(), ConfigError> {
        for origin in &self.frame_ancestors {
            let host = origin.strip_prefix("https://").unwrap_or_default();
            let letters = host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:*".contains(&b));
            if host.is_empty() || !letters {
                let remedy = "write scheme and host alone, such as \"https://crm.example.com\"";
                return Err(place.fault(
                    "console.frame_ancestors",
                    format_args!("`{origin}` is no origin"),
                    remedy,
                ));
            }
        }
        Ok(())
    }
}

/// The two files of `[api]` that end TLS here.
pub(super) fn check_tls(place: &Place, api: &ApiSection) -> Result<(), ConfigError> {
    match (&api.tls_certificate_file, &api.tls_key_file) {
        (Some(_), Some(_)) if api.behind_tls_proxy => Err(place.fault(
            "api.behind_tls_proxy",
            "TLS is ended here already",
            "leave out either this or api.tls_certificate_file and api.tls_key_file",
        )),
        (Some(_), None) => {
            Err(place.fault("api.tls_key_file", "missing", "write the file with the certificate's key"))
        }
        (None, Some(_)) => Err(place.fault(
            "api.tls_certificate_file",
            "missing",
            "write the file with the key's certificates",
        )),
        _ => Ok(()),
    }
}

/// Proxies on this machine alone.
pub(super) fn this_machine() -> Vec<IpNet> {
    ["127.0.0.0/8", "::1/128"].iter().filter_map(|net| net.parse().ok()).collect()
}
