//! What can be wrong with recordings, told to whoever looks after the PBX.

use std::path::{Path, PathBuf};

use super::fitness::Unfit;
use super::language::Language;

/// What is wrong with the recordings.
#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    /// The configured directory is something else.
    #[error(
        "{} holds no prompts (there is no en/bf_emma in it, say): correct `[prompts] directory`, or leave it out",
        .0.display()
    )]
    NotSounds(PathBuf),
    /// Nothing configured, nothing installed, no source tree.
    #[error(
        "no prompts found, neither in {}: install them there, or name their place in `[prompts] directory`",
        .0.iter().map(|place| place.display().to_string()).collect::<Vec<_>>().join(" nor in ")
    )]
    NowhereFound(Vec<PathBuf>),
    /// A recording is missing.
    #[error(
        "the prompt {} is missing: install tonegate's sounds again, or record one under that name",
        .0.display()
    )]
    Missing(PathBuf),
    /// A recording cannot be read as WAV.
    #[error("the prompt {} cannot be read: {reason}; {}", .file.display(), as_wanted(.file, *.hertz))]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What the reader says.
        reason: String,
        /// What was wanted.
        hertz: u32,
    },
    /// A recording would be played at the wrong speed, or not at all.
    #[error("the prompt {} is {found}; {}", .file.display(), as_wanted(.file, *.hertz))]
    Format {
        /// Which.
        file: PathBuf,
        /// What it is.
        found: String,
        /// What was wanted.
        hertz: u32,
    },
    /// A recording that a PBX could play and nobody should hear.
    #[error("the prompt {} {reason}", .file.display())]
    Unfit {
        /// Which.
        file: PathBuf,
        /// Why.
        reason: Unfit,
    },
    /// A recording of ours is not what was released.
    #[error("the prompt {} is not the one that was released: install tonegate's sounds again", .0.display())]
    Altered(PathBuf),
    /// Nobody has recorded the language.
    #[error("there are no recordings in `{0}`: choose another language")]
    NoVoice(Language),
    /// The prompts could not be written for the PBX.
    #[error("cannot write the prompt {}: {source}; see that tonegate may write there", .file.display())]
    Write {
        /// Which.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl SoundError {
    /// Whether the recording must not be played, and not merely could be better.
    pub(super) fn is_serious(&self) -> bool {
        !matches!(self, SoundError::Unfit { reason, .. } if !reason.is_serious())
    }
}

/// The remedy for a recording of the wrong kind.
fn as_wanted(file: &Path, hertz: u32) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    format!("make it 16-bit mono WAV at {hertz} Hz: sox {name} -b 16 -c 1 -r {hertz} new-{name}")
}
