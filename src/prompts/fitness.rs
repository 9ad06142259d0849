//! What makes a recording unfit for a telephone.

use std::ops::RangeInclusive;

use crate::call::Party;
use crate::inspect::audio::level_dbov;
use crate::inspect::tones::detect;

use super::resample;

/// Below this level, nobody hears anything.
const SILENT_DBOV: f64 = -50.0;
/// The level of a recording, silence at its ends included.
const LEVEL_DBOV: RangeInclusive<f64> = -30.0..=-16.0;
/// The highest sample: what a telephone line distorts lies above.
const PEAK_MAX_DBFS: f64 = -3.0;
/// From this height on, so many samples in a row are a wave whose top was cut off.
const CUT_OFF: u16 = 32_700;
const CUT_OFF_RUN: usize = 4;
/// The longest sentence of ours takes nine seconds.
const CUSTOMER_MAX_MS: usize = 12_000;
/// What an agent can listen to while talking.
const WHISPER_MAX_MS: usize = 3_000;
/// The rate at which tones are looked for.
const TONES_HERTZ: u32 = 8_000;

/// Why a recording should not be played.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// Nothing is heard.
    #[error("is silent: record it again, or correct the microphone")]
    Silent,
    /// Tops of waves are missing.
    #[error("is clipped at {at_ms} ms: record it again with less gain")]
    Clipped {
        /// Where first, in ms.
        at_ms: usize,
    },
    /// A telephone would take it for a key.
    #[error("sounds like a telephone key at {at_ms} ms (DTMF): record it again in another pitch")]
    Tone {
        /// Where first, in ms.
        at_ms: u32,
    },
    /// Too soft or too loud beside the others.
    #[error("is at {dbov:.0} dBov, wanted is {} to {}: `tonegate sounds import` levels it", LEVEL_DBOV.start(), LEVEL_DBOV.end())]
    Level {
        /// Its level, in dBov.
        dbov: f64,
    },
    /// A telephone line would distort it.
    #[error("reaches {dbfs:.1} dBFS, {PEAK_MAX_DBFS} is the most: `tonegate sounds import` levels it")]
    Peak {
        /// Its highest sample, in dBFS.
        dbfs: f64,
    },
    /// Nobody listens for so long.
    #[error("takes {ms} ms, {max_ms} is the most: speak it faster, or shorten it")]
    TooLong {
        /// How long it is.
        ms: usize,
        /// How long it may be.
        max_ms: usize,
    },
}

impl Unfit {
    /// Whether it must not be played at all: a listener would hear nothing, noise, or a key.
    #[must_use]
    pub fn is_serious(&self) -> bool {
        matches!(self, Unfit::Silent | Unfit::Clipped { .. } | Unfit::Tone { .. })
    }
}

/// What is wrong with a recording at 8 or 16 kHz, for the party that hears it.
pub(super) fn faults(samples: &[i16], hertz: u32, listener: Party) -> Vec<Unfit> {
    let level = level_dbov(samples);
    if level < SILENT_DBOV {
        return vec![Unfit::Silent];
    }
    let per_ms = (hertz / 1_000) as usize;
    let mut faults = Vec::new();
    if let Some(at) = clipped_at(samples) {
        faults.push(Unfit::Clipped { at_ms: at / per_ms });
    }
    let tones = if hertz == TONES_HERTZ { detect(samples) } else { detect(&resample::half(samples)) };
    if let Some(tone) = tones.first() {
        faults.push(Unfit::Tone { at_ms: tone.start_ms });
    }
    if !LEVEL_DBOV.contains(&level) {
        faults.push(Unfit::Level { dbov: level });
    }
    let peak = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
    let dbfs = 20.0 * (f64::from(peak) / 32_768.0).log10();
    if dbfs > PEAK_MAX_DBFS {
        faults.push(Unfit::Peak { dbfs });
    }
    let ms = samples.len() / per_ms;
    let max_ms = if listener == Party::Agent { WHISPER_MAX_MS } else { CUSTOMER_MAX_MS };
    if ms > max_ms {
        faults.push(Unfit::TooLong { ms, max_ms });
    }
    faults
}

/// The first sample of a wave whose top is cut off.
pub(super) fn clipped_at(samples: &[i16]) -> Option<usize> {
    let is_cut = |run: &[i16]| {
        run.iter().all(|sample| sample.unsigned_abs() >= CUT_OFF && sample.signum() == run[0].signum())
    };
    samples.windows(CUT_OFF_RUN).position(is_cut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::tones::{ToneShape, append_keys};

    /// A vowel of sorts: 150 Hz with overtones, swelling, at about -20 dBov.
    fn speech(ms: usize, gain: f64) -> Vec<i16> {
        let wave = |n: usize| {
            let t = n as f64 / 8_000.0 * std::f64::consts::TAU;
            let swell = 0.6 + 0.4 * (t * 4.0).sin();
            3_000.0 * swell * ((t * 150.0).sin() + (t * 300.0).sin() + 0.5 * (t * 450.0).sin())
        };
        (0..ms * 8).map(|n| (gain * wave(n)).clamp(-32_768.0, 32_767.0) as i16).collect()
    }

    #[test]
    fn speech_is_fit_and_each_fault_has_its_name() {
        let faults = |samples: &[i16], listener| faults(samples, 8_000, listener);
        assert_eq!(faults(&speech(1_000, 1.0), Party::Customer), []);
        assert_eq!(faults(&speech(4_000, 1.0), Party::Customer), []);
        assert_eq!(
            faults(&speech(4_000, 1.0), Party::Agent),
            [Unfit::TooLong { ms: 4_000, max_ms: WHISPER_MAX_MS }]
        );
        assert_eq!(faults(&[0; 8_000], Party::Customer), [Unfit::Silent]);
        assert!(matches!(faults(&speech(1_000, 0.1)[..], Party::Customer)[..], [Unfit::Level { .. }]));
        let loud = faults(&speech(1_000, 8.0), Party::Customer);
        assert!(matches!(
            loud[..],
            [Unfit::Clipped { at_ms: 0..20 }, Unfit::Level { .. }, Unfit::Peak { .. }]
        ));
        let mut keyed = speech(500, 1.0);
        append_keys(&mut keyed, "5", &ToneShape::default());
        keyed.extend(speech(500, 1.0));
        assert!(matches!(faults(&keyed, Party::Customer)[..], [Unfit::Tone { at_ms: 495..=510 }]));
    }

    #[test]
    fn what_must_not_be_played_is_told_from_what_could_be_better() {
        assert!(Unfit::Silent.is_serious() && Unfit::Tone { at_ms: 0 }.is_serious());
        assert!(!Unfit::Peak { dbfs: -1.0 }.is_serious());
        assert!(!Unfit::TooLong { ms: 13_000, max_ms: CUSTOMER_MAX_MS }.is_serious());
    }
}
