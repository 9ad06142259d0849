//! Whether anything is heard beside the voices: a prompt, a whisper.

use crate::inspect::audio::{FRAME_SAMPLES, Marker, SAMPLES_PER_MS, level_dbov, tone_amplitude};
use crate::inspect::phone::Heard;
use crate::inspect::tones::detect;

/// What is left of 20 ms without the voices counts from here on: 20 dB below a talker's level, and well
/// above what G.711 and the swell of our voices leave (about −50 dBov).
const FOREIGN_DBOV: f64 = -40.0;
/// So many such windows in a row are speech; one or two are the edge of a voice that begins or ends.
const LEAST_WINDOWS: usize = 5;
/// A key's tone is no prompt, nor is its edge.
const KEY_EDGE_MS: usize = 20;
/// Full scale of a 16-bit sample.
const FULL_SCALE: f64 = 32768.0;

/// Whether between two moments, in ms of what was heard, there is sound for 100 ms on end that is neither
/// one of the phones' voices nor a key's tone.
pub(super) fn hears_foreign(heard: &Heard, from_ms: u32, to_ms: u32) -> bool {
    let index = |ms: u32| (ms as usize * SAMPLES_PER_MS).min(heard.audio.len());
    let audio = heard.audio.get(index(from_ms)..index(to_ms)).unwrap_or_default();
    is_foreign(audio)
}

fn is_foreign(audio: &[i16]) -> bool {
    let keys = detect(audio);
    let mut run = 0;
    for (n, window) in audio.chunks_exact(FRAME_SAMPLES).enumerate() {
        let at_ms = n * FRAME_SAMPLES / SAMPLES_PER_MS;
        let is_key = keys.iter().any(|key| {
            let (start, end) = (key.start_ms as usize, key.end_ms as usize);
            at_ms + 2 * KEY_EDGE_MS > start && at_ms < end + KEY_EDGE_MS
        });
        let is_loud = !is_key && rest_dbov(window) > FOREIGN_DBOV;
        run = if is_loud { run + 1 } else { 0 };
        if run >= LEAST_WINDOWS {
            return true;
        }
    }
    false
}

/// The level of what is not one of the voices. Their frequencies are multiples of 50 Hz, so that in 20 ms
/// each can be taken out without touching the others.
fn rest_dbov(window: &[i16]) -> f64 {
    let whole = FULL_SCALE * FULL_SCALE * 10f64.powf(level_dbov(window) / 10.0);
    let voices = [Marker::Customer, Marker::Agent, Marker::Third];
    let voiced: f64 =
        voices.iter().flat_map(|voice| voice.hz()).map(|hz| tone_amplitude(window, hz).powi(2) / 2.0).sum();
    let rest = (whole - voiced).max(1e-6);
    10.0 * (rest / (FULL_SCALE * FULL_SCALE)).log10()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::audio::Law;
    use std::f64::consts::TAU;

    fn voice(marker: Marker, frames: usize) -> Vec<i16> {
        (0..frames).flat_map(|n| marker.spoken(Law::Mu, n)).map(|o| Law::Mu.decode(*o)).collect()
    }

    fn mixed(mut one: Vec<i16>, other: &[i16]) -> Vec<i16> {
        one.iter_mut()
            .zip(other)
            .for_each(|(a, b)| *a = Law::Mu.decode(Law::Mu.encode(a.saturating_add(*b))));
        one
    }

    /// Something between a vowel and a hum, gliding, 10 dB below a talker.
    fn prompt(samples: usize) -> Vec<i16> {
        let glide =
            |n: usize, hz: f64| (TAU * (hz * n as f64 / 8000.0 + 40.0 * (n as f64 / 8000.0).powi(2))).sin();
        (0..samples).map(|n| (1400.0 * (glide(n, 180.0) + 0.5 * glide(n, 720.0))) as i16).collect()
    }

    #[test]
    fn voices_that_come_and_go_are_no_prompt() {
        let mut audio = voice(Marker::Agent, 100);
        audio[4003..5211].fill(0);
        assert!(!is_foreign(&audio));
        assert!(!is_foreign(&mixed(audio, &voice(Marker::Customer, 100))));
        assert!(!is_foreign(&[0; 8000]));
    }

    #[test]
    fn a_prompt_is_heard_alone_and_among_voices() {
        assert!(is_foreign(&prompt(1600)));
        assert!(is_foreign(&mixed(voice(Marker::Agent, 100), &prompt(1600))));
    }

    #[test]
    fn keys_are_no_prompt() {
        let mut audio = voice(Marker::Customer, 100);
        for start in [2000, 5000] {
            for n in 0..800 {
                let tone = |hz: f64| 2500.0 * (TAU * hz * f64::from(n) / 8000.0).sin();
                audio[start + n as usize] = (tone(770.0) + tone(1209.0)) as i16;
            }
        }
        assert!(!is_foreign(&audio));
    }
}
