//! What is said, by file: the company's own recordings where it has some, ours for the rest.
//!
//! A PBX skips a file that is missing, or plays it at the wrong speed, without a word to anybody. So we open each file
//! of a language before a call needs it, and say which is wrong.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::call::Phrase;

use super::catalogue::{ClipId, PAUSE};
use super::fault::SoundError;
use super::language::Language;
use super::layout::Layout;
use super::made::Made;
use super::script::{COMPANY_NAME, own_script, script};
use super::{lines, ready, wav};

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
    made: Made,
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
        let made = Made::below(&voices.out, voices.layout.own_rate());
        SoundTree { own, voices, made, ready: Mutex::default(), making: Mutex::default() }
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
        files.insert(PAUSE, self.made.pause()?);
        for line in own_script(language) {
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
        // A company that has recorded its name greets callers with it.
        let name = lines::greets(phrase).then_some(COMPANY_NAME);
        let clips = name.into_iter().chain(super::clips(phrase, language));
        clips.filter_map(|clip| self.file(clip, language)).collect()
    }

    /// The same recordings, slower: made where they are wanted for the first time, so this reads and writes files. One
    /// that cannot be made is played as it was recorded; why is told of the first.
    #[must_use]
    pub fn slower(&self, recordings: Vec<PathBuf>) -> (Vec<PathBuf>, Option<SoundError>) {
        let mut fault = None;
        let slow = |recording: PathBuf| {
            self.made.slower(&recording).unwrap_or_else(|why| {
                fault.get_or_insert(why);
                recording
            })
        };
        let slow = recordings.into_iter().map(slow).collect();
        (slow, fault)
    }

    /// Several recordings in one file, which lasts until the next are joined. Reads and writes files.
    ///
    /// # Errors
    /// If one cannot be read, or nothing can be written.
    pub fn joined(&self, recordings: &[PathBuf]) -> Result<PathBuf, SoundError> {
        match recordings {
            [one] => Ok(one.clone()),
            several => self.made.joined(several),
        }
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
