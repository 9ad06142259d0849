//! Recordings on disk: found, looked at and listed once, when the daemon starts.
//!
//! A PBX skips a file that is missing, or plays it at the wrong speed, without a word to anybody. So we open
//! each file before the first call, and say which is wrong.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::call::Phrase;

use super::catalogue::{ClipId, PAUSE};
use super::fitness::Unfit;
use super::language::Language;
use super::lines;
use super::made::Made;
use super::script::{self, COMPANY_NAME, ScriptLine, script};
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
    made: Option<Made>,
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
                let file = match own_file(own, language, &line, rate, &mut refused) {
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
            // What nobody else can say; without it the greeting is complete all the same.
            if let Some(file) = own_file(own, language, &script::company_name(), rate, &mut refused) {
                files.insert((language, COMPANY_NAME), file);
            }
        }
        Ok(SoundTree { files, refused, made: None })
    }

    /// Has what nobody records made below a directory that the PBX can read: pauses, and slow speech when it is wanted.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub fn making_in(mut self, directory: &Path, rate: SampleRate) -> Result<SoundTree, SoundError> {
        self.made = Some(Made::in_directory(directory, rate)?);
        Ok(self)
    }

    /// The same recordings, slower: made where they are wanted for the first time, so this reads and writes files. One
    /// that cannot be made is played as it was recorded, with the reason.
    #[must_use]
    pub fn slower(&self, recordings: Vec<PathBuf>) -> (Vec<PathBuf>, Option<SoundError>) {
        let mut fault = None;
        let slow = |recording: PathBuf| match self.made.as_ref().map(|made| made.slower(&recording)) {
            Some(Ok(slow)) => slow,
            Some(Err(why)) => {
                fault.get_or_insert(why);
                recording
            }
            None => recording,
        };
        let slow = recordings.into_iter().map(slow).collect();
        (slow, fault)
    }

    /// Several recordings in one file, which lasts until the next are joined. Reads and writes files.
    ///
    /// # Errors
    /// If one cannot be read, or nothing can be written.
    pub fn joined(&self, recordings: &[PathBuf]) -> Result<PathBuf, SoundError> {
        match (&self.made, recordings) {
            (_, [one]) => Ok(one.clone()),
            (Some(made), several) => made.joined(several),
            (None, _) => Err(SoundError::Missing("joined.wav".into())),
        }
    }

    /// The company's own recordings that are not played, each with the reason; ours are played in their place.
    #[must_use]
    pub fn refused(&self) -> &[SoundError] {
        &self.refused
    }

    /// The absolute path of a recording.
    #[must_use]
    pub fn file(&self, clip: ClipId, language: Language) -> Option<&Path> {
        if clip == PAUSE {
            return self.made.as_ref().map(Made::pause);
        }
        self.files.get(&(language, clip)).map(PathBuf::as_path)
    }

    /// The absolute paths of a phrase's recordings, in the order in which they are played.
    #[must_use]
    pub fn files(&self, phrase: Phrase, language: Language) -> Vec<&Path> {
        let name = lines::greets(phrase).then_some(COMPANY_NAME);
        let clips = name.into_iter().chain(super::clips(phrase, language));
        clips.filter_map(|clip| self.file(clip, language)).collect()
    }
}

/// A company's own recording of a line, in the first of its directories that has one that can be heard.
fn own_file(
    own: &[PathBuf],
    language: Language,
    line: &ScriptLine,
    rate: SampleRate,
    refused: &mut Vec<SoundError>,
) -> Option<PathBuf> {
    let name = format!("{}.wav", line.id);
    let mut found = own.iter().map(|own| own.join(language.code()).join(&name)).filter(|file| file.exists());
    let file = found.find(|file| {
        let faults = wav::faults(file, rate.hertz(), line.listener);
        let before = refused.len();
        refused.extend(faults.into_iter().filter(SoundError::is_serious));
        refused.len() == before
    })?;
    std::path::absolute(&file).ok()
}

#[cfg(test)]
mod tests;
