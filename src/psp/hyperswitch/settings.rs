//! What an admin writes about an account with a Hyperswitch.

use serde::Deserialize;
use std::path::PathBuf;
use zeroize::Zeroizing;

use crate::config::{ConfigError, PspSection};
use crate::psp::config::optional;

/// One merchant account with a Hyperswitch, the company's own or a hosted one: `kind = "hyperswitch"`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HyperswitchSettings {
    /// Where it is.
    pub url: String,
    /// The business profile, where the account has several.
    pub profile_id: Option<String>,
    /// File that holds the API key and nothing else.
    pub api_key_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    pub api_key_credential: Option<String>,
    /// File with the payment response hash key, which signs webhooks.
    pub webhook_secret_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    pub webhook_secret_credential: Option<String>,
    /// Where a customer lands who paid by link.
    pub return_url: Option<String>,
    /// Whether authorised money is taken only when it is asked for.
    #[serde(default)]
    pub manual_capture: bool,
}

/// What is kept in files of its own.
#[derive(Default)]
pub struct HyperswitchSecrets {
    /// The API key.
    pub api_key: Zeroizing<String>,
    /// The payment response hash key.
    pub webhook_secret: Option<Zeroizing<String>>,
}

impl HyperswitchSettings {
    /// An account at this address and everything else as if it were left out of the configuration.
    #[must_use]
    pub fn at(url: &str) -> HyperswitchSettings {
        HyperswitchSettings {
            url: url.into(),
            profile_id: None,
            api_key_file: None,
            api_key_credential: None,
            webhook_secret_file: None,
            webhook_secret_credential: None,
            return_url: None,
            manual_capture: false,
        }
    }

    /// Fetches the secrets.
    ///
    /// # Errors
    /// If one cannot be had.
    pub fn secrets(&self, section: &PspSection) -> Result<HyperswitchSecrets, ConfigError> {
        let (file, credential) = (self.api_key_file.as_deref(), self.api_key_credential.as_deref());
        let place = (self.webhook_secret_file.as_deref(), self.webhook_secret_credential.as_deref());
        Ok(HyperswitchSecrets {
            api_key: section.secret("api_key", file, credential)?.expose().to_owned().into(),
            webhook_secret: optional(section, "webhook_secret", place)?,
        })
    }
}
