//! Everything set up: theatre, bank, daemon, event stream, in a directory of their own.

use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::psp::testbank::{RunningBank, TestBank, TestBankSettings};

use super::{Daemon, DaemonSettings, EventLog, FarEnd, StageError, Theatre};

/// How fast the customer keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long a key is held.
    pub tone_ms: u32,
    /// How long until the next.
    pub gap_ms: u32,
}

impl Pace {
    /// As fast as telephones send.
    pub const FAST: Self = Self { tone_ms: 60, gap_ms: 60 };
    /// As people key, with the card in the other hand.
    pub const HUMAN: Self = Self { tone_ms: 120, gap_ms: 480 };
}

/// What may differ from one set to the next.
#[derive(Clone, Debug)]
pub struct SetOptions {
    /// The program that is the daemon.
    pub program: PathBuf,
    /// Where everything is written; made if it is not there.
    pub directory: PathBuf,
    /// The language of the prompts.
    pub language: String,
    /// How the bank behaves.
    pub slow_answer_ms: u64,
    /// Samples per second of the prompts, if not as usual on this PBX: 8000 spares one with many calls the
    /// resampling.
    pub prompt_rate_hz: Option<u32>,
    /// Further lines for the `[capture]` section.
    pub capture: String,
    /// Further lines for the `[self_service]` section.
    pub self_service: String,
    /// Further lines for the `[api]` section.
    pub api: String,
    /// Whether the connector is told that the bank deduplicates.
    pub deduplicates: bool,
    /// Whether the connector knows where the bank can be asked.
    pub query: bool,
    /// The account the merchant is paid by: `bank`, or one of `sections`.
    pub psp: String,
    /// Further lines for the merchant.
    pub merchant: String,
    /// Further merchants, `[[merchant]]`.
    pub merchants: String,
    /// A password that the bank asks for and the daemon does not have.
    pub bank_password: Option<String>,
    /// Further sections of the configuration.
    pub sections: String,
    /// Where payment links lead, if there are any.
    pub far_end: Option<FarEnd>,
    /// How fast the customer keys.
    pub pace: Pace,
}

impl SetOptions {
    /// The usual set in a directory.
    #[must_use]
    pub fn new(program: &Path, directory: &Path) -> Self {
        Self {
            program: program.to_owned(),
            directory: directory.to_owned(),
            language: "en".into(),
            slow_answer_ms: 11_000,
            prompt_rate_hz: None,
            capture: String::new(),
            self_service: String::new(),
            api: String::new(),
            deduplicates: true,
            query: true,
            psp: "bank".into(),
            merchant: String::new(),
            merchants: String::new(),
            bank_password: None,
            sections: String::new(),
            far_end: None,
            pace: Pace::FAST,
        }
    }
}

/// A stage that is set.
pub struct Set {
    /// The PBX and its telephones.
    pub theatre: Arc<dyn Theatre>,
    /// The bank.
    pub bank: RunningBank,
    /// The daemon.
    pub daemon: Daemon,
    /// What it tells.
    pub events: EventLog,
    /// How it was started, to start it again.
    pub settings: DaemonSettings,
    /// Where its database, log and configuration are.
    pub directory: PathBuf,
    /// How fast the customer keys.
    pub pace: Pace,
    /// Where payment links lead, if there are any.
    pub far_end: Option<FarEnd>,
}

impl Set {
    /// Sets the stage around a theatre.
    ///
    /// # Errors
    /// If bank or daemon cannot be started.
    pub async fn up(theatre: Arc<dyn Theatre>, options: &SetOptions) -> Result<Self, StageError> {
        let dir = &options.directory;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let login = options.bank_password.clone().map(|password| ("tonegate".to_owned(), password.into()));
        let bank_settings =
            TestBankSettings { slow_answer_ms: options.slow_answer_ms, login, ..TestBankSettings::default() };
        let bank = TestBank::start(([127, 0, 0, 1], 0).into(), bank_settings)
            .await
            .map_err(|fault| StageError(fault.to_string()))?;
        let key = format!("{:032x}", rand::random::<u128>());
        secret(&dir.join("api.key"), &key)?;
        let api = free_address()?;
        let config = dir.join("tonegate.toml");
        let text = format!(
            "[daemon]\nstate_dir = \"state\"\n\n{pbx}\n\
             {merchant}\nname = \"Example Ltd\"\ncurrency = \"EUR\"\nlanguage = \"{language}\"\npsp = \"{psp}\"\n\
             accepted_brands = [\"visa\", \"mastercard\", \"amex\", \"maestro\"]\ndescription = \"Example Ltd\"\n\
             {more_of_merchant}\n{merchants}\n\
             [prompts]\n{rate_hz}\n[capture]\n{capture}\n[self_service]\n{self_service}\n\
             [[psp]]\nname = \"bank\"\nkind = \"generic\"\nurl = \"http://{bank}/charge\"\n\
             {query}deduplicates = {deduplicates}\n\n\
             [api]\nlisten = \"{api}\"\nkey_file = \"api.key\"\n{more_api}\n{sections}\n",
            pbx = theatre.daemon_config(dir)?,
            query = match options.query {
                true => format!("query_url = \"{}\"\n", bank.query_url()),
                false => String::new(),
            },
            // Of several, each is an entry of a list.
            merchant = if options.merchants.is_empty() { "[merchant]" } else { "[[merchant]]" },
            psp = options.psp,
            more_of_merchant = options.merchant,
            merchants = options.merchants,
            language = options.language,
            rate_hz = options.prompt_rate_hz.map(|hz| format!("rate_hz = {hz}\n")).unwrap_or_default(),
            capture = options.capture,
            self_service = options.self_service,
            more_api = options.api,
            bank = bank.address,
            deduplicates = options.deduplicates,
            sections = options.sections,
        );
        std::fs::write(&config, text)?;
        let settings = DaemonSettings {
            program: options.program.clone(),
            config,
            log: dir.join("tonegate.log"),
            api: format!("http://{api}"),
            key,
        };
        let daemon = Daemon::start(settings.clone()).await?;
        let events = EventLog::open(&settings.api, &settings.key).await?;
        Ok(Self {
            theatre,
            bank,
            daemon,
            events,
            settings,
            directory: dir.clone(),
            pace: options.pace,
            far_end: options.far_end.clone(),
        })
    }

    /// Starts the daemon again after it was killed or stopped, and listens to it again.
    ///
    /// # Errors
    /// If it does not come up.
    pub async fn restart_daemon(&mut self) -> Result<(), StageError> {
        self.daemon = Daemon::start(self.settings.clone()).await?;
        self.events = EventLog::open(&self.settings.api, &self.settings.key).await?;
        Ok(())
    }
}

/// Writes a secret so that only we can read it.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn secret(path: &Path, text: &str) -> Result<(), StageError> {
    use std::io::Write;
    let mut file =
        std::fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}

/// An address on the loopback interface that nobody listens on at this moment.
///
/// # Errors
/// If there is none.
pub(crate) fn free_address() -> Result<std::net::SocketAddr, StageError> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}
