//! What a command fails with, and the exit status that goes with it.

use std::process::ExitCode;

use crate::config::ConfigError;

/// As `clap` ends on an option it does not know.
const USAGE: u8 = 2;
/// `EX_UNAVAILABLE` of sysexits.h.
const UNAVAILABLE: u8 = 69;
/// `EX_SOFTWARE`.
const SOFTWARE: u8 = 70;
/// `EX_CONFIG`.
const CONFIG: u8 = 78;

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The command line asks for what there is not.
    #[error("{0}")]
    Usage(String),
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configuration is wrong, as another room says it.
    #[error("{0}")]
    Settings(String),
    /// Something that is needed is not there.
    #[error("{0}")]
    Unavailable(String),
    /// A fault of ours.
    #[error("{0}")]
    Internal(String),
}

impl Fault {
    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => USAGE,
            Self::Config(_) | Self::Settings(_) => CONFIG,
            Self::Unavailable(_) => UNAVAILABLE,
            Self::Internal(_) => SOFTWARE,
        })
    }
}
