//! What an admin writes about an account with Worldline Direct.

use serde::Deserialize;
use std::path::PathBuf;
use zeroize::Zeroizing;

use crate::config::{ConfigError, PspSection};
use crate::psp::config::optional;
use crate::psp::{Environment, Mode};

/// One merchant account (PSPID) with Worldline Direct: `kind = "worldline"` in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldlineSettings {
    /// The merchant account (PSPID).
    pub merchant_id: String,
    /// Whether money moves.
    #[serde(default)]
    pub environment: Environment,
    /// In place of the address that follows from the environment.
    pub url: Option<String>,
    /// The name of the API key; its secret stands in a file.
    pub api_key_id: String,
    /// File that holds the API key's secret and nothing else.
    pub secret_key_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    pub secret_key_credential: Option<String>,
    /// File with the secret of the webhook key.
    pub webhook_secret_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    pub webhook_secret_credential: Option<String>,
    /// Whether authorised money is taken only when it is asked for.
    #[serde(default)]
    pub manual_capture: bool,
}

/// What is kept in files of its own.
#[derive(Default)]
pub struct WorldlineSecrets {
    /// The API key's secret.
    pub secret_key: Zeroizing<String>,
    /// The secret of the webhook key.
    pub webhook_secret: Option<Zeroizing<String>>,
}

impl WorldlineSettings {
    /// A test account and everything else as if it were left out of the configuration.
    #[must_use]
    pub fn test(merchant_id: &str, api_key_id: &str) -> WorldlineSettings {
        WorldlineSettings {
            merchant_id: merchant_id.into(),
            environment: Environment::Test,
            url: None,
            api_key_id: api_key_id.into(),
            secret_key_file: None,
            secret_key_credential: None,
            webhook_secret_file: None,
            webhook_secret_credential: None,
            manual_capture: false,
        }
    }

    /// Fetches the secrets.
    ///
    /// # Errors
    /// If one cannot be had.
    pub fn secrets(&self, section: &PspSection) -> Result<WorldlineSecrets, ConfigError> {
        let (file, credential) = (self.secret_key_file.as_deref(), self.secret_key_credential.as_deref());
        let place = (self.webhook_secret_file.as_deref(), self.webhook_secret_credential.as_deref());
        Ok(WorldlineSecrets {
            secret_key: section.secret("secret_key", file, credential)?.expose().to_owned().into(),
            webhook_secret: optional(section, "webhook_secret", place)?,
        })
    }

    pub(super) fn mode(&self) -> Mode {
        self.environment.mode()
    }

    pub(super) fn base(&self) -> &str {
        self.url.as_deref().unwrap_or(match self.environment {
            Environment::Test => "https://payment.preprod.direct.worldline-solutions.com",
            Environment::Live => "https://payment.direct.worldline-solutions.com",
        })
    }
}
