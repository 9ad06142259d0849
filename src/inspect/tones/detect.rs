//! Finding DTMF in recorded sound, more keenly than a telephone would (ITU-T Q.24).
//!
//! The recording is there in full, so the detector need not hurry: it marks where one row and one column
//! carry most of the sound, cuts that into segments, and then measures each segment: the exact
//! frequencies, the twist, and how much of the sound the two sines explain. The last is what speech
//! cannot imitate.

use super::measure::{fit_pair, true_hz};
use super::{COLUMNS_HZ, ROWS_HZ, key_of};
use crate::inspect::audio::{SAMPLES_PER_MS, SAMPLES_PER_S};
use std::f64::consts::TAU;

/// The window that slides over the sound: 13 ms, so that a burst of 20 ms holds a few whole ones.
const WINDOW_SAMPLES: usize = 104;
/// How far it slides each time: 2.5 ms.
const HOP_SAMPLES: usize = 20;
/// Quieter windows are silence: about −62 dBov, as a mean square.
const FLOOR_MEAN_SQUARE: f64 = 700.0;
/// The share of a window's energy its best row and column must carry to be looked at more closely.
const WINDOW_SHARE: f64 = 0.5;
/// Windows missed inside a tone that do not end it; Q.24 bridges interruptions up to 10 ms.
const BRIDGED_HOPS: usize = 4;
/// The share of a segment's peak power at which its edges lie: half the window is then in the tone.
const EDGE_SHARE: f64 = 0.25;
/// How many windows a segment may be widened on either side.
const EDGE_HOPS: usize = 3;
/// The shortest tone that counts.
const MIN_TONE_MS: usize = 15;
/// From this length on a tone may be as noisy as 6 dB above the noise; a shorter one must be purer.
const LONG_TONE_MS: usize = 33;
/// The share of a long, and of a short, segment that the two sines may leave unexplained.
const MAX_REST_LONG: f64 = 0.35;
const MAX_REST_SHORT: f64 = 0.12;
/// How much stronger the column may be than the row, and the row than the column, in dB.
const MAX_TWIST_DB: f64 = 8.0;
const MAX_REVERSE_TWIST_DB: f64 = 10.0;
/// How much of a tone is measured at most, from its middle.
const MEASURED_SAMPLES: usize = 480;

/// A key found in sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTone {
    /// Which: `0`–`9`, `*`, `#`, `A`–`D`.
    pub key: char,
    /// Where its tone begins, in ms from the start of the sound, within some 3 ms.
    pub start_ms: u32,
    /// Where its tone ends.
    pub end_ms: u32,
}

/// What one window shows: its best row and column and their power, if they stand out.
#[derive(Clone, Copy, Default)]
struct Glimpse {
    key: Option<(usize, usize)>,
    power: f64,
}

/// All keys in a recording at 8 kHz, in order.
pub fn detect(samples: &[i16]) -> Vec<KeyTone> {
    let glimpses: Vec<Glimpse> = (0..samples.len().saturating_sub(WINDOW_SAMPLES) / HOP_SAMPLES)
        .map(|i| glimpse(&samples[i * HOP_SAMPLES..][..WINDOW_SAMPLES]))
        .collect();
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(first) = (next..glimpses.len()).find(|&i| glimpses[i].key.is_some()) {
        let key = glimpses[first].key;
        let mut last = first;
        let mut i = first + 1;
        while i < glimpses.len() && i - last <= BRIDGED_HOPS {
            if glimpses[i].key == key {
                last = i;
            } else if glimpses[i].key.is_some() && i - last > 2 {
                break;
            }
            i += 1;
        }
        if let Some(key) = key {
            segments(&glimpses, key, first, last, |from, to| found.extend(measured(samples, key, from, to)));
        }
        next = last + 1;
    }
    found
}

/// Looks at one window.
fn glimpse(window: &[i16]) -> Glimpse {
    let energy: f64 = window.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    if energy < FLOOR_MEAN_SQUARE * WINDOW_SAMPLES as f64 {
        return Glimpse::default();
    }
    let (row, row_power) = strongest(window, &ROWS_HZ);
    let (column, column_power) = strongest(window, &COLUMNS_HZ);
    let power = row_power + column_power;
    let twist_db = 10.0 * (column_power / row_power.max(1.0)).log10();
    let stands_out = power > WINDOW_SHARE * energy && twist_db.abs() < 14.0;
    Glimpse { key: stands_out.then_some((row, column)), power }
}

