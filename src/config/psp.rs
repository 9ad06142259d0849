//! `[[psp]]` and `[[messenger]]`: accounts with others, whose own keys their own rooms read.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::{ConfigError, explain};
use super::secret::{Secret, SecretPlaces};

/// `[[psp]]`: one account with one payment service provider.
pub type PspSection = AccountSection;

/// `[[messenger]]`: one account with one carrier of SMS or e-mail.
pub type MessengerSection = AccountSection;

/// One account with somebody outside. What stands beside name and kind belongs to the provider's own room, which reads
/// it with [`AccountSection::settings_but`].
#[derive(Deserialize)]
pub struct AccountSection {
    /// Its name in this configuration and in the journal.
    pub name: String,
    /// Which provider.
    pub kind: String,
    #[serde(flatten)]
    settings: serde_json::Map<String, serde_json::Value>,
    /// The list it stands in.
    #[serde(skip, default = "psp")]
    pub(super) list: &'static str,
    #[serde(skip)]
    pub(super) places: Option<SecretPlaces>,
}

fn psp() -> &'static str {
    "psp"
}

/// What a provider is told may be as good as a secret: headers, account numbers.
impl std::fmt::Debug for AccountSection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountSection")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl AccountSection {
    /// Reads the provider's own settings: all keys but those named; the structure should deny unknown fields.
    ///
    /// # Errors
    /// If a key is unknown, missing or of the wrong kind.
    pub fn settings_but<T: DeserializeOwned>(&self, but: &[&str]) -> Result<T, ConfigError> {
        self.part(|key| !but.contains(&key))
    }

    /// Reads the settings named, whichever of them are there.
    ///
    /// # Errors
    /// If one is of the wrong kind.
    pub fn settings_of<T: DeserializeOwned>(&self, of: &[&str]) -> Result<T, ConfigError> {
        self.part(|key| of.contains(&key))
    }

    fn part<T: DeserializeOwned>(&self, wanted: impl Fn(&str) -> bool) -> Result<T, ConfigError> {
        let part = self.settings.iter().filter(|(key, _)| wanted(key));
        let tree = serde_json::Value::Object(part.map(|(key, value)| (key.clone(), value.clone())).collect());
        serde_path_to_error::deserialize(tree).map_err(|fault| match &self.places {
            Some(places) => explain(places.place(), &self.path(""), &fault),
            None => self.fault("", fault.inner()),
        })
    }

    /// The same account at another address.
    #[must_use]
    pub fn at(mut self, url: &str) -> AccountSection {
        self.settings.insert("url".into(), url.into());
        self
    }

    /// Where relative paths of this section are meant from: the directory of the configuration file.
    #[must_use]
    pub fn base(&self) -> &Path {
        self.places.as_ref().map_or(Path::new("."), SecretPlaces::base)
    }

    /// Fetches a secret: `key` is its name without `_file` and `_credential`.
    ///
    /// # Errors
    /// If neither or both are given, or the file cannot be read or is open to everybody.
    pub fn secret(
        &self,
        key: &str,
        file: Option<&Path>,
        credential: Option<&str>,
    ) -> Result<Secret, ConfigError> {
        match &self.places {
            Some(places) => places.fetch(&self.path(key), file, credential),
            None => Err(self.fault(key, "the configuration was not loaded from a file")),
        }
    }

    /// A fault of one of the provider's own keys, told like any other: `"what; remedy"`.
    #[must_use]
    pub fn fault(&self, key: &str, what: impl std::fmt::Display) -> ConfigError {
        let text = what.to_string();
        let (what, remedy) =
            text.split_once("; ").unwrap_or((&text, "the example file shows how it is written"));
        let place = self.places.as_ref().map(SecretPlaces::place);
        ConfigError::at(place, &self.path(key), what, remedy)
    }

    fn path(&self, key: &str) -> String {
        let dot = if key.is_empty() { "" } else { "." };
        format!("{}.{}{dot}{key}", self.list, self.name)
    }
}
