//! A directory of recordings, looked through: what is there, what is missing, what is unfit.

use std::path::{Path, PathBuf};

use super::catalogue::ClipId;
use super::fault::SoundError;
use super::language::Language;
use super::layout::SampleRate;
use super::script::{COMPANY_NAME, own_script};
use super::{studio, wav};

/// More files than a language has clips several times over are not a directory of recordings.
const STRANGERS_MAX: usize = 1_000;

/// What a directory holds of one language.
#[derive(Debug, Default)]
pub struct Recorded {
    /// Recordings that can be played.
    pub fit: usize,
    /// What is wrong with others, each with its file.
    pub unfit: Vec<SoundError>,
    /// Clips without a recording.
    pub missing: Vec<ClipId>,
    /// Recordings that nothing plays.
    pub strangers: Vec<PathBuf>,
    /// How long all that can be read take, in ms.
    pub lasts_ms: u64,
    /// How loud each of them is while somebody speaks, in dBov (ITU-T P.56).
    pub levels_dbov: Vec<f64>,
}

/// Looks at each `<directory>/<id>.wav`. Without a rate, each may have either of the two that a PBX is given.
#[must_use]
pub fn look_through(directory: &Path, language: Language, rate: Option<SampleRate>) -> Recorded {
    let mut recorded = Recorded::default();
    let lines = own_script(language);
    for line in &lines {
        let file = directory.join(format!("{}.wav", line.id));
        if !file.exists() {
            if line.id != COMPANY_NAME {
                recorded.missing.push(line.id);
            }
            continue;
        }
        let narrow = SampleRate::Narrow.hertz();
        let either = || if wav::hertz(&file) == Some(narrow) { narrow } else { SampleRate::Wide.hertz() };
        let hertz = rate.map_or_else(either, SampleRate::hertz);
        match wav::samples(&file, hertz) {
            Ok(samples) => {
                let faults = wav::unfit(&samples, &file, hertz, line.listener);
                recorded.fit += usize::from(faults.is_empty());
                recorded.unfit.extend(faults);
                recorded.lasts_ms += samples.len() as u64 * 1_000 / u64::from(hertz);
                recorded.levels_dbov.push(studio::active_dbov_of(&samples, hertz));
            }
            Err(fault) => recorded.unfit.push(fault),
        }
    }
    let files = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_recording = |file: &PathBuf| file.extension().is_some_and(|end| end.eq_ignore_ascii_case("wav"));
    let is_known = |file: &PathBuf| {
        lines.iter().any(|line| file.file_name().is_some_and(|name| name == &*format!("{}.wav", line.id)))
    };
    let strangers = files.filter(|file| is_recording(file) && !is_known(file));
    recorded.strangers = strangers.take(STRANGERS_MAX).collect();
    recorded.strangers.sort();
    recorded
}
