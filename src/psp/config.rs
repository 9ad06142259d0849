//! From the configuration to a working account.

use serde::Deserialize;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::Psp;
use super::generic::{GenericConnector, GenericSettings};

/// One provider's section of the configuration; `kind` chooses.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum PspSettings {
    /// A generic pay connector, as programmable telephony knows it; the test bank is one.
    Generic(GenericSettings),
}

/// What is wrong with a provider's section of the configuration.
#[derive(Debug, thiserror::Error)]
pub enum PspConfigError {
    /// A value that cannot work.
    #[error("payment provider `{psp}`: `{setting}` {fault}")]
    Setting {
        /// The provider's name in the configuration.
        psp: String,
        /// The setting.
        setting: &'static str,
        /// What is wrong with it and what to write.
        fault: String,
    },
    /// A file that cannot be read.
    #[error(
        "payment provider `{psp}`: cannot read {path} (`{setting}`): {source}; check that it is there and that \
         the service's user may read it"
    )]
    File {
        /// The provider's name in the configuration.
        psp: String,
        /// The setting that names the file.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Builds the account called `name`. Reads its password and certificates now, so that a mistake shows when the
/// service starts and not when the first customer pays.
///
/// # Errors
/// If a setting cannot work or a file cannot be read; nothing is sent to the provider.
pub fn from_config(name: &str, settings: &PspSettings) -> Result<Arc<dyn Psp>, PspConfigError> {
    match settings {
        PspSettings::Generic(settings) => Ok(Arc::new(GenericConnector::new(name, settings)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_chooses_and_unknown_settings_are_refused() {
        let read = |text: &str| serde_json::from_str::<PspSettings>(text);
        let settings = read("{\"kind\":\"generic\",\"url\":\"https://pay.example\"}").expect("settings");
        assert_eq!(from_config("shop", &settings).expect("an account").name(), "shop");
        assert!(read("{\"kind\":\"generic\",\"url\":\"https://pay.example\",\"pasword\":\"x\"}").is_err());
        assert!(read("{\"kind\":\"nobody\",\"url\":\"https://pay.example\"}").is_err());
    }
}
