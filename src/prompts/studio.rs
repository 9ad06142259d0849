//! From a studio's recording to a clip: resampled, trimmed and levelled as ours are.

use std::path::Path;

use rubato::audioadapter_buffers::owned::InterleavedOwned;
use rubato::{Async, FixedAsync, Resampler, SincInterpolationParameters};

use super::fault::SoundError;
use super::fitness::{self, Unfit};
use super::layout::SampleRate;
use super::script::ScriptLine;
use super::wav;

/// Longer ones are not one clip.
const SOURCE_MAX_S: u32 = 60;
/// The rates studios and synthesisers use.
const SOURCE_HERTZ: std::ops::RangeInclusive<u32> = 8_000..=192_000;
/// The most channels that are mixed to one.
const SOURCE_CHANNELS_MAX: u16 = 8;
/// The level while somebody speaks.
const ACTIVE_DBOV: f64 = -20.0;
/// The highest sample; a hair below what [`fitness`] allows.
const PEAK_DBFS: f64 = -3.1;
/// Silence before and after.
const LEAD_MS: usize = 30;
const TAIL_MS: usize = 80;
/// How long the ends are faded.
const FADE_MS: usize = 8;
/// What is softer than this share of the loudest sample, at the ends, is not speech.
const SPEECH_SHARE: f64 = 0.012;
/// Samples resampled at a time.
const CHUNK: usize = 1_024;

/// Makes a clip of a recording of any usual rate, depth and number of channels, and writes it to `out`.
///
/// # Errors
/// If the recording cannot be read, is silent, clipped, or takes longer than a minute, if it sounds like a
/// telephone key, or if `out` cannot be written. Nothing is written then.
pub fn produce(
    source: &Path,
    out: &Path,
    rate: SampleRate,
    line: &ScriptLine,
) -> Result<Vec<SoundError>, SoundError> {
    let hertz = rate.hertz();
    let unfit = |reason| SoundError::Unfit { file: source.to_owned(), reason };
    let (spoken, source_hertz) = read(source, hertz)?;
    let coarse: Vec<i16> = spoken.iter().map(|sample| to_16_bit(*sample)).collect();
    if let Some(at) = fitness::clipped_at(&coarse) {
        let at_ms = at * 1_000 / source_hertz as usize;
        return Err(unfit(Unfit::Clipped { at_ms }));
    }
    let samples =
        resampled(spoken, source_hertz, hertz).map_err(|why| wav::unreadable(source, &why, hertz))?;
    let clip = levelled(trimmed(&samples, hertz).ok_or_else(|| unfit(Unfit::Silent))?, hertz);
    let clip: Vec<i16> = clip.into_iter().map(to_16_bit).collect();
    let (serious, slight): (Vec<_>, Vec<_>) =
        fitness::faults(&clip, hertz, line.listener).into_iter().partition(Unfit::is_serious);
    if let Some(reason) = serious.into_iter().next() {
        return Err(unfit(reason));
    }
    wav::write(out, hertz, &clip)?;
    Ok(slight.into_iter().map(unfit).collect())
}

