//! Recordings on disk: found, looked at and listed once, when the daemon starts.
//!
//! A PBX skips a file that is missing, or plays it at the wrong speed, without a word to anybody. So we open
//! each file before the first call, and say which is wrong.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::call::Phrase;

use super::catalogue::ClipId;
use super::fitness::Unfit;
use super::language::Language;
use super::script::script;
use super::wav;

/// How many samples a second the PBX is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleRate {
    /// 8 kHz, what most telephone lines carry: nothing is resampled while playing.
    Narrow,
    /// 16 kHz, the masters; FreeSWITCH resamples them where a line is narrow.
    Wide,
}

impl SampleRate {
    /// Samples per second.
    #[must_use]
    pub fn hertz(self) -> u32 {
        match self {
            SampleRate::Narrow => 8_000,
            SampleRate::Wide => 16_000,
        }
    }

    /// The directory below a voice's: the masters lie in the voice's own.
    pub(super) fn directory(self) -> &'static str {
        match self {
            SampleRate::Narrow => "8000",
            SampleRate::Wide => "",
        }
    }
}

/// What is wrong with the recordings.
#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    /// The configured directory is something else.
    #[error(
        "{} holds no prompts (no en/bf_emma, no fr/ff_siwis): correct `[prompts] directory`, or leave it out",
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
    fn is_serious(&self) -> bool {
        !matches!(self, SoundError::Unfit { reason, .. } if !reason.is_serious())
    }
}

/// The remedy for a recording of the wrong kind.
fn as_wanted(file: &Path, hertz: u32) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    format!("make it 16-bit mono WAV at {hertz} Hz: sox {name} -b 16 -c 1 -r {hertz} new-{name}")
}

/// Where each recording of each language is.
#[derive(Debug)]
pub struct SoundTree {
    files: HashMap<(Language, ClipId), PathBuf>,
    refused: Vec<SoundError>,
}

impl SoundTree {
    /// Finds every recording of every language that is spoken: `<own>/<language>/<id>.wav` in the first of the
    /// company's own directories that has it and where it can be heard, else ours in
    /// `<default_dir>/<language>/<voice>/` (for 8 kHz in its `8000/`, which [`super::install`] writes). Another
    /// language never stands in. An admin's recordings may leave out what they like; those that are of the wrong
    /// kind, silent, clipped or a telephone's tone are told by [`SoundTree::refused`].
    ///
    /// # Errors
    /// Names the first file of ours that is missing or is not 16-bit mono WAV at `rate`, and what to do.
    pub fn new(own: &[PathBuf], default_dir: &Path, rate: SampleRate) -> Result<SoundTree, SoundError> {
        let (mut files, mut refused) = (HashMap::new(), Vec::new());
        for spoken in Language::VOICES {
            let (language, _) = spoken;
            let ours = default_dir.join(Language::voice_directory(spoken)).join(rate.directory());
            for line in script(language) {
                let name = format!("{}.wav", line.id);
                let file = own
                    .iter()
                    .map(|own| own.join(language.code()).join(&name))
                    .filter(|file| file.exists())
                    .find(|file| {
                        let faults = wav::faults(file, rate.hertz(), line.listener);
                        let before = refused.len();
                        refused.extend(faults.into_iter().filter(SoundError::is_serious));
                        refused.len() == before
                    });
                let file = match file {
                    Some(file) => file,
                    None => {
                        let file = ours.join(&name);
                        wav::check(&file, rate.hertz())?;
                        file
                    }
                };
                // Absolute, because the PBX has a working directory of its own.
                let file = std::path::absolute(&file)
                    .map_err(|error| wav::unreadable(&file, &error, rate.hertz()))?;
                files.insert((language, line.id), file);
            }
        }
        Ok(SoundTree { files, refused })
    }

    /// The company's own recordings that are not played, each with the reason; ours are played in their place.
    #[must_use]
    pub fn refused(&self) -> &[SoundError] {
        &self.refused
    }

    /// The absolute path of a recording.
    #[must_use]
    pub fn file(&self, clip: ClipId, language: Language) -> Option<&Path> {
        self.files.get(&(language, clip)).map(PathBuf::as_path)
    }

    /// The absolute paths of a phrase's recordings, in the order in which they are played.
    #[must_use]
    pub fn files(&self, phrase: Phrase, language: Language) -> Vec<&Path> {
        super::clips(phrase, language).into_iter().filter_map(|clip| self.file(clip, language)).collect()
    }
}

#[cfg(test)]
mod tests;
