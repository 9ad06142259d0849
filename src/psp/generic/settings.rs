//! What an admin writes about a generic pay connector.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::Profile;
use crate::psp::http::HttpSettings;

/// One generic pay connector: `kind = "generic"` in the configuration.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenericSettings {
    /// Where charges are posted. HTTPS, except on this machine itself.
    pub url: String,
    /// Whose form of the contract it speaks.
    #[serde(default)]
    pub profile: Profile,
    /// User of HTTP Basic authentication (RFC 7617).
    pub user: Option<String>,
    /// File that holds the password and nothing else.
    pub password_file: Option<PathBuf>,
    /// In place of `password_file`: name of a credential handed over by systemd (`LoadCredential=`).
    pub password_credential: Option<String>,
    /// Further headers of every request.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Whether the connector recognises a `transaction_id` it has seen and gives the first answer again. Say
    /// so only if its maker does: with `true`, a lost answer is asked for by sending the charge again.
    #[serde(default)]
    pub deduplicates: bool,
    /// Where to ask what became of a charge, with `{transaction_id}` in it.
    pub query_url: Option<String>,
    /// How long name look-up, connection and TLS may take together.
    #[serde(default = "connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// How long it may take from then on until the answer begins.
    #[serde(default = "answer_timeout_ms")]
    pub answer_timeout_ms: u64,
    /// How long reading the answer may take.
    #[serde(default = "read_timeout_ms")]
    pub read_timeout_ms: u64,
    /// Certificates (PEM) of the only authorities to trust, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate (PEM), where the connector wants one (mutual TLS).
    pub client_certificate_file: Option<PathBuf>,
    /// Its private key (PEM).
    pub client_key_file: Option<PathBuf>,
    /// Sent along in `parameters` with every charge.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Whether the customer's telephone number is sent along in `parameters`.
    #[serde(default)]
    pub send_caller_number: bool,
    /// Whether what is known of the customer is sent along in `parameters`, for a connector with fraud checks.
    #[serde(default)]
    pub send_customer: bool,
}

fn connect_timeout_ms() -> u64 {
    HttpSettings::default().connect_timeout_ms
}

fn answer_timeout_ms() -> u64 {
    HttpSettings::default().answer_timeout_ms
}

fn read_timeout_ms() -> u64 {
    HttpSettings::default().read_timeout_ms
}

impl GenericSettings {
    /// A connector at this address and everything else as if it were left out of the configuration.
    #[must_use]
    pub fn at(url: &str) -> GenericSettings {
        GenericSettings {
            url: url.into(),
            profile: Profile::default(),
            user: None,
            password_file: None,
            password_credential: None,
            headers: BTreeMap::new(),
            deduplicates: false,
            query_url: None,
            connect_timeout_ms: connect_timeout_ms(),
            answer_timeout_ms: answer_timeout_ms(),
            read_timeout_ms: read_timeout_ms(),
            ca_file: None,
            client_certificate_file: None,
            client_key_file: None,
            parameters: BTreeMap::new(),
            send_caller_number: false,
            send_customer: false,
        }
    }

    /// The part about the way to the connector.
    pub(super) fn http(&self) -> HttpSettings {
        HttpSettings {
            connect_timeout_ms: self.connect_timeout_ms,
            answer_timeout_ms: self.answer_timeout_ms,
            read_timeout_ms: self.read_timeout_ms,
            ca_file: self.ca_file.clone(),
            client_certificate_file: self.client_certificate_file.clone(),
            client_key_file: self.client_key_file.clone(),
        }
    }

    /// The same with relative paths meant from `base`.
    #[must_use]
    pub fn rebased(mut self, base: &Path) -> GenericSettings {
        let http = self.http().rebased(base);
        self.ca_file = http.ca_file;
        self.client_certificate_file = http.client_certificate_file;
        self.client_key_file = http.client_key_file;
        self
    }
}

/// Values of headers may be secrets: their names are shown, they are not.
impl fmt::Debug for GenericSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenericSettings")
            .field("url", &self.url)
            .field("profile", &self.profile)
            .field("user", &self.user)
            .field("headers", &self.headers.keys())
            .field("deduplicates", &self.deduplicates)
            .field("query_url", &self.query_url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_enough() {
        let settings: GenericSettings =
            serde_json::from_str("{\"url\":\"https://pay.example/charge\"}").expect("settings");
        assert_eq!(settings, GenericSettings::at("https://pay.example/charge"));
    }

    #[test]
    fn a_misspelt_setting_is_named() {
        let fault = serde_json::from_str::<GenericSettings>("{\"url\":\"https://a.example\",\"dedup\":true}")
            .expect_err("no such setting");
        assert!(fault.to_string().contains("`dedup`"), "{fault}");
    }

    #[test]
    fn header_values_are_not_shown() {
        let mut settings = GenericSettings::at("https://pay.example");
        settings.headers.insert("X-API-Key".into(), "s3cret".into());
        let shown = format!("{settings:?}");
        assert!(shown.contains("X-API-Key") && !shown.contains("s3cret"), "{shown}");
    }
}
