//! Our recordings, made ready for the PBX: at the rates its lines have, where it looks for them.
//!
//! What was made is noted with its hash and its master's. So a file that is lost, cut short or changed is found
//! before a call needs it and made again, and one whose master has become another is not kept.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::catalogue::{Catalogue, ClipId};
use super::fault::SoundError;
use super::language::Language;
use super::layout::{Encoding, File, Layout, SampleRate};
use super::{resample, wav};

/// What was made, beside it: file, samples per second, its hash, its master's hash.
const NOTES: &str = "made.tsv";
/// Which masters were released, in their directory.
const RELEASED: &str = "SHA256SUMS";
/// A language of ours, ready.
#[derive(Debug, Default)]
pub(super) struct Ready {
    /// What the PBX is told to play, by clip.
    pub(super) files: HashMap<ClipId, PathBuf>,
    /// Files written for the first time, or because their master is another.
    pub(super) written: u32,
    /// Files that were there as they should be.
    pub(super) kept: u32,
    /// Files that were lost or broken, and were written again.
    pub(super) mended: Vec<PathBuf>,
    /// Masters that are lost or broken, while what was made of them is still whole.
    pub(super) unwell: Vec<SoundError>,
}

/// Makes all recordings of a language ready. Each file appears whole under its name: a call that is playing an old
/// one goes on.
///
/// # Errors
/// If the language has no recordings, if a master is missing, broken or not the one that was released and there is
/// nothing whole that was made of it, or if `out` cannot be written.
pub(super) fn make(
    masters: &Path,
    out: &Path,
    language: Language,
    layout: Layout,
) -> Result<Ready, SoundError> {
    let voice = language.voice().ok_or(SoundError::NoVoice(language))?;
    let voice = Language::voice_directory((language, voice));
    let place = Place { voice: &voice, masters, out: out.join(&voice), released: released(masters) };
    let mut ready = Ready::default();
    let mut notes = if layout == Layout::Wide { Notes::default() } else { Notes::read(&place.out) };
    for clip in Catalogue::of(language).clips() {
        let base = if layout == Layout::Wide { masters.join(&voice) } else { place.out.clone() };
        match place.master(clip) {
            Ok(master) if layout == Layout::Wide => drop(master.samples()?),
            Ok(master) => {
                for file in layout.made(clip.name()) {
                    place.renew(&master, &file, &mut notes, &mut ready)?;
                }
            }
            Err(fault) => {
                let files = layout.made(clip.name());
                let whole = |file: &File| notes.holds(&place.out, file, None);
                if files.is_empty() || !files.iter().all(whole) {
                    return Err(fault);
                }
                ready.kept += u32::try_from(files.len()).unwrap_or(u32::MAX);
                ready.unwell.push(fault);
            }
        }
        // Absolute, because the PBX has a working directory of its own.
        let told = layout.told(&base, clip.name());
        let told = std::path::absolute(&told).map_err(|source| SoundError::Write { file: told, source })?;
        ready.files.insert(clip, told);
    }
    if ready.written > 0 || !ready.mended.is_empty() {
        notes.write(&place.out)?;
    }
    Ok(ready)
}

/// Where one voice is.
struct Place<'a> {
    voice: &'a Path,
    masters: &'a Path,
    out: PathBuf,
    released: HashMap<String, String>,
}

/// A master as it was read.
struct Master {
    file: PathBuf,
    bytes: Vec<u8>,
    hash: String,
}

impl Master {
    fn samples(&self) -> Result<Vec<i16>, SoundError> {
        wav::samples_of(&self.bytes, &self.file, SampleRate::Wide.hertz())
    }
}

