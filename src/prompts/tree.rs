//! Recordings on disk: found, looked at and listed once, when the daemon starts.
//!
//! A PBX skips a file that is missing, or plays it at the wrong speed, without a word to anybody. So we open
//! each file before the first call, and say which is wrong.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::call::Phrase;

use super::catalogue::{Catalogue, ClipId};
use super::language::Language;

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
    /// The prompts could not be written for the PBX.
    #[error("cannot write the prompt {}: {source}; see that tonegate may write there", .file.display())]
    Write {
        /// Which.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
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
}

impl SoundTree {
    /// Finds every recording of every language: `<own>/<language>/<id>.wav` in the first of the company's own
    /// directories that has it, else ours in `<default_dir>/<language>/<voice>/` (for 8 kHz in its `8000/`, which [`super::install`] writes). Another
    /// language never stands in. Reads the header of each; an admin's recordings may leave out what they like.
    ///
    /// # Errors
    /// Names the first file that is missing or is not 16-bit mono WAV at `rate`, and what to do.
    pub fn new(own: &[PathBuf], default_dir: &Path, rate: SampleRate) -> Result<SoundTree, SoundError> {
        let mut files = HashMap::new();
        for language in Language::ALL {
            let ours = default_dir.join(language.code()).join(language.voice()).join(rate.directory());
            for clip in Catalogue::of(language).clips() {
                let name = format!("{clip}.wav");
                let file = own
                    .iter()
                    .map(|own| own.join(language.code()).join(&name))
                    .find(|file| file.exists())
                    .unwrap_or_else(|| ours.join(&name));
                check(&file, rate.hertz())?;
                // Absolute, because the PBX has a working directory of its own.
                let file =
                    std::path::absolute(&file).map_err(|error| unreadable(&file, &error, rate.hertz()))?;
                files.insert((language, clip), file);
            }
        }
        Ok(SoundTree { files })
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

fn unreadable(file: &Path, reason: &impl ToString, hertz: u32) -> SoundError {
    SoundError::Unreadable { file: file.to_owned(), reason: reason.to_string(), hertz }
}

/// Opens a recording and makes sure that it is 16-bit mono WAV at that rate, with something in it.
pub(super) fn check(file: &Path, hertz: u32) -> Result<(), SoundError> {
    if !file.exists() {
        return Err(SoundError::Missing(file.to_owned()));
    }
    let reader = hound::WavReader::open(file).map_err(|error| unreadable(file, &error, hertz))?;
    let spec = reader.spec();
    let fits = spec.channels == 1
        && spec.bits_per_sample == 16
        && spec.sample_format == hound::SampleFormat::Int
        && spec.sample_rate == hertz;
    if !fits {
        let found =
            format!("{}-bit, {} channel(s), {} Hz", spec.bits_per_sample, spec.channels, spec.sample_rate);
        return Err(SoundError::Format { file: file.to_owned(), found, hertz });
    }
    if reader.duration() == 0 {
        return Err(SoundError::Format { file: file.to_owned(), found: "empty".to_owned(), hertz });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
