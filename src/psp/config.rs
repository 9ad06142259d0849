//! From the configuration to a working account.

use serde::Deserialize;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::Psp;
use super::generic::{GenericConnector, GenericSettings};
use crate::config::{ConfigError, PspSection};

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

/// Builds the account of a `[[psp]]` section; faults are told with their place in the file.
///
/// # Errors
/// As [`from_config`], and if the kind is unknown or a secret cannot be had.
pub fn from_section(section: &PspSection) -> Result<Arc<dyn Psp>, ConfigError> {
    match section.kind.as_str() {
        "generic" => {
            let settings: GenericSettings = section.settings()?;
            let (file, credential) =
                (settings.password_file.as_deref(), settings.password_credential.as_deref());
            let password = match (file, credential) {
                (None, None) => None,
                _ => Some(section.secret("password", file, credential)?.expose().to_owned().into()),
            };
            GenericConnector::with_password(&section.name, &settings, password)
                .map(|connector| Arc::new(connector) as Arc<dyn Psp>)
                .map_err(|fault| section.fault(fault.setting(), fault.what()))
        }
        other => Err(section.fault("kind", format!("`{other}` is not possible; write generic"))),
    }
}

impl PspConfigError {
    /// The setting at fault.
    #[must_use]
    pub fn setting(&self) -> &'static str {
        match self {
            PspConfigError::Setting { setting, .. } | PspConfigError::File { setting, .. } => setting,
        }
    }

    /// What is wrong with it, and after a semicolon what to do.
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            PspConfigError::Setting { fault, .. } => fault.clone(),
            PspConfigError::File { path, source, .. } => {
                format!(
                    "cannot read {}: {source}; check that it is there and that the service's user may read it",
                    path.display()
                )
            }
        }
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

    fn from_file(psp: &str) -> Result<Arc<dyn Psp>, String> {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().expect("a directory");
        let put = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("private");
            path
        };
        put("secret", "0123456789abcdef\n");
        let file = put(
            "tonegate.toml",
            &format!(
                "[pbx]\nkind = \"freeswitch\"\n[pbx.freeswitch]\npassword_file = \"secret\"\n[merchant]\n\
                 name = \"Example Ltd\"\ncurrency = \"EUR\"\npsp = \"bank\"\n[api]\nkey_file = \"secret\"\n\
                 [[psp]]\nname = \"bank\"\n{psp}\n"
            ),
        );
        let config = crate::config::Config::load(&file).map_err(|fault| fault.to_string())?;
        from_section(config.merchant_psp().expect("a section")).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_section_becomes_an_account_or_a_fault_with_its_place() {
        let generic = "kind = \"generic\"\nurl = \"https://pay.example/charge\"";
        let login = "user = \"shop\"\npassword_file = \"secret\"";
        let good = from_file(&format!("{generic}\n{login}\ndeduplicates = true"));
        assert_eq!(
            good.map(|psp| (psp.name().to_owned(), psp.capabilities().deduplicates)),
            Ok(("bank".into(), true))
        );
        for (wrong, told) in [
            ("kind = \"stripes\"".to_owned(), "psp.bank.kind"),
            ("kind = \"generic\"\nurl = \"http://pay.example/\"".to_owned(), "psp.bank.url"),
            (format!("{generic}\nuser = \"shop\""), "psp.bank.user"),
            (format!("{generic}\nca_file = \"/nowhere.pem\""), "/nowhere.pem"),
            (format!("{generic}\nprofil = \"twilio\""), "profil"),
            (format!("{generic}\nuser = \"shop\"\npassword_file = \"gone\""), "gone"),
        ] {
            let fault = from_file(&wrong).err().unwrap_or_default();
            assert!(fault.contains(told), "{wrong}: {fault}");
        }
    }
}