impl Place<'_> {
    fn master(&self, clip: ClipId) -> Result<Master, SoundError> {
        let name = self.voice.join(format!("{clip}.wav"));
        let file = self.masters.join(&name);
        let bytes = wav::bytes(&file, SampleRate::Wide.hertz())?;
        let hash = hex::encode(Sha256::digest(&bytes));
        let released = name.to_str().and_then(|name| self.released.get(name));
        if released.is_some_and(|released| *released != hash) {
            return Err(SoundError::Altered(file));
        }
        Ok(Master { file, bytes, hash })
    }

    /// Writes a file that is not there as it should be.
    fn renew(
        &self,
        master: &Master,
        file: &File,
        notes: &mut Notes,
        ready: &mut Ready,
    ) -> Result<(), SoundError> {
        if notes.holds(&self.out, file, Some(&master.hash)) {
            ready.kept += 1;
            return Ok(());
        }
        let samples = master.samples()?;
        let samples = match file.rate {
            SampleRate::Wide => samples,
            SampleRate::Narrow => resample::half(&samples),
        };
        let path = self.out.join(&file.name);
        let bytes = match file.encoding {
            Encoding::Wav => wav::encoded(file.rate.hertz(), &samples),
            Encoding::Raw => Ok(samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()),
        };
        let bytes = bytes.and_then(|bytes| wav::publish(&path, &bytes).map(|()| bytes));
        let bytes = bytes.map_err(|source| SoundError::Write { file: path.clone(), source })?;
        let hash = hex::encode(Sha256::digest(&bytes));
        if notes.knows(file, Some(&master.hash)).is_some() {
            ready.mended.push(path);
        } else {
            ready.written += 1;
        }
        let note = Note { hash, master: master.hash.clone(), hertz: file.rate.hertz() };
        notes.0.insert(file.name.clone(), note);
        Ok(())
    }
}

/// What was made, by file.
#[derive(Debug, Default)]
struct Notes(HashMap<String, Note>);

/// How one file came to be.
#[derive(Debug)]
struct Note {
    hash: String,
    /// The hash of its master.
    master: String,
    hertz: u32,
}

impl Notes {
    fn read(directory: &Path) -> Notes {
        // Without them everything is made again.
        let text = fs::read_to_string(directory.join(NOTES)).unwrap_or_default();
        let line = |line: &str| {
            let mut columns = line.split('\t');
            let file = columns.next()?.to_owned();
            let hertz = columns.next()?.parse().ok()?;
            let (hash, master) = (columns.next()?.to_owned(), columns.next()?.to_owned());
            Some((file, Note { hash, master, hertz }))
        };
        Notes(text.lines().filter_map(line).collect())
    }

    fn write(&self, directory: &Path) -> Result<(), SoundError> {
        let line = |(file, note): (&String, &Note)| {
            let Note { hash, master, hertz } = note;
            format!("{file}\t{hertz}\t{hash}\t{master}\n")
        };
        let mut lines: Vec<String> = self.0.iter().map(line).collect();
        lines.sort_unstable();
        let file = directory.join(NOTES);
        wav::publish(&file, lines.concat().as_bytes()).map_err(|source| SoundError::Write { file, source })
    }

    /// Whether a file is noted as one of this rate; of that master, if one is named.
    fn knows(&self, file: &File, master: Option<&str>) -> Option<&Note> {
        let is_it = |note: &&Note| {
            note.hertz == file.rate.hertz() && master.is_none_or(|master| master == note.master)
        };
        self.0.get(&file.name).filter(is_it)
    }

    /// Whether it is also as it was made.
    fn holds(&self, directory: &Path, file: &File, master: Option<&str>) -> bool {
        self.knows(file, master).is_some_and(|note| {
            let read = fs::read(directory.join(&file.name));
            read.is_ok_and(|bytes| hex::encode(Sha256::digest(&bytes)) == note.hash)
        })
    }
}

/// The hashes of the masters that were released, by their names; none where nobody wrote them down.
fn released(masters: &Path) -> HashMap<String, String> {
    let text = fs::read_to_string(masters.join(RELEASED)).unwrap_or_default();
    let line = |line: &str| line.split_once("  ").map(|(hash, file)| (file.to_owned(), hash.to_owned()));
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests;
