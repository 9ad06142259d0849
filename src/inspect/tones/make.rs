//! The tones of a keypad, as clean or as crooked as a test wants them.

use super::{COLUMNS_HZ, KEYS, ROWS_HZ};
use crate::inspect::audio::{SAMPLES_PER_MS, SAMPLES_PER_S, sine_amplitude};
use std::f64::consts::TAU;

/// How a key sounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToneShape {
    /// How long the tone lasts, in ms.
    pub tone_ms: u32,
    /// The silence after it, in ms.
    pub gap_ms: u32,
    /// The level of both frequencies together, in dBov.
    pub level_dbov: f64,
    /// How much stronger the column's frequency is than the row's, in dB.
    pub twist_db: f64,
    /// By what share both frequencies are off: 0.015 is 1.5% sharp.
    pub detune: f64,
}

impl Default for ToneShape {
    /// A telephone's own: 100 ms tone, 100 ms silence, −11 dBov, the column 2 dB stronger.
    fn default() -> Self {
        Self { tone_ms: 100, gap_ms: 100, level_dbov: -11.0, twist_db: 2.0, detune: 0.0 }
    }
}

/// The row's and the column's frequency of a key, in Hz; none if it is not one of the sixteen.
pub fn pair_of(key: char) -> Option<(f64, f64)> {
    KEYS.iter()
        .enumerate()
        .find_map(|(row, keys)| Some((ROWS_HZ[row], COLUMNS_HZ[keys.iter().position(|&k| k == key)?])))
}

/// The key of a row and a column, each 0 to 3; none beyond.
pub fn key_of(row: usize, column: usize) -> Option<char> {
    KEYS.get(row)?.get(column).copied()
}

/// Sample `n` of the tone of a pair of frequencies.
pub fn key_sample((row_hz, column_hz): (f64, f64), shape: &ToneShape, n: usize) -> i16 {
    let twist = 10f64.powf(shape.twist_db / 20.0);
    let row_amplitude = sine_amplitude(shape.level_dbov) / (1.0 + twist * twist).sqrt();
    let angle = TAU * n as f64 * (1.0 + shape.detune) / SAMPLES_PER_S as f64;
    (row_amplitude * ((angle * row_hz).sin() + twist * (angle * column_hz).sin())) as i16
}

/// Appends the tone of one key and the silence after it; false, and nothing, if there is no such key.
pub fn append_key(audio: &mut Vec<i16>, key: char, shape: &ToneShape) -> bool {
    let Some(pair) = pair_of(key) else { return false };
    let tone_samples = shape.tone_ms as usize * SAMPLES_PER_MS;
    audio.extend((0..tone_samples).map(|n| key_sample(pair, shape, n)));
    audio.resize(audio.len() + shape.gap_ms as usize * SAMPLES_PER_MS, 0);
    true
}

/// Appends one key after another; characters that are no keys are left out.
pub fn append_keys(audio: &mut Vec<i16>, keys: &str, shape: &ToneShape) {
    for key in keys.chars() {
        append_key(audio, key, shape);
    }
}
