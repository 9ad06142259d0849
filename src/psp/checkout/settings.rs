//! What an admin writes about an account with Checkout.com.

use serde::Deserialize;
use std::path::PathBuf;
use zeroize::Zeroizing;

use crate::config::{ConfigError, PspSection};
use crate::psp::config::optional;

/// One account with Checkout.com: `kind = "checkout"` in the configuration. Whether money moves follows from the
/// key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckoutSettings {
    /// In place of the address that follows from the key.
    pub url: Option<String>,
    /// The processing channel (`pc_…`).
    pub processing_channel_id: Option<String>,
    /// File that holds the secret key (`sk_…`) and nothing else.
    pub api_key_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    pub api_key_credential: Option<String>,
    /// File with the signature key of the webhook.
    pub webhook_secret_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    pub webhook_secret_credential: Option<String>,
    /// Whether authorised money is taken only when it is asked for.
    #[serde(default)]
    pub manual_capture: bool,
}

/// What is kept in files of its own.
#[derive(Default)]
pub struct CheckoutSecrets {
    /// The secret key.
    pub api_key: Zeroizing<String>,
    /// The signature key of the webhook.
    pub webhook_secret: Option<Zeroizing<String>>,
}

impl CheckoutSettings {
    /// Fetches the secrets.
    ///
    /// # Errors
    /// If one cannot be had.
    pub fn secrets(&self, section: &PspSection) -> Result<CheckoutSecrets, ConfigError> {
        let (file, credential) = (self.api_key_file.as_deref(), self.api_key_credential.as_deref());
        let place = (self.webhook_secret_file.as_deref(), self.webhook_secret_credential.as_deref());
        Ok(CheckoutSecrets {
            api_key: section.secret("api_key", file, credential)?.expose().to_owned().into(),
            webhook_secret: optional(section, "webhook_secret", place)?,
        })
    }
}
