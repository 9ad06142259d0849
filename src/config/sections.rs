//! The sections that are not about capture or the PBX.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::Deserialize;

use super::people::this_machine;
use super::secret::Secret;
use super::words::{address, words};

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

/// `[prompts]`: what is said, and in whose voice.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PromptsSection {
    /// Where tonegate's own recordings are; looked for beside the program if not named.
    pub directory: Option<PathBuf>,
    /// Samples per second of what the PBX is given. If nothing is said it is given both, and takes for each line what
    /// its codec asks for. 8000 saves the room where all lines are narrow; 16000 is the masters alone, for FreeSWITCH,
    /// which then resamples them for narrow lines while playing.
    pub rate_hz: Option<PromptRate>,
    /// The company's own recordings, `<language>/<id>.wav`; each one replaces ours.
    pub own_directory: Option<PathBuf>,
}

/// Samples per second of the prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub enum PromptRate {
    /// 8000.
    Narrow,
    /// 16000.
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

/// `[store]`: where payments are written down.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSection {
    /// The SQLite file; `payments.sqlite` in the state directory if not named.
    pub path: Option<PathBuf>,
}

/// More than a contact centre's consoles and its CRM ask; a loop that ran wild asks more.
const DEFAULT_REQUESTS_PER_S: NonZeroU32 = NonZeroU32::new(200).unwrap();

/// `[api]`: REST and events.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApiSection {
    /// Where it listens. It speaks plain HTTP with this machine and, with a certificate, TLS with all.
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    /// States that a proxy ends TLS between here and other machines, so that `listen` may be seen by them.
    pub behind_tls_proxy: bool,
    /// Requests that one caller may make in a second; twice as many at once after a quiet moment.
    pub requests_per_s: NonZeroU32,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The certificates, PEM, this host's first; with the key, TLS is ended here.
    pub tls_certificate_file: Option<PathBuf>,
    /// The certificate's key, PEM.
    pub tls_key_file: Option<PathBuf>,
    /// The file with the key that callers present; it has all scopes.
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
            requests_per_s: DEFAULT_REQUESTS_PER_S,
            trusted_proxies: this_machine(),
            tls_certificate_file: None,
            tls_key_file: None,
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
