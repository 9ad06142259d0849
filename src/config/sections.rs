//! The sections that are not about capture or the PBX.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::call::Currency;
use crate::card::Brand;

use super::error::{ConfigError, explain};
use super::secret::{Secret, SecretPlaces};
use super::words::{address, brands, from_text, words};

/// `[daemon]`
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DaemonSection {
    /// How this node calls itself, in the trail and towards the PBX.
    pub name: String,
    /// Where it keeps what must outlive it.
    pub state_dir: PathBuf,
}

impl Default for DaemonSection {
    fn default() -> Self {
        Self { name: "tonegate".into(), state_dir: "/var/lib/tonegate".into() }
    }
}

/// `[merchant]`: who is paid.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MerchantSection {
    /// The name customers know.
    pub name: String,
    /// ISO 4217, for payments that name none.
    #[serde(deserialize_with = "from_text")]
    pub currency: Currency,
    /// Language tag, for payments that name none.
    #[serde(default = "english")]
    pub language: String,
    /// The `[[psp]]` entry payments are charged to.
    pub psp: String,
    /// Brands that are taken; others are refused before anything is sent.
    #[serde(default = "common_brands", deserialize_with = "brands")]
    pub accepted_brands: Vec<Brand>,
    /// What stands on the customer's statement, where the provider allows it.
    #[serde(default)]
    pub description: String,
    /// What the digits are that an agent keys between feature code and `#`.
    #[serde(default)]
    pub code_digits: CodeDigits,
}

words! {
    /// What the digits are that an agent keys between feature code and `#`.
    #[derive(Default)]
    pub enum CodeDigits {
        /// The amount in minor units: `*729` `4250` `#` is 42.50.
        #[default]
        Amount = "amount",
        /// The company's own reference; the amount comes from the dialplan.
        Reference = "reference",
    }
}

fn english() -> String {
    "en".into()
}

fn common_brands() -> Vec<Brand> {
    vec![Brand::Visa, Brand::Mastercard]
}

/// `[prompts]`: what is said, and in whose voice.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PromptsSection {
    /// Where tonegate's own recordings are; looked for beside the program if not named.
    pub directory: Option<PathBuf>,
    /// Samples per second of what the PBX is given: 16000 (the masters), or 8000 where all lines are narrow and
    /// nothing shall be resampled while playing.
    #[serde(default)]
    pub rate_hz: PromptRate,
    /// The company's own recordings, `<language>/<id>.wav`; each one replaces ours.
    pub own_directory: Option<PathBuf>,
}

/// Samples per second of the prompts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub enum PromptRate {
    /// 8000.
    Narrow,
    /// 16000.
    #[default]
    Wide,
}

impl TryFrom<u32> for PromptRate {
    type Error = &'static str;

    fn try_from(hz: u32) -> Result<Self, Self::Error> {
        match hz {
            8_000 => Ok(Self::Narrow),
            16_000 => Ok(Self::Wide),
            _ => Err("neither 8000 nor 16000"),
        }
    }
}

/// `[[psp]]`: one account with one payment service provider. What stands beside name and kind belongs to
/// the provider's own room, which reads it with [`PspSection::settings`].
#[derive(Deserialize)]
pub struct PspSection {
    /// Its name in this configuration and in the journal.
    pub name: String,
    /// Which provider.
    pub kind: String,
    #[serde(flatten)]
    settings: serde_json::Map<String, serde_json::Value>,
    #[serde(skip)]
    pub(super) places: Option<SecretPlaces>,
}

/// What a provider is told may be as good as a secret: headers, account numbers.
impl std::fmt::Debug for PspSection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PspSection")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl PspSection {
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
        match &self.places {
            Some(places) => places.place().fault(&self.path(key), what, remedy),
            None => ConfigError::Key {
                place: "configuration".into(),
                key: self.path(key),
                what: what.into(),
                remedy: remedy.into(),
            },
        }
    }

    fn path(&self, key: &str) -> String {
        let dot = if key.is_empty() { "" } else { "." };
        format!("psp.{}{dot}{key}", self.name)
    }
}

/// `[store]`: where payments are written down.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSection {
    /// The SQLite file; `payments.sqlite` in the state directory if not named.
    pub path: Option<PathBuf>,
}

/// `[api]`: REST and events.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApiSection {
    /// Where it listens. It speaks plain HTTP: a proxy in front ends TLS for other machines.
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    /// States that a proxy ends TLS between here and other machines, so that `listen` may be seen by them.
    pub behind_tls_proxy: bool,
    /// The file with the key that callers present.
    pub key_file: Option<PathBuf>,
    /// The systemd credential with that key.
    pub key_credential: Option<String>,
    /// The key itself.
    #[serde(skip)]
    pub key: Secret,
}

impl Default for ApiSection {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8090)),
            behind_tls_proxy: false,
            key_file: None,
            key_credential: None,
            key: Secret::default(),
        }
    }
}

/// `[limits]`: what one node takes on.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsSection {
    /// Payment calls at the same time; who comes after hears that it is not possible now.
    pub max_captures: u32,
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self { max_captures: 5_000 }
    }
}

words! {
    /// From which weight on something is logged.
    #[derive(Default)]
    pub enum LogLevel {
        /// What failed.
        Error = "error",
        /// What may fail soon.
        Warn = "warn",
        /// What an admin wants to see every day.
        #[default]
        Info = "info",
        /// What helps to find a fault.
        Debug = "debug",
        /// Every step.
        Trace = "trace",
    }
}

words! {
    /// How a line of the log looks.
    #[derive(Default)]
    pub enum LogFormat {
        /// For people.
        #[default]
        Text = "text",
        /// For collectors: one object a line.
        Json = "json",
    }
}

/// `[log]`
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSection {
    /// From which weight on.
    pub level: LogLevel,
    /// How.
    pub format: LogFormat,
}
