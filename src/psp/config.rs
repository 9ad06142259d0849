//! From the configuration to a working account.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::adyen::{Adyen, AdyenSecrets, AdyenSettings};
use super::checkout::{Checkout, CheckoutSecrets, CheckoutSettings};
use super::generic::{GenericConnector, GenericSettings};
use super::http::{Check, HttpSettings, Tap};
use super::hyperswitch::{Hyperswitch, HyperswitchSecrets, HyperswitchSettings};
use super::lyra::{Lyra, LyraSettings};
use super::stripe::{Stripe, StripeSecrets, StripeSettings};
use super::worldline::{Worldline, WorldlineSecrets, WorldlineSettings};
use super::{Operation, Psp};
use crate::config::{ConfigError, PspSection};

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

/// What the company uses an account for.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Uses {
    uses: Vec<Operation>,
}

impl Uses {
    const KEYS: [&str; 1] = ["uses"];
}

/// Builds the account of a `[[psp]]` section; faults are told with their place in the file. Reads passwords and
/// certificates now, so that a mistake shows when the service starts and not when the first customer pays.
///
/// # Errors
/// If a setting cannot work, the kind is unknown, a file or a secret cannot be had, or the account shall be used
/// for what its provider cannot do. Nothing is sent to the provider.
pub fn from_section(section: &PspSection) -> Result<Arc<dyn Psp>, ConfigError> {
    from_section_with(section, None)
}

/// The same for somebody who looks on.
///
/// # Errors
/// As [`from_section`].
pub fn from_section_with(section: &PspSection, tap: Option<Arc<Tap>>) -> Result<Arc<dyn Psp>, ConfigError> {
    let psp = open(section, tap)?;
    for operation in uses(section)? {
        if let Some(reason) = psp.capabilities().lacking(operation) {
            let remedy = "leave the word out, or use an account with another provider for it";
            return Err(section.fault("uses", format!("{reason}; {remedy}")));
        }
    }
    Ok(psp)
}

/// What the company says it uses an account for; nothing if it does not say.
///
/// # Errors
/// If the key holds something else.
pub fn uses(section: &PspSection) -> Result<Vec<Operation>, ConfigError> {
    Ok(section.settings_of::<Uses>(&Uses::KEYS)?.uses)
}

/// An account with dummy credentials at an address of this machine, to try a provider's stand-in out.
///
/// # Errors
/// If the kind is unknown, or the address is not one of this machine's.
pub fn dummy(kind: &str, url: &str, tap: Option<Arc<Tap>>) -> Result<Arc<dyn Psp>, PspConfigError> {
    let check = Check { psp: kind };
    check.loopback("--base-url", url)?;
    let http = HttpSettings::default();
    let secret = |text: &str| Zeroizing::new(text.to_owned());
    Ok(match kind {
        "generic" => Arc::new(GenericConnector::new(kind, &GenericSettings::at(url), None, tap)?),
        "adyen" => {
            let settings = AdyenSettings { url: Some(url.into()), ..AdyenSettings::test("TestMerchant") };
            let secrets = AdyenSecrets { api_key: secret("dummy_test_key"), webhook_secret: None };
            Arc::new(Adyen::new(kind, &settings, &http, &secrets, tap)?)
        }
        "stripe" => {
            let success_url = Some("https://shop.invalid/paid".into());
            let settings = StripeSettings { success_url, ..StripeSettings::at(url) };
            let secrets = StripeSecrets { api_key: secret("sk_test_dummy"), webhook_secret: None };
            Arc::new(Stripe::new(kind, &settings, &http, &secrets, tap)?)
        }
        "checkout" => {
            let settings = CheckoutSettings { url: Some(url.into()), ..CheckoutSettings::default() };
            let secrets = CheckoutSecrets { api_key: secret("sk_sbox_dummy"), webhook_secret: None };
            Arc::new(Checkout::new(kind, &settings, &http, &secrets, tap)?)
        }
        "hyperswitch" => {
            let return_url = Some("https://shop.invalid/paid".into());
            let settings = HyperswitchSettings { return_url, ..HyperswitchSettings::at(url) };
            let secrets = HyperswitchSecrets { api_key: secret("snd_dummy"), webhook_secret: None };
            Arc::new(Hyperswitch::new(kind, &settings, &http, &secrets, tap)?)
        }
        "lyra" => {
            let settings = LyraSettings::at(url, "12345678");
            Arc::new(Lyra::new(kind, &settings, &http, secret("testpassword_dummy"), tap)?)
        }
        "worldline" => {
            let settings = WorldlineSettings {
                url: Some(url.into()),
                ..WorldlineSettings::test("TestMerchant", "dummy")
            };
            let secrets = WorldlineSecrets { secret_key: secret("dummy"), webhook_secret: None };
            Arc::new(Worldline::new(kind, &settings, &http, &secrets, tap)?)
        }
        other => return Err(check.fault("kind", format!("`{other}` is not possible; write one of {KINDS}"))),
    })
}

