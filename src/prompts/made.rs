//! What nobody records and this machine makes: the pauses in a reference, and slow speech. It is made when it is first
//! wanted, of whatever voice speaks, and kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::fault::SoundError;
use super::layout::SampleRate;
use super::{slow, wav};

/// Long enough to write down what was said, short enough not to sound like the end.
const PAUSE_MS: u32 = 450;

/// Its name.
const PAUSE_FILE: &str = "pause.wav";

/// The place where it is kept.
#[derive(Debug)]
pub(super) struct Made {
    directory: PathBuf,
    hertz: u32,
    /// Two calls may want the same recording at once.
    making: Mutex<()>,
}

impl Made {
    /// Below a directory that the PBX reads, at the rate of its recordings. Nothing is made yet.
    pub(super) fn below(directory: &Path, rate: SampleRate) -> Made {
        let hertz = rate.hertz();
        Made { directory: directory.join(format!("made-{hertz}")), hertz, making: Mutex::default() }
    }

    /// Silence between two groups. Reads and writes files.
    pub(super) fn pause(&self) -> Result<PathBuf, SoundError> {
        let pause = absolute(self.directory.join(PAUSE_FILE))?;
        if wav::samples(&pause, self.hertz).is_err() {
            let samples = vec![0; (self.hertz * PAUSE_MS / 1_000) as usize];
            wav::write(&pause, self.hertz, &samples)?;
        }
        Ok(pause)
    }

    /// Several recordings in one file, for whoever can name but one: the same file each time. Reads and writes files.
    pub(super) fn joined(&self, recordings: &[PathBuf]) -> Result<PathBuf, SoundError> {
        let mut samples = Vec::new();
        for recording in recordings {
            samples.extend(wav::samples(recording, self.hertz)?);
        }
        let joined = absolute(self.directory.join("joined.wav"))?;
        let _one = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        wav::write(&joined, self.hertz, &samples)?;
        Ok(joined)
    }

    /// The recording, slower. Reads and writes files.
    pub(super) fn slower(&self, recording: &Path) -> Result<PathBuf, SoundError> {
        if recording.file_name().is_some_and(|name| name == PAUSE_FILE) {
            return Ok(recording.to_owned());
        }
        let slow = absolute(self.directory.join("slow").join(name(recording)))?;
        let _one = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_up_to_date(&slow, recording) {
            let samples = wav::samples(recording, self.hertz)?;
            wav::write(&slow, self.hertz, &slow::slower(&samples, self.hertz))?;
        }
        Ok(slow)
    }
}

/// Absolute, because the PBX has a working directory of its own.
fn absolute(file: PathBuf) -> Result<PathBuf, SoundError> {
    std::path::absolute(&file).map_err(|source| SoundError::Write { file, source })
}

/// `ask-number-0f3a9c2b17d4.wav`: whose recording of what it is.
fn name(recording: &Path) -> String {
    let whose = hex::encode(Sha256::digest(recording.as_os_str().as_encoded_bytes()));
    let what = recording.file_stem().unwrap_or_default().to_string_lossy();
    format!("{what}-{}.wav", &whose[..12])
}

/// Whether a recording is there and not older than the one it is made of.
fn is_up_to_date(made: &Path, of: &Path) -> bool {
    let changed = |file: &Path| fs::metadata(file).and_then(|file| file.modified()).ok();
    made.exists() && changed(made) >= changed(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_recordings_become_one() {
        let place = tempfile::tempdir().expect("a directory");
        let made = Made::below(place.path(), SampleRate::Narrow);
        let (one, two) = (place.path().join("one.wav"), place.path().join("two.wav"));
        wav::write(&one, 8_000, &[1, 2]).expect("written");
        wav::write(&two, 8_000, &[3]).expect("written");
        let joined = made.joined(&[one.clone(), two, one]).expect("joined");
        assert_eq!(wav::samples(&joined, 8_000).expect("readable"), [1, 2, 3, 1, 2]);
        assert!(made.joined(&[place.path().join("three.wav")]).is_err());
    }

    #[test]
    fn slow_speech_is_made_once_and_again_when_the_recording_changes() {
        let place = tempfile::tempdir().expect("a directory");
        let made = Made::below(place.path(), SampleRate::Narrow);
        assert_eq!(wav::samples(&made.pause().expect("made"), 8_000).expect("a pause").len(), 3_600);
        let recording = place.path().join("welcome.wav");
        wav::write(&recording, 8_000, &[1_000; 8_000]).expect("written");
        let slow = made.slower(&recording).expect("made");
        assert_eq!(wav::samples(&slow, 8_000).expect("slow speech").len(), 10_400);
        let first = fs::metadata(&slow).and_then(|file| file.modified()).expect("a time");
        assert_eq!(made.slower(&recording).expect("kept"), slow);
        assert_eq!(fs::metadata(&slow).and_then(|file| file.modified()).expect("a time"), first);
        std::thread::sleep(std::time::Duration::from_millis(20));
        wav::write(&recording, 8_000, &[1_000; 16_000]).expect("written");
        assert_eq!(wav::samples(&made.slower(&recording).expect("made"), 8_000).expect("new").len(), 20_800);
        let pause = made.pause().expect("made");
        assert_eq!(made.slower(&pause).expect("the pause"), pause);
        let other = place.path().join("other").join("welcome.wav");
        wav::write(&other, 8_000, &[1_000; 8_000]).expect("written");
        assert_ne!(made.slower(&other).expect("made"), slow, "another voice");
    }
}
