//! What an admin writes about the way to a provider; the same for every kind.

use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Shortest and longest time-outs that make sense, in milliseconds.
pub const TIMEOUT_RANGE_MS: std::ops::RangeInclusive<u64> = 10..=120_000;

/// The way to a provider.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSettings {
    /// How long name look-up, connection and TLS may take together.
    pub connect_timeout_ms: u64,
    /// How long it may take from then on until the answer begins.
    pub answer_timeout_ms: u64,
    /// How long reading the answer may take.
    pub read_timeout_ms: u64,
    /// Certificates (PEM) of the only authorities to trust, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate (PEM), where the provider wants one (mutual TLS).
    pub client_certificate_file: Option<PathBuf>,
    /// Its private key (PEM).
    pub client_key_file: Option<PathBuf>,
}

impl Default for HttpSettings {
    fn default() -> HttpSettings {
        HttpSettings {
            connect_timeout_ms: 5_000,
            // Programmable telephony waits this long for pay connectors.
            answer_timeout_ms: 10_000,
            read_timeout_ms: 5_000,
            ca_file: None,
            client_certificate_file: None,
            client_key_file: None,
        }
    }
}

impl HttpSettings {
    /// Their names in the configuration.
    pub const KEYS: [&'static str; 6] = [
        "connect_timeout_ms",
        "answer_timeout_ms",
        "read_timeout_ms",
        "ca_file",
        "client_certificate_file",
        "client_key_file",
    ];

    /// The same with relative paths meant from `base`.
    #[must_use]
    pub fn rebased(mut self, base: &Path) -> HttpSettings {
        let files = [&mut self.ca_file, &mut self.client_certificate_file, &mut self.client_key_file];
        for path in files.into_iter().flatten() {
            *path = base.join(&*path);
        }
        self
    }
}