fn open(section: &PspSection, tap: Option<Arc<Tap>>) -> Result<Arc<dyn Psp>, ConfigError> {
    let told = |fault: PspConfigError| section.fault(fault.setting(), fault.what());
    let name = &section.name;
    // The rest of the keys is the provider's own.
    let shared: Vec<&str> = HttpSettings::KEYS.into_iter().chain(Uses::KEYS).collect();
    let http = || Ok(section.settings_of::<HttpSettings>(&HttpSettings::KEYS)?.rebased(section.base()));
    match section.kind.as_str() {
        "generic" => {
            let settings = section.settings_but::<GenericSettings>(&Uses::KEYS)?.rebased(section.base());
            let place = (settings.password_file.as_deref(), settings.password_credential.as_deref());
            let password = optional(section, "password", place)?;
            Ok(Arc::new(GenericConnector::new(name, &settings, password, tap).map_err(told)?))
        }
        "adyen" => {
            let settings: AdyenSettings = section.settings_but(&shared)?;
            let secrets = settings.secrets(section)?;
            Ok(Arc::new(Adyen::new(name, &settings, &http()?, &secrets, tap).map_err(told)?))
        }
        "stripe" => {
            let settings: StripeSettings = section.settings_but(&shared)?;
            let secrets = settings.secrets(section)?;
            Ok(Arc::new(Stripe::new(name, &settings, &http()?, &secrets, tap).map_err(told)?))
        }
        "checkout" => {
            let settings: CheckoutSettings = section.settings_but(&shared)?;
            let secrets = settings.secrets(section)?;
            Ok(Arc::new(Checkout::new(name, &settings, &http()?, &secrets, tap).map_err(told)?))
        }
        "hyperswitch" => {
            let settings: HyperswitchSettings = section.settings_but(&shared)?;
            let secrets = settings.secrets(section)?;
            Ok(Arc::new(Hyperswitch::new(name, &settings, &http()?, &secrets, tap).map_err(told)?))
        }
        "lyra" => {
            let settings: LyraSettings = section.settings_but(&shared)?;
            let password = settings.password(section)?;
            Ok(Arc::new(Lyra::new(name, &settings, &http()?, password, tap).map_err(told)?))
        }
        "worldline" => {
            let settings: WorldlineSettings = section.settings_but(&shared)?;
            let secrets = settings.secrets(section)?;
            Ok(Arc::new(Worldline::new(name, &settings, &http()?, &secrets, tap).map_err(told)?))
        }
        other => Err(section.fault("kind", format!("`{other}` is not possible; write one of {KINDS}"))),
    }
}

/// What may stand as `kind`.
pub const KINDS: &str = "generic, adyen, stripe, checkout, hyperswitch, lyra, worldline";

/// A secret that an account may do without; its places are a file and a credential of systemd.
pub(super) fn optional(
    section: &PspSection,
    key: &str,
    (file, credential): (Option<&std::path::Path>, Option<&str>),
) -> Result<Option<Zeroizing<String>>, ConfigError> {
    match (file, credential) {
        (None, None) => Ok(None),
        _ => Ok(Some(section.secret(key, file, credential)?.expose().to_owned().into())),
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
            (format!("{generic}\nuses = [\"authorise\", \"refund\"]"), "psp.bank.uses"),
            (format!("{generic}\nprofil = \"twilio\""), "profil"),
            (format!("{generic}\nuser = \"shop\"\npassword_file = \"gone\""), "gone"),
        ] {
            let fault = from_file(&wrong).err().unwrap_or_default();
            assert!(fault.contains(told), "{wrong}: {fault}");
        }
    }
}
