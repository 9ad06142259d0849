//! WAV files as a PBX plays them: 16-bit, mono, at one rate.

use std::fs;
use std::path::{Path, PathBuf};

use crate::call::Party;

use super::fitness::{self, Unfit};
use super::tree::SoundError;

/// Opens a recording and makes sure that it is 16-bit mono WAV at that rate, with something in it.
pub(super) fn check(file: &Path, hertz: u32) -> Result<(), SoundError> {
    open(file, hertz).map(drop)
}

/// The samples of a recording that [`check`] accepts.
pub(super) fn samples(file: &Path, hertz: u32) -> Result<Vec<i16>, SoundError> {
    let read = open(file, hertz)?.into_samples::<i16>().collect::<Result<Vec<_>, _>>();
    read.map_err(|error| unreadable(file, &error, hertz))
}

/// Everything that makes a recording unfit for a telephone, its format included.
pub(super) fn faults(file: &Path, hertz: u32, listener: Party) -> Vec<SoundError> {
    match samples(file, hertz) {
        Ok(samples) => {
            let unfit = |reason: Unfit| SoundError::Unfit { file: file.to_owned(), reason };
            fitness::faults(&samples, hertz, listener).into_iter().map(unfit).collect()
        }
        Err(error) => vec![error],
    }
}

/// The rate a recording says it has; nothing if it cannot be read.
pub(super) fn hertz(file: &Path) -> Option<u32> {
    hound::WavReader::open(file).ok().map(|reader| reader.spec().sample_rate)
}

/// Writes a recording. It appears whole under its name: a call that is playing an old one goes on.
pub(super) fn write(file: &Path, hertz: u32, samples: &[i16]) -> Result<(), SoundError> {
    let unfinished = PathBuf::from(format!("{}.new", file.display()));
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: hertz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let write = || -> Result<(), hound::Error> {
        if let Some(directory) = file.parent() {
            fs::create_dir_all(directory)?;
        }
        let mut writer = hound::WavWriter::create(&unfinished, spec)?;
        for sample in samples {
            writer.write_sample(*sample)?;
        }
        writer.finalize()?;
        Ok(fs::rename(&unfinished, file)?)
    };
    write().map_err(|error| SoundError::Write {
        file: file.to_owned(),
        source: match error {
            hound::Error::IoError(source) => source,
            other => std::io::Error::other(other),
        },
    })
}

/// A file that is no WAV.
pub(super) fn unreadable(file: &Path, reason: &impl ToString, hertz: u32) -> SoundError {
    SoundError::Unreadable { file: file.to_owned(), reason: reason.to_string(), hertz }
}

fn open(file: &Path, hertz: u32) -> Result<hound::WavReader<std::io::BufReader<fs::File>>, SoundError> {
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
    Ok(reader)
}
