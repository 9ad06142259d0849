//! The one TOML file, its bounds and its secrets.
//!
//! `TONEGATE__SECTION__KEY` in the environment overrides a key of the file. A secret never stands in
//! either: it has a file of its own or is a systemd credential (PCI DSS 8.6.2). Whatever is wrong is told
//! as place, key, fault and remedy, and nothing starts on a file that is half understood.

mod asterisk;
mod capture;
mod check;
mod check_merchant;
mod crm;
mod check_speech;
mod error;
mod guard;
mod links;
mod merchant;
mod pbx;
mod people;
mod psp;
mod secret;
mod sections;
mod speech;
mod twilio;
mod webhook;
mod words;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use config::{Environment, File, FileFormat, FileSourceString, Map};
use serde::Deserialize;

pub use asterisk::AsteriskSection;
pub use capture::{CaptureSection, Confirm, PostalCode, SecurityCode, SelfServiceSection};
pub use crm::{AmountUnit, CRM_FIELDS, CrmSection};
pub use error::{ConfigError, Place};
pub use guard::GuardSection;
pub use links::{KeySends, LinksSection};
pub use merchant::{CodeDigits, MerchantSection, MerchantSections, is_queue, plain_number};
pub use pbx::{AgentKeysSection, FreeSwitchSection, PbxKind, PbxSection, StarKey};
pub use people::{ConsoleSection, OidcSection, PeopleSection};
pub use psp::{AccountSection, MessengerSection, PspSection};
pub use secret::Secret;
pub use sections::{
    ApiSection, DaemonSection, LimitsSection, LogFormat, LogLevel, LogSection, PromptRate, PromptsSection,
    RecurringSection, StoreSection,
};
pub use speech::{LineSection, PaceChoice, ReceiptChoice, SpeechSection, WordingChoice};

pub use twilio::TwilioSection;
pub use webhook::WebhookSection;

use secret::SecretPlaces;

/// Where the file stands if nobody says otherwise.
pub const DEFAULT_PATH: &str = "/etc/tonegate/tonegate.toml";

/// A longer file is not a configuration.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// What begins the name of an environment variable that overrides a key.
const ENVIRONMENT_PREFIX: &str = "TONEGATE";

/// Stands between section and key in the name of an environment variable.
const ENVIRONMENT_SEPARATOR: &str = "__";

/// Everything an admin can set, checked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The daemon itself.
    #[serde(default)]
    pub daemon: DaemonSection,
    /// The PBX it works beside.
    pub pbx: PbxSection,
    /// Who is paid.
    #[serde(rename = "merchant")]
    pub merchants: MerchantSections,
    /// How the customer's keys are taken.
    #[serde(default)]
    pub capture: CaptureSection,
    /// What differs when there is no agent.
    #[serde(default)]
    pub self_service: SelfServiceSection,
    /// What is said, in which language and voice.
    #[serde(default)]
    pub prompts: PromptsSection,
    /// Accounts with payment service providers.
    #[serde(default)]
    pub psp: Vec<PspSection>,
    /// Accounts with carriers of SMS and e-mail.
    #[serde(default)]
    pub messenger: Vec<MessengerSection>,
    /// How payment links reach customers.
    #[serde(default)]
    pub links: LinksSection,
    /// Where payments are written down.
    #[serde(default)]
    pub store: StoreSection,
    /// REST and events.
    #[serde(default)]
    pub api: ApiSection,
    /// People and their sessions.
    #[serde(default)]
    pub people: PeopleSection,
    /// The identity provider that vouches for people.
    pub oidc: Option<OidcSection>,
    /// Pages.
    #[serde(default)]
    pub console: ConsoleSection,
    /// The payments API of programmable telephony.
    #[serde(default)]
    pub twilio: TwilioSection,
    /// Who is told by HTTP what becomes of payments.
    #[serde(default)]
    pub webhook: Vec<WebhookSection>,
    /// Stored cards that are charged when it is due.
    #[serde(default)]
    pub recurring: RecurringSection,
    /// Where the company's own system says what is owed.
    pub crm: Option<CrmSection>,
    /// What stops card testing.
    #[serde(default)]
    pub guard: GuardSection,
    /// What one node takes on.
    #[serde(default)]
    pub limits: LimitsSection,
    /// Logs.
    #[serde(default)]
    pub log: LogSection,
}