/// The strongest of four frequencies, and its energy in the window.
fn strongest(window: &[i16], hz: &[f64; 4]) -> (usize, f64) {
    let mut best = (0, 0.0);
    for (i, &hz) in hz.iter().enumerate() {
        let turn = 2.0 * (TAU * hz / SAMPLES_PER_S as f64).cos();
        let (mut last, mut before) = (0.0, 0.0);
        for &sample in window {
            (last, before) = (f64::from(sample) + turn * last - before, last);
        }
        let energy = 2.0 * (last * last + before * before - turn * last * before) / window.len() as f64;
        if energy > best.1 {
            best = (i, energy);
        }
    }
    best
}

/// Cuts a run of windows where the power of the tone drops for longer than an interruption.
fn segments(
    glimpses: &[Glimpse],
    key: (usize, usize),
    first: usize,
    last: usize,
    mut each: impl FnMut(usize, usize),
) {
    let peak_of = |run: &[Glimpse]| run.iter().map(|g| g.power).fold(0.0, f64::max);
    // In noise the edge windows, half empty, no longer stand out, yet their power still shows them.
    let loud = EDGE_SHARE * peak_of(&glimpses[first..=last]);
    let is_edge = |i: &usize| glimpses[*i].power >= loud;
    let last =
        (last + 1..glimpses.len().min(last + 1 + EDGE_HOPS)).take_while(is_edge).last().unwrap_or(last);
    let first = (first.saturating_sub(EDGE_HOPS)..first).rev().take_while(is_edge).last().unwrap_or(first);
    let run = &glimpses[first..=last];
    let peak = run.iter().filter(|g| g.key == Some(key)).map(|g| g.power).fold(0.0, f64::max);
    let mut open: Option<(usize, usize)> = None;
    for (i, glimpse) in run.iter().enumerate() {
        if glimpse.power < EDGE_SHARE * peak {
            continue;
        }
        match open {
            Some((from, to)) if i - to > BRIDGED_HOPS => {
                each(first + from, first + to);
                open = Some((i, i));
            }
            Some((from, _)) => open = Some((from, i)),
            None => open = Some((i, i)),
        }
    }
    if let Some((from, to)) = open {
        each(first + from, first + to);
    }
}