fn to_16_bit(sample: f64) -> i16 {
    (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16
}

/// The samples, mixed to one channel, between -1 and 1; and the rate.
fn read(source: &Path, wanted_hertz: u32) -> Result<(Vec<f64>, u32), SoundError> {
    let wrong = |reason: &dyn std::fmt::Display| wav::unreadable(source, &reason.to_string(), wanted_hertz);
    let reader = hound::WavReader::open(source).map_err(|error| wrong(&error))?;
    let spec = reader.spec();
    if !SOURCE_HERTZ.contains(&spec.sample_rate) || !(1..=SOURCE_CHANNELS_MAX).contains(&spec.channels) {
        return Err(wrong(&format!("it has {} channels at {} Hz", spec.channels, spec.sample_rate)));
    }
    if reader.duration() > SOURCE_MAX_S * spec.sample_rate {
        return Err(wrong(&format!("it takes longer than {SOURCE_MAX_S} s")));
    }
    let all: Result<Vec<f64>, hound::Error> = match spec.sample_format {
        hound::SampleFormat::Float => {
            reader.into_samples::<f32>().map(|sample| sample.map(f64::from)).collect()
        }
        hound::SampleFormat::Int => {
            let full = 2_f64.powi(i32::from(spec.bits_per_sample) - 1);
            reader.into_samples::<i32>().map(|sample| sample.map(|s| f64::from(s) / full)).collect()
        }
    };
    let all = all.map_err(|error| wrong(&error))?;
    if all.iter().any(|sample| !sample.is_finite()) {
        return Err(wrong(&"it holds samples that are no numbers"));
    }
    let channels = usize::from(spec.channels);
    let mixed = all.chunks_exact(channels).map(|frame| frame.iter().sum::<f64>() / channels as f64).collect();
    Ok((mixed, spec.sample_rate))
}

fn resampled(samples: Vec<f64>, from: u32, to: u32) -> Result<Vec<f64>, String> {
    if from == to || samples.is_empty() {
        return Ok(samples);
    }
    let ratio = f64::from(to) / f64::from(from);
    let parameters = SincInterpolationParameters::default();
    let mut resampler = Async::<f64>::new_sinc(ratio, 1.0, &parameters, CHUNK, 1, FixedAsync::Input)
        .map_err(|why| why.to_string())?;
    let frames = samples.len();
    let input = InterleavedOwned::new_from(samples, 1, frames).map_err(|why| why.to_string())?;
    let output = resampler.process_all(&input, frames, None).map_err(|why| why.to_string())?;
    Ok(output.take_data())
}

/// From just before the first sound to just after the last; nothing if there is none.
fn trimmed(samples: &[f64], hertz: u32) -> Option<Vec<f64>> {
    let of_ms = |ms: usize| ms * hertz as usize / 1_000;
    let loudest = samples.iter().fold(0.0_f64, |most, sample| most.max(sample.abs()));
    let is_speech = |sample: &f64| loudest > 0.0 && sample.abs() > SPEECH_SHARE * loudest;
    let (first, last) = (samples.iter().position(is_speech)?, samples.iter().rposition(is_speech)?);
    let silence = |ms| std::iter::repeat_n(0.0, of_ms(ms));
    let padded: Vec<f64> = silence(LEAD_MS).chain(samples.iter().copied()).chain(silence(TAIL_MS)).collect();
    let mut cut = padded[first..=last + of_ms(LEAD_MS) + of_ms(TAIL_MS)].to_vec();
    let fade = of_ms(FADE_MS).min(cut.len() / 2);
    let end = cut.len() - 1;
    for n in 0..fade {
        let share = n as f64 / fade as f64;
        cut[n] *= share;
        cut[end - n] *= share;
    }
    Some(cut)
}

/// Brings speech to its level, or as near as the peak allows.
fn levelled(mut samples: Vec<f64>, hertz: u32) -> Vec<f64> {
    let loudest = samples.iter().fold(0.0_f64, |most, sample| most.max(sample.abs()));
    let factor = |db: f64| 10_f64.powf(db / 20.0);
    let wanted = factor(ACTIVE_DBOV - active_dbov(&samples, hertz));
    let gain = wanted.min(factor(PEAK_DBFS) / loudest);
    samples.iter_mut().for_each(|sample| *sample *= gain);
    samples
}

/// How loud a recording is while somebody speaks.
pub(super) fn active_dbov_of(samples: &[i16], hertz: u32) -> f64 {
    let samples: Vec<f64> = samples.iter().map(|sample| f64::from(*sample) / 32_768.0).collect();
    active_dbov(&samples, hertz)
}

/// The level while somebody speaks (ITU-T P.56, method B): pauses do not count.
fn active_dbov(samples: &[f64], hertz: u32) -> f64 {
    const SMOOTHING_S: f64 = 0.03;
    const HANGOVER_MS: usize = 200;
    /// The least that active speech lies above the threshold, in dB.
    const MARGIN_DB: f64 = 15.9;
    const THRESHOLDS: i32 = 15;
    let keep = (-1.0 / (f64::from(hertz) * SMOOTHING_S)).exp();
    let (mut once, mut twice) = (0.0, 0.0);
    let envelope: Vec<f64> = samples
        .iter()
        .map(|sample| {
            once = (1.0 - keep) * sample.abs() + keep * once;
            twice = (1.0 - keep) * once + keep * twice;
            twice
        })
        .collect();
    let energy: f64 = samples.iter().map(|sample| sample * sample).sum();
    let hangover = HANGOVER_MS * hertz as usize / 1_000;
    for step in 1..=THRESHOLDS {
        let threshold = 2_f64.powi(-step);
        let (mut active, mut still) = (0_usize, 0_usize);
        for height in &envelope {
            still = if *height >= threshold { hangover } else { still.saturating_sub(1) };
            active += usize::from(still > 0);
        }
        let level = 10.0 * (energy / active as f64).log10();
        if active > 0 && level - 20.0 * threshold.log10() >= MARGIN_DB {
            return level;
        }
    }
    10.0 * (energy / samples.len().max(1) as f64).log10()
}

#[cfg(test)]
mod tests;
