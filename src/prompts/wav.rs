//! WAV files as a PBX plays them: 16-bit, mono, at one rate.

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::call::Party;

use super::fault::SoundError;
use super::fitness::{self, Unfit};

/// Prompts are no secret, and the PBX is another user.
const FILE_MODE: u32 = 0o644;
/// It has to enter the directories; a state directory among them is not for everybody to list.
const DIRECTORY_MODE: u32 = 0o711;

/// Makes sure that a recording is 16-bit mono WAV at that rate, with something in it.
#[cfg(test)]
pub(super) fn check(file: &Path, hertz: u32) -> Result<(), SoundError> {
    samples(file, hertz).map(drop)
}

/// The samples of a recording that is 16-bit mono WAV at that rate, with something in it.
pub(super) fn samples(file: &Path, hertz: u32) -> Result<Vec<i16>, SoundError> {
    samples_of(&bytes(file, hertz)?, file, hertz)
}

/// What a file holds, whatever it is.
pub(super) fn bytes(file: &Path, hertz: u32) -> Result<Vec<u8>, SoundError> {
    fs::read(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => SoundError::Missing(file.to_owned()),
        _ => unreadable(file, &error, hertz),
    })
}

/// Everything that makes a recording unfit for a telephone, its format included.
pub(super) fn faults(file: &Path, hertz: u32, listener: Party) -> Vec<SoundError> {
    match samples(file, hertz) {
        Ok(samples) => unfit(&samples, file, hertz, listener),
        Err(error) => vec![error],
    }
}

/// The same of a recording that has been read.
pub(super) fn unfit(samples: &[i16], file: &Path, hertz: u32, listener: Party) -> Vec<SoundError> {
    let unfit = |reason: Unfit| SoundError::Unfit { file: file.to_owned(), reason };
    fitness::faults(samples, hertz, listener).into_iter().map(unfit).collect()
}

/// The rate a recording says it has; nothing if it cannot be read.
pub(super) fn hertz(file: &Path) -> Option<u32> {
    hound::WavReader::open(file).ok().map(|reader| reader.spec().sample_rate)
}

/// Writes a recording. It appears whole under its name: a call that is playing an old one goes on.
pub(super) fn write(file: &Path, hertz: u32, samples: &[i16]) -> Result<(), SoundError> {
    let written = encoded(hertz, samples).and_then(|bytes| publish(file, &bytes));
    written.map_err(|source| SoundError::Write { file: file.to_owned(), source })
}

/// Writes a file for the PBX, whose user is another: our own umask would keep it out.
pub(super) fn publish(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(directory) = file.parent() {
        // Those that are there are the admin's to open.
        let missing: Vec<&Path> = directory.ancestors().take_while(|above| !above.exists()).collect();
        fs::create_dir_all(directory)?;
        for new in missing.into_iter().filter(|new| !new.as_os_str().is_empty()) {
            fs::set_permissions(new, fs::Permissions::from_mode(DIRECTORY_MODE))?;
        }
    }
    let unfinished = PathBuf::from(format!("{}.new", file.display()));
    fs::write(&unfinished, bytes)?;
    fs::set_permissions(&unfinished, fs::Permissions::from_mode(FILE_MODE))?;
    fs::rename(&unfinished, file)
}

/// Samples as 16-bit mono WAV.
pub(super) fn encoded(hertz: u32, samples: &[i16]) -> std::io::Result<Vec<u8>> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: hertz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut write = || -> Result<(), hound::Error> {
        let mut writer = hound::WavWriter::new(&mut bytes, spec)?;
        samples.iter().try_for_each(|sample| writer.write_sample(*sample))?;
        writer.finalize()
    };
    write().map_err(|error| match error {
        hound::Error::IoError(source) => source,
        other => std::io::Error::other(other),
    })?;
    Ok(bytes.into_inner())
}

/// A file that is no WAV.
pub(super) fn unreadable(file: &Path, reason: &impl ToString, hertz: u32) -> SoundError {
    SoundError::Unreadable { file: file.to_owned(), reason: reason.to_string(), hertz }
}

/// The samples of what was read from a file.
pub(super) fn samples_of(bytes: &[u8], file: &Path, hertz: u32) -> Result<Vec<i16>, SoundError> {
    let reader = hound::WavReader::new(bytes).map_err(|error| unreadable(file, &error, hertz))?;
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
    let read = reader.into_samples::<i16>().collect::<Result<Vec<_>, _>>();
    read.map_err(|error| unreadable(file, &error, hertz))
}
