//! What an admin writes about an account with Adyen.

use serde::Deserialize;
use std::path::PathBuf;
use zeroize::Zeroizing;

use crate::config::{ConfigError, PspSection};
use crate::psp::config::optional;
use crate::psp::{Environment, Mode};

/// One merchant account with Adyen (Checkout API 72): `kind = "adyen"` in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdyenSettings {
    /// The merchant account; MOTO needs one of its own.
    pub merchant_account: String,
    /// Whether money moves.
    #[serde(default)]
    pub environment: Environment,
    /// The company's prefix of the live addresses, from the Customer Area (Developers, API URLs).
    pub live_prefix: Option<String>,
    /// In place of the address that follows from the environment.
    pub url: Option<String>,
    /// Where Adyen would send a shopper who is asked for more; nobody is, over the telephone, but it must be said.
    #[serde(default = "return_url")]
    pub return_url: String,
    /// File that holds the API key and nothing else.
    pub api_key_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    pub api_key_credential: Option<String>,
    /// File with the HMAC key of webhooks (hexadecimal).
    pub webhook_secret_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    pub webhook_secret_credential: Option<String>,
    /// Public key (`10001|A5A2…`) for cards to be encrypted with before they are sent; cards are sent as they are
    /// without.
    pub encryption_key: Option<String>,
    /// Whether authorised money is taken only when it is asked for.
    #[serde(default)]
    pub manual_capture: bool,
}

fn return_url() -> String {
    "https://telephone-order.invalid/".into()
}

/// What is kept in files of its own.
#[derive(Default)]
pub struct AdyenSecrets {
    /// The API key.
    pub api_key: Zeroizing<String>,
    /// The HMAC key of webhooks, hexadecimal.
    pub webhook_secret: Option<Zeroizing<String>>,
}

impl AdyenSettings {
    /// A test account and everything else as if it were left out of the configuration.
    #[must_use]
    pub fn test(merchant_account: &str) -> AdyenSettings {
        AdyenSettings {
            merchant_account: merchant_account.into(),
            environment: Environment::Test,
            live_prefix: None,
            url: None,
            return_url: return_url(),
            api_key_file: None,
            api_key_credential: None,
            webhook_secret_file: None,
            webhook_secret_credential: None,
            encryption_key: None,
            manual_capture: false,
        }
    }

    /// Fetches the secrets.
    ///
    /// # Errors
    /// If one cannot be had.
    pub fn secrets(&self, section: &PspSection) -> Result<AdyenSecrets, ConfigError> {
        let api_key =
            section.secret("api_key", self.api_key_file.as_deref(), self.api_key_credential.as_deref())?;
        let place = (self.webhook_secret_file.as_deref(), self.webhook_secret_credential.as_deref());
        Ok(AdyenSecrets {
            api_key: api_key.expose().to_owned().into(),
            webhook_secret: optional(section, "webhook_secret", place)?,
        })
    }

    pub(super) fn mode(&self) -> Mode {
        self.environment.mode()
    }

    /// Where requests go, without a slash at the end; `None` if it cannot be known.
    pub(super) fn base(&self) -> Option<String> {
        match (&self.url, self.environment, &self.live_prefix) {
            (Some(url), ..) => Some(url.trim_end_matches('/').to_owned()),
            (None, Environment::Test, _) => Some("https://checkout-test.adyen.com/v72".into()),
            (None, Environment::Live, Some(prefix)) => {
                Some(format!("https://{prefix}-checkout-live.adyenpayments.com/checkout/v72"))
            }
            (None, Environment::Live, None) => None,
        }
    }
}
