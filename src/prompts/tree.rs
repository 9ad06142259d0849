//! What is said, by file: the company's own recordings where it has some, ours for the rest.
//!
//! A PBX skips a file that is missing, or plays it at the wrong speed, without a word to anybody. So we open each file
//! of a language before a call needs it, and say which is wrong.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::call::Phrase;

use super::catalogue::ClipId;
use super::fault::SoundError;
use super::language::Language;
use super::layout::Layout;
use super::script::script;
use super::{ready, wav};

/// Our own voices, and where they are made ready for the PBX.
#[derive(Clone, Debug)]
pub struct Voices {
    /// The recordings that ship with tonegate.
    pub masters: PathBuf,
    /// Where what the PBX is given is written; nothing is with [`Layout::Wide`].
    pub out: PathBuf,
    /// What the PBX is given.
    pub layout: Layout,
}

/// Where each recording is, language by language, each made ready when it is first asked for.
#[derive(Debug)]
pub struct SoundTree {
    own: Vec<PathBuf>,
    voices: Voices,
    ready: Mutex<HashMap<Language, Arc<Files>>>,
    /// Held by who makes a language ready; nobody who only plays waits for it.
    making: Mutex<()>,
}

type Files = HashMap<ClipId, PathBuf>;

/// What there is to say of a language that was made ready.
#[derive(Debug, Default)]
pub struct Told {
    /// How many files were written for the PBX.
    pub written: u32,
    /// The company's own recordings that are not played, each with the reason; ours are played in their place.
    pub refused: Vec<SoundError>,
    /// Files made for the PBX that were lost or broken; they were made again.
    pub mended: Vec<PathBuf>,
    /// Recordings of ours that are lost or broken, while what was made of them is still whole.
    pub unwell: Vec<SoundError>,
}

impl SoundTree {
    /// Recordings are `<own>/<language>/<id>.wav` in the first of the company's own directories that has it and where
    /// it can be heard, and ours for the rest. Another language never stands in.
    #[must_use]
    pub fn new(own: Vec<PathBuf>, voices: Voices) -> SoundTree {
        SoundTree { own, voices, ready: Mutex::default(), making: Mutex::default() }
    }

    /// Makes a language ready, and again if one of its files is not there any more. Reads and writes files: nothing
    /// for a thread that has others to serve. None if it was ready.
    ///
    /// # Errors
    /// Names the first file of ours that is missing, broken or cannot be written, and what to do.
    pub fn make_ready(&self, language: Language) -> Result<Option<Told>, SoundError> {
        let _one_at_a_time = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if self.files_of(language).is_some_and(|files| files.values().all(|file| file.exists())) {
            return Ok(None);
        }
        let ours = ready::make(&self.voices.masters, &self.voices.out, language, self.voices.layout)?;
        let mut told =
            Told { written: ours.written, mended: ours.mended, unwell: ours.unwell, ..Told::default() };
        let mut files = ours.files;
        let hertz = self.voices.layout.own_rate().hertz();
        for line in script(language) {
            let name = format!("{}.wav", line.id);
            let own = self.own.iter().map(|own| own.join(language.code()).join(&name));
            let fit = own.filter(|file| file.exists()).find(|file| {
                let faults = wav::faults(file, hertz, line.listener);
                let before = told.refused.len();
                told.refused.extend(faults.into_iter().filter(SoundError::is_serious));
                told.refused.len() == before
            });
            if let Some(file) = fit {
                // Absolute, because the PBX has a working directory of its own.
                let file =
                    std::path::absolute(&file).map_err(|error| wav::unreadable(&file, &error, hertz))?;
                files.insert(line.id, file);
            }
        }
        self.ready().insert(language, Arc::new(files));
        Ok(Some(told))
    }

    /// The absolute path of a recording, in a language that was made ready.
    #[must_use]
    pub fn file(&self, clip: ClipId, language: Language) -> Option<PathBuf> {
        self.files_of(language)?.get(&clip).cloned()
    }

    /// The absolute paths of a phrase's recordings, in the order in which they are played.
    #[must_use]
    pub fn files(&self, phrase: Phrase, language: Language) -> Vec<PathBuf> {
        super::clips(phrase, language).into_iter().filter_map(|clip| self.file(clip, language)).collect()
    }

    /// Everything a call in this language may play.
    #[must_use]
    pub fn all(&self, language: Language) -> Vec<PathBuf> {
        let mut all: Vec<PathBuf> =
            self.files_of(language).map(|files| files.values().cloned().collect()).unwrap_or_default();
        all.sort_unstable();
        all
    }

    /// Those files of a language that are there already, without anything being made: for who only looks.
    #[must_use]
    pub fn there(&self, language: Language) -> Vec<PathBuf> {
        let base = match (self.voices.layout, language.voice()) {
            (_, None) => return Vec::new(),
            (Layout::Wide, Some(voice)) => {
                self.voices.masters.join(Language::voice_directory((language, voice)))
            }
            (_, Some(voice)) => self.voices.out.join(Language::voice_directory((language, voice))),
        };
        let files = script(language).into_iter().filter_map(|line| {
            let name = format!("{}.wav", line.id);
            let own = self.own.iter().map(|own| own.join(language.code()).join(&name));
            let ours = self.voices.layout.told(&base, line.id.name());
            own.chain([ours]).find(|file| file.exists())
        });
        files.filter_map(|file| std::path::absolute(file).ok()).collect()
    }

    fn files_of(&self, language: Language) -> Option<Arc<Files>> {
        self.ready().get(&language).cloned()
    }

    fn ready(&self) -> MutexGuard<'_, HashMap<Language, Arc<Files>>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    /// A line for the log for each thing that is wrong.
    pub fn complaints(&self) -> impl Iterator<Item = String> {
        let refused = self
            .refused
            .iter()
            .map(|fault| format!("{fault}; until then, another recording in the same language is played"));
        let unwell = self.unwell.iter().map(|fault| format!("{fault}; what was made of it is still whole"));
        let mended = self
            .mended
            .iter()
            .map(|file| format!("the prompt {} was lost or broken, and was made again", file.display()));
        refused.chain(unwell).chain(mended)
    }
}

#[cfg(test)]
mod tests;