impl Config {
    /// Reads the file, lays the environment over it, checks everything and fetches the secrets.
    ///
    /// # Errors
    /// If the file cannot be read, is not TOML, has a key that is unknown, missing or out of its bounds,
    /// or a secret that is missing, inline or readable by everybody.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        // Variables that are not text cannot be ours.
        let environment =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
        Self::load_with(path, environment.collect())
    }

    fn load_with(path: &Path, environment: Map<String, String>) -> Result<Self, ConfigError> {
        let text = read(path)?;
        let place = Place::new(path, &environment);
        let credentials = environment.get("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        let from_file = File::from_str(&text, FileFormat::Toml);
        error::refuse_list_overrides(&place, "psp")?;
        error::refuse_list_overrides(&place, "messenger")?;
        if is_list(path, &from_file, "merchant")? {
            error::refuse_list_overrides(&place, "merchant")?;
        }

        let overrides = Environment::with_prefix(ENVIRONMENT_PREFIX)
            .prefix_separator(ENVIRONMENT_SEPARATOR)
            .separator(ENVIRONMENT_SEPARATOR)
            .source(Some(environment));
        let merged = config::Config::builder()
            .add_source(from_file)
            .add_source(overrides)
            .build()
            .map_err(|fault| error::syntax(path, &fault))?;

        let tree: serde_json::Value =
            merged.clone().try_deserialize().map_err(|fault| error::syntax(path, &fault))?;
        secret::refuse_inline(&place, &tree)?;

        let mut config: Self =
            serde_path_to_error::deserialize(merged).map_err(|fault| error::explain(&place, "", &fault))?;
        let base = path.parent().unwrap_or(Path::new("."));
        let places = SecretPlaces::new(place, base, credentials);
        config.rebase(base);
        config.check(places.place())?;
        config.fetch_secrets(&places)?;
        Ok(config)
    }

    /// The capture settings of a call without an agent.
    #[must_use]
    pub fn self_service_capture(&self) -> CaptureSection {
        self.self_service.over(&self.capture)
    }

    /// The file payments are written to.
    #[must_use]
    pub fn store_path(&self) -> PathBuf {
        self.store.path.clone().unwrap_or_else(|| self.daemon.state_dir.join("payments.sqlite"))
    }

    /// The file with the key of one-time codes, if the configuration does not name one.
    #[must_use]
    pub fn codes_key_path(&self) -> PathBuf {
        self.daemon.state_dir.join("codes.key")
    }

    /// The file with the secret that cards are known again by.
    #[must_use]
    pub fn cards_key_path(&self) -> PathBuf {
        self.daemon.state_dir.join("cards.key")
    }

    /// The account of this name.
    #[must_use]
    pub fn account(&self, name: &str) -> Option<&PspSection> {
        self.psp.iter().find(|psp| psp.name == name)
    }

    /// The account of the merchant that is paid where nothing else decides.
    #[must_use]
    pub fn merchant_psp(&self) -> Option<&PspSection> {
        self.account(&self.merchants.default_one()?.psp)
    }

    /// A relative path is meant from where the file stands: a daemon's working directory is an accident.
    fn rebase(&mut self, base: &Path) {
        self.daemon.state_dir = base.join(&self.daemon.state_dir);
        let own = [&mut self.prompts.directory, &mut self.prompts.own_directory, &mut self.store.path];
        let own = own.into_iter().chain([&mut self.api.tls_certificate_file, &mut self.api.tls_key_file]);
        let freeswitch = self.pbx.freeswitch.as_mut().map(|freeswitch| &mut freeswitch.password_file);
        let asterisk = self.pbx.asterisk.as_mut().map(|asterisk| &mut asterisk.password_file);
        let merchants = self.merchants.all_mut().iter_mut().flat_map(|merchant| {
            let lines = merchant.speech.line.iter_mut().map(|line| &mut line.prompts_directory);
            lines.chain([&mut merchant.prompts_directory])
        });
        for path in own.chain(freeswitch).chain(asterisk).chain(merchants).flatten() {
            *path = base.join(&*path);
        }
    }

    fn fetch_secrets(&mut self, places: &SecretPlaces) -> Result<(), ConfigError> {
        if let Some(fs) = &mut self.pbx.freeswitch {
            fs.password = places.fetch(
                "pbx.freeswitch.password",
                fs.password_file.as_deref(),
                fs.password_credential.as_deref(),
            )?;
        }
        if let Some(asterisk) = &mut self.pbx.asterisk {
            asterisk.password = places.fetch(
                "pbx.asterisk.password",
                asterisk.password_file.as_deref(),
                asterisk.password_credential.as_deref(),
            )?;
        }
        self.api.key =
            places.fetch("api.key", self.api.key_file.as_deref(), self.api.key_credential.as_deref())?;
        self.people.fetch_secret(places)?;
        if let Some(oidc) = &mut self.oidc {
            oidc.fetch_secret(places)?;
        }
        self.twilio.fetch(places)?;
        for webhook in &mut self.webhook {
            webhook.fetch(places)?;
        }
        if let Some(crm) = &mut self.crm {
            crm.fetch(places)?;
        }
        for psp in &mut self.psp {
            psp.places = Some(places.clone());
        }
        for messenger in &mut self.messenger {
            messenger.list = "messenger";
            messenger.places = Some(places.clone());
        }
        Ok(())
    }
}

/// Whether the file has a list there.
fn is_list(path: &Path, file: &File<FileSourceString, FileFormat>, key: &str) -> Result<bool, ConfigError> {
    let alone = config::Config::builder().add_source(file.clone()).build();
    Ok(alone.map_err(|fault| error::syntax(path, &fault))?.get_array(key).is_ok())
}

fn read(path: &Path) -> Result<String, ConfigError> {
    let fail = |fault: &std::io::Error| error::unreadable(path, fault);
    let size = std::fs::metadata(path).map_err(|fault| fail(&fault))?.len();
    if size > MAX_FILE_BYTES {
        return Err(ConfigError::Unreadable {
            file: path.into(),
            why: format!("it has {size} bytes, and {MAX_FILE_BYTES} is the most"),
            remedy: "name the right file with --config".into(),
        });
    }
    std::fs::read_to_string(path).map_err(|fault| fail(&fault))
}
