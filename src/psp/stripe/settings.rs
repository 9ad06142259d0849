//! What an admin writes about an account with Stripe.

use serde::Deserialize;
use std::path::PathBuf;
use zeroize::Zeroizing;

use crate::config::{ConfigError, PspSection};
use crate::psp::config::optional;

/// One account with Stripe: `kind = "stripe"` in the configuration. Whether money moves follows from the key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StripeSettings {
    /// Where requests go.
    #[serde(default = "url")]
    pub url: String,
    /// File that holds the secret key (`sk_…` or, restricted, `rk_…`) and nothing else.
    pub api_key_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    pub api_key_credential: Option<String>,
    /// File with the signing secret of the webhook endpoint (`whsec_…`).
    pub webhook_secret_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    pub webhook_secret_credential: Option<String>,
    /// Where a customer lands who paid by link.
    pub success_url: Option<String>,
    /// Whether authorised money is taken only when it is asked for.
    #[serde(default)]
    pub manual_capture: bool,
}

fn url() -> String {
    "https://api.stripe.com".into()
}

/// What is kept in files of its own.
#[derive(Default)]
pub struct StripeSecrets {
    /// The secret key.
    pub api_key: Zeroizing<String>,
    /// The signing secret of the webhook endpoint.
    pub webhook_secret: Option<Zeroizing<String>>,
}

impl StripeSettings {
    /// An account at this address and everything else as if it were left out of the configuration.
    #[must_use]
    pub fn at(url: &str) -> StripeSettings {
        StripeSettings {
            url: url.into(),
            api_key_file: None,
            api_key_credential: None,
            webhook_secret_file: None,
            webhook_secret_credential: None,
            success_url: None,
            manual_capture: false,
        }
    }

    /// Fetches the secrets.
    ///
    /// # Errors
    /// If one cannot be had.
    pub fn secrets(&self, section: &PspSection) -> Result<StripeSecrets, ConfigError> {
        let (file, credential) = (self.api_key_file.as_deref(), self.api_key_credential.as_deref());
        let place = (self.webhook_secret_file.as_deref(), self.webhook_secret_credential.as_deref());
        Ok(StripeSecrets {
            api_key: section.secret("api_key", file, credential)?.expose().to_owned().into(),
            webhook_secret: optional(section, "webhook_secret", place)?,
        })
    }
}
