//! `[[webhook]]`: who is told by HTTP what becomes of payments.

use std::path::PathBuf;

use serde::Deserialize;

use super::check::name;
use super::error::{ConfigError, Place};
use super::secret::{Secret, SecretPlaces};

/// Endpoints of one node.
const MAX_WEBHOOKS: usize = 20;

/// `[[webhook]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSection {
    /// Its name in the store and in what an admin is told; what waits for it is known by it.
    pub name: String,
    /// Where it is told: https, or http on this machine.
    pub url: String,
    /// What it is told of: `payment.approved` and so on; everything if none is named.
    #[serde(default)]
    pub events: Vec<String>,
    /// The file with the secret that what is told is signed with: `whsec_` and base64 of 24 to 64 bytes.
    pub secret_file: Option<PathBuf>,
    /// The systemd credential with it.
    pub secret_credential: Option<String>,
    /// The secret itself.
    #[serde(skip)]
    pub secret: Secret,
    #[serde(skip)]
    place: Option<Place>,
}

pub(super) fn check(place: &Place, webhooks: &[WebhookSection]) -> Result<(), ConfigError> {
    if webhooks.len() > MAX_WEBHOOKS {
        let what = format!("{} entries", webhooks.len());
        return Err(place.fault("webhook", what, &format!("{MAX_WEBHOOKS} is the most")));
    }
    for (index, webhook) in webhooks.iter().enumerate() {
        name(place, &format!("webhook[{index}].name"), &webhook.name)?;
        if webhooks[..index].iter().any(|other| other.name == webhook.name) {
            let what = format!("a second endpoint is named `{}`", webhook.name);
            let remedy = "give each its own name: what waits for it is known by it";
            return Err(place.fault(&format!("webhook[{index}].name"), what, remedy));
        }
    }
    Ok(())
}

impl WebhookSection {
    pub(super) fn fetch(&mut self, places: &SecretPlaces) -> Result<(), ConfigError> {
        let key = format!("webhook.{}.secret", self.name);
        self.secret = places.fetch(&key, self.secret_file.as_deref(), self.secret_credential.as_deref())?;
        self.place = Some(places.place().clone());
        Ok(())
    }

    /// A fault of one of its keys: what is wrong, and what to write instead.
    #[must_use]
    pub fn fault(&self, key: &str, what: impl std::fmt::Display, remedy: &str) -> ConfigError {
        ConfigError::at(self.place.as_ref(), &format!("webhook.{}.{key}", self.name), what, remedy)
    }
}