/// Measures one segment, given by its first and last window; none if it is not a key's tone.
fn measured(samples: &[i16], (row, column): (usize, usize), first: usize, last: usize) -> Option<KeyTone> {
    let start = first * HOP_SAMPLES + WINDOW_SAMPLES / 2 - HOP_SAMPLES / 2;
    let end = last * HOP_SAMPLES + WINDOW_SAMPLES / 2 + HOP_SAMPLES / 2;
    let length_ms = (end - start) / SAMPLES_PER_MS;
    if length_ms < MIN_TONE_MS {
        return None;
    }
    let margin = SAMPLES_PER_MS.max((end - start).saturating_sub(MEASURED_SAMPLES) / 2);
    let body = &samples[start + margin..end - margin];
    let row_hz = true_hz(body, ROWS_HZ[row])?;
    let column_hz = true_hz(body, COLUMNS_HZ[column])?;
    let fit = fit_pair(body, row_hz, column_hz)?;
    let max_rest = if length_ms < LONG_TONE_MS { MAX_REST_SHORT } else { MAX_REST_LONG };
    let sounds_right =
        fit.rest <= max_rest && fit.twist_db <= MAX_TWIST_DB && fit.twist_db >= -MAX_REVERSE_TWIST_DB;
    let ms = |at: usize| (at / SAMPLES_PER_MS) as u32;
    key_of(row, column).filter(|_| sounds_right).map(|key| KeyTone {
        key,
        start_ms: ms(start),
        end_ms: ms(end),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{KEYS, ToneShape, append_key};
    use super::*;
    use crate::inspect::audio::{Law, Marker, level_dbov};
    use rand::{Rng, SeedableRng, rngs::StdRng};

    const KEY_ROUNDS: usize = 6;

    /// Sixteen keys six times, with white noise `snr_db` below the tones if wanted, through µ-law.
    fn found(shape: ToneShape, snr_db: Option<f64>) -> (usize, usize) {
        let mut random = StdRng::seed_from_u64(24);
        let mut audio = vec![0; 800];
        let mut pressed = Vec::new();
        for _ in 0..KEY_ROUNDS {
            for key in KEYS.iter().flatten() {
                // Keys do not begin on a window's edge.
                audio.resize(audio.len() + random.random_range(0..20), 0);
                pressed.push((*key, audio.len() as u32 / 8));
                append_key(&mut audio, *key, &shape);
            }
        }
        audio.resize(audio.len() + 800, 0);
        if let Some(snr_db) = snr_db {
            // Twelve uniform values make a normal one of variance one.
            let sigma = 32768.0 * 10f64.powf((shape.level_dbov - snr_db) / 20.0);
            for sample in &mut audio {
                let normal = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
                *sample = (f64::from(*sample) + sigma * normal).clamp(-32768.0, 32767.0) as i16;
            }
        }
        let audio: Vec<i16> = audio.iter().map(|&s| Law::Mu.decode(Law::Mu.encode(s))).collect();
        let tones = detect(&audio);
        let right = pressed
            .iter()
            .filter(|(key, at)| tones.iter().any(|t| t.key == *key && t.start_ms.abs_diff(*at) <= 6))
            .count();
        (right, tones.len())
    }

    fn shape(tone_ms: u32, gap_ms: u32) -> ToneShape {
        ToneShape { tone_ms, gap_ms, ..ToneShape::default() }
    }

    #[test]
    fn every_key_of_40_ms_is_found() {
        assert_eq!(found(shape(40, 40), None), (96, 96));
    }

    #[test]
    fn every_burst_of_20_ms_is_found() {
        assert_eq!(found(shape(20, 40), None), (96, 96));
        assert_eq!(found(shape(20, 20), None), (96, 96));
    }

    #[test]
    fn every_key_is_found_6_db_above_the_noise() {
        assert_eq!(found(shape(40, 40), Some(6.0)), (96, 96));
        assert_eq!(found(shape(100, 100), Some(6.0)), (96, 96));
    }

    #[test]
    fn every_faint_key_is_found() {
        assert_eq!(found(ToneShape { level_dbov: -48.0, ..shape(40, 40) }, None), (96, 96));
    }

    #[test]
    fn every_twisted_key_is_found() {
        assert_eq!(found(ToneShape { twist_db: 6.0, ..shape(40, 40) }, None), (96, 96));
        assert_eq!(found(ToneShape { twist_db: -8.0, ..shape(40, 40) }, None), (96, 96));
    }

    #[test]
    fn keys_off_by_1_5_percent_are_found_and_by_3_5_are_not() {
        for sign in [1.0, -1.0] {
            assert_eq!(found(ToneShape { detune: sign * 0.015, ..shape(40, 40) }, None), (96, 96));
            assert_eq!(found(ToneShape { detune: sign * 0.035, ..shape(40, 40) }, None), (0, 0));
            assert_eq!(found(ToneShape { detune: sign * 0.035, ..shape(100, 100) }, None), (0, 0));
        }
    }

    #[test]
    fn a_key_held_long_is_one_key() {
        let mut audio = vec![0; 800];
        append_key(&mut audio, '5', &shape(3000, 100));
        let tones = detect(&audio);
        assert_eq!(tones.len(), 1);
        assert!(tones[0].start_ms.abs_diff(100) <= 3 && tones[0].end_ms.abs_diff(3100) <= 3);
    }

    #[test]
    fn noise_and_our_voices_are_no_keys() {
        let mut random = StdRng::seed_from_u64(1);
        let noise: Vec<i16> = (0..8000 * 60).map(|_| random.random_range(-9000..9000)).collect();
        assert!(level_dbov(&noise) > -20.0);
        assert_eq!(detect(&noise), []);
        for marker in [Marker::Customer, Marker::Agent, Marker::Third] {
            let voice: Vec<i16> =
                (0..250).flat_map(|f| marker.spoken(Law::A, f)).map(|&o| Law::A.decode(o)).collect();
            assert_eq!(detect(&voice), [], "{marker:?}");
        }
        assert_eq!(detect(&[]), []);
        assert_eq!(detect(&[1000; 50]), []);
    }
}
