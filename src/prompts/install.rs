//! Writes the recordings at 8 kHz, so that playing them costs the PBX no resampling.

use std::fs;
use std::path::Path;

use super::catalogue::Catalogue;
use super::language::Language;
use super::made::is_up_to_date;
use super::resample;
use super::tree::{SampleRate, SoundError};
use super::wav;

/// What [`install`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// Recordings written.
    pub written: u32,
    /// Recordings that were there, and not older than their master.
    pub kept: u32,
}

/// Writes `<out>/<language>/<voice>/8000/<id>.wav` from the 16 kHz masters in `masters`, leaving alone what is
/// up to date. Each file appears whole under its name: a call that is playing the old one goes on.
///
/// # Errors
/// If a master is missing or is not 16-bit mono WAV at 16 kHz, or if `out` cannot be written.
pub fn install(masters: &Path, out: &Path) -> Result<Installed, SoundError> {
    let mut installed = Installed::default();
    for spoken in Language::VOICES {
        let voice = Language::voice_directory(spoken);
        let directory = out.join(&voice).join(SampleRate::Narrow.directory());
        fs::create_dir_all(&directory)
            .map_err(|source| SoundError::Write { file: directory.clone(), source })?;
        for clip in Catalogue::of(spoken.0).clips() {
            let name = format!("{clip}.wav");
            let (master, narrow) = (masters.join(&voice).join(&name), directory.join(&name));
            wav::check(&master, SampleRate::Wide.hertz())?;
            if is_up_to_date(&narrow, &master) && wav::check(&narrow, SampleRate::Narrow.hertz()).is_ok() {
                installed.kept += 1;
            } else {
                let samples = wav::samples(&master, SampleRate::Wide.hertz())?;
                wav::write(&narrow, SampleRate::Narrow.hertz(), &resample::half(&samples))?;
                installed.written += 1;
            }
        }
    }
    Ok(installed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::{SoundTree, find_default_directory};

    #[test]
    fn the_shipped_voices_install_once_and_are_then_kept() {
        let masters = find_default_directory(None).expect("the source tree's sounds");
        let out = tempfile::tempdir().expect("a directory");
        let first = install(&masters, out.path()).expect("installed");
        assert!(first.written > 500 && first.kept == 0, "{first:?}");
        SoundTree::new(&[], out.path(), SampleRate::Narrow).expect("all there, all at 8 kHz");
        let second = install(&masters, out.path()).expect("installed again");
        assert_eq!(second, Installed { written: 0, kept: first.written });
        // Half a file, as a full disk leaves it, is written again.
        fs::write(out.path().join("fr/ff_siwis/8000/and.wav"), "RIFF").expect("written");
        assert_eq!(install(&masters, out.path()).expect("mended").written, 1);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let masters = find_default_directory(None).expect("the source tree's sounds");
        let blocked = tempfile::NamedTempFile::new().expect("a file");
        let error = install(&masters, blocked.path()).unwrap_err().to_string();
        assert!(error.contains(&blocked.path().display().to_string()), "{error}");
    }
}
