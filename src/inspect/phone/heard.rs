//! What a phone heard, and the questions a test asks of it.

use crate::inspect::audio::{FRAME_SAMPLES, Marker, SAMPLES_PER_MS, SAMPLES_PER_S};
use crate::inspect::tones::{KeyTone, detect};
use std::path::Path;
use std::time::Instant;

/// How far the measuring window of 20 ms slides each time: 2.5 ms, the precision of a gap's ends.
const HOP_SAMPLES: usize = 20;
/// A voice dimmed to less than a tenth of its level (−20 dB) is no longer heard.
const AUDIBLE_SHARE: f64 = 0.1;
/// A window half filled with voice shows half its amplitude: there lies the edge of a gap.
const EDGE_SHARE: f64 = 0.5;
/// Shorter gaps are the lack of a few samples, and no gaps.
const MIN_GAP_MS: u32 = 10;

/// Everything a phone received since it was bound. All times in ms count from `started_at`.
#[derive(Clone, Debug)]
pub struct Heard {
    /// When the phone began to listen.
    pub started_at: Instant,
    /// The sound at 8 kHz, silence wherever nothing was received.
    pub audio: Vec<i16>,
    /// The audio packets, in the order in which they came.
    pub arrivals: Vec<Arrival>,
    /// The keys that came as telephone-events.
    pub keys: Vec<KeyHeard>,
    /// The INFO requests.
    pub infos: Vec<InfoHeard>,
}

/// An audio packet that was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When.
    pub at: Instant,
    /// Its RTP sequence number.
    pub sequence: u16,
    /// Its RTP timestamp.
    pub timestamp: u32,
    /// Its source.
    pub ssrc: u32,
}

/// A key that came as a telephone-event (RFC 4733), however often its packets were repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHeard {
    /// Which key.
    pub key: char,
    /// When its first packet came.
    pub at: Instant,
    /// When its first end packet came, if one did.
    pub ended_at: Option<Instant>,
    /// How long the packets say it was held, in samples.
    pub duration_samples: u16,
}

/// An INFO request that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InfoHeard {
    /// When.
    pub at: Instant,
    /// Its Content-Type.
    pub content_type: String,
    /// Its body.
    pub body: String,
}

impl InfoHeard {
    /// The key it carries, if it is `application/dtmf-relay` or `application/dtmf`.
    pub fn key(&self) -> Option<char> {
        if !self.content_type.to_ascii_lowercase().starts_with("application/dtmf") {
            return None;
        }
        let signal = self.body.lines().find_map(|line| line.trim().strip_prefix("Signal="));
        signal.unwrap_or(&self.body).trim().chars().next()
    }
}

/// A hole in a voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Where it begins, in ms from the start of the recording.
    pub at_ms: u32,
    /// How long it is.
    pub ms: u32,
}

impl Heard {
    /// Where an instant stands in the recording, in ms.
    pub fn ms_at(&self, instant: Instant) -> u32 {
        instant.saturating_duration_since(self.started_at).as_millis() as u32
    }

    /// The keys that came as telephone-events, in order.
    pub fn keys_pressed(&self) -> String {
        self.keys.iter().map(|heard| heard.key).collect()
    }

    /// The keys that can be heard in the sound.
    pub fn tones(&self) -> Vec<KeyTone> {
        detect(&self.audio)
    }

    /// The keys that can be heard in the sound, in order.
    pub fn tones_pressed(&self) -> String {
        self.tones().iter().map(|tone| tone.key).collect()
    }

    /// The keys that came as INFO requests, in order.
    pub fn infos_pressed(&self) -> String {
        self.infos.iter().filter_map(InfoHeard::key).collect()
    }

    /// The share of the time from `from_ms` to `to_ms` in which a voice can be heard, 0 to 1.
    pub fn share_heard(&self, marker: Marker, from_ms: u32, to_ms: u32) -> f64 {
        let least = AUDIBLE_SHARE * Marker::nominal_amplitude();
        let windows = self.windows(marker, from_ms, to_ms);
        let audible = windows.iter().filter(|amplitude| **amplitude >= least).count();
        audible as f64 / windows.len().max(1) as f64
    }

    /// Whether a voice can be heard for at least half of the time from `from_ms` to `to_ms`.
    pub fn hears(&self, marker: Marker, from_ms: u32, to_ms: u32) -> bool {
        self.share_heard(marker, from_ms, to_ms) >= 0.5
    }

    /// The holes of 10 ms and more in a voice between `from_ms` and `to_ms`, to some 5 ms. If the voice
    /// is not heard at all, the whole time is one hole.
    pub fn voice_gaps(&self, marker: Marker, from_ms: u32, to_ms: u32) -> Vec<Gap> {
        let windows = self.windows(marker, from_ms, to_ms);
        let least = AUDIBLE_SHARE * Marker::nominal_amplitude();
        let mut audible: Vec<f64> = windows.iter().copied().filter(|a| *a >= least).collect();
        audible.sort_by(f64::total_cmp);
        let usual = audible.get(audible.len() / 2).copied().unwrap_or(f64::INFINITY);
        let mut gaps = Vec::new();
        let mut begun: Option<usize> = None;
        for i in 0..=windows.len() {
            let is_quiet = windows.get(i).is_some_and(|amplitude| *amplitude < EDGE_SHARE * usual);
            match begun {
                None if is_quiet => begun = Some(i),
                Some(first) if !is_quiet => {
                    begun = None;
                    let ms = ((i - first) * HOP_SAMPLES / SAMPLES_PER_MS) as u32;
                    let at_ms = from_ms + ((first * HOP_SAMPLES) / SAMPLES_PER_MS) as u32;
                    if ms >= MIN_GAP_MS {
                        gaps.push(Gap { at_ms, ms });
                    }
                }
                _ => {}
            }
        }
        gaps
    }

    /// The longest time between two audio packets whose first or second came between `from_ms` and
    /// `to_ms`; a sender that stops its clock as well shows only here.
    pub fn longest_packet_gap(&self, from_ms: u32, to_ms: u32) -> Gap {
        let mut longest = Gap { at_ms: from_ms, ms: 0 };
        for pair in self.arrivals.windows(2) {
            let (begin, end) = (self.ms_at(pair[0].at), self.ms_at(pair[1].at));
            if end >= from_ms && begin <= to_ms && end - begin > longest.ms {
                longest = Gap { at_ms: begin, ms: end - begin };
            }
        }
        longest
    }

    /// Writes the sound to a WAV file of 8 kHz, 16 bit, mono.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_wav(&self, path: &Path) -> Result<(), hound::Error> {
        let sample_format = hound::SampleFormat::Int;
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: SAMPLES_PER_S as u32,
            bits_per_sample: 16,
            sample_format,
        };
        let mut file = hound::WavWriter::create(path, spec)?;
        self.audio.iter().try_for_each(|&sample| file.write_sample(sample))?;
        file.finalize()
    }

    /// The amplitude of a voice around each 2.5 ms, in windows of 20 ms; beyond the sound is silence.
    fn windows(&self, marker: Marker, from_ms: u32, to_ms: u32) -> Vec<f64> {
        let mut window = [0i16; FRAME_SAMPLES];
        let (from, to) = (from_ms as usize * SAMPLES_PER_MS, to_ms as usize * SAMPLES_PER_MS);
        (from..to)
            .step_by(HOP_SAMPLES)
            .map(|centre| {
                for (i, sample) in window.iter_mut().enumerate() {
                    let at = (centre + i).checked_sub(FRAME_SAMPLES / 2);
                    *sample = at.and_then(|at| self.audio.get(at)).copied().unwrap_or(0);
                }
                marker.amplitude(&window)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::audio::Law;

    fn heard(audio: Vec<i16>) -> Heard {
        let (arrivals, keys, infos) = (Vec::new(), Vec::new(), Vec::new());
        Heard { started_at: Instant::now(), audio, arrivals, keys, infos }
    }

    fn voice(marker: Marker, ms: usize) -> Vec<i16> {
        (0..ms.div_ceil(20)).flat_map(|f| marker.spoken(Law::Mu, f)).map(|&o| Law::Mu.decode(o)).collect()
    }

    #[test]
    fn gaps_are_measured_to_a_few_milliseconds() {
        for gap_ms in [20, 43, 80, 180] {
            let mut audio = voice(Marker::Customer, 2000);
            audio[8000 + 37..8000 + 37 + gap_ms * 8].fill(0);
            let other = voice(Marker::Agent, 2000);
            audio.iter_mut().zip(other).for_each(|(sample, other)| *sample += other);
            let gaps = heard(audio).voice_gaps(Marker::Customer, 100, 1900);
            assert_eq!(gaps.len(), 1, "{gap_ms}: {gaps:?}");
            assert!(gaps[0].at_ms.abs_diff(1005) <= 5, "{gap_ms}: {gaps:?}");
            assert!(gaps[0].ms.abs_diff(gap_ms as u32) <= 6, "{gap_ms}: {gaps:?}");
        }
    }

    #[test]
    fn a_voice_that_is_missing_is_one_gap() {
        let heard = heard(voice(Marker::Agent, 1000));
        assert_eq!(heard.voice_gaps(Marker::Customer, 0, 1000), [Gap { at_ms: 0, ms: 1000 }]);
        assert!(heard.hears(Marker::Agent, 0, 1000) && !heard.hears(Marker::Agent, 1100, 2000));
        assert_eq!(heard.share_heard(Marker::Customer, 0, 1000), 0.0);
        assert!(!heard.hears(Marker::Agent, 500, 500));
    }

    #[test]
    fn info_bodies_are_read() {
        let at = Instant::now();
        let key = |content_type: &str, body: &str| {
            InfoHeard { at, content_type: content_type.into(), body: body.into() }.key()
        };
        assert_eq!(key("application/dtmf-relay", "Signal= 4\r\nDuration=100\r\n"), Some('4'));
        assert_eq!(key("application/dtmf", "#"), Some('#'));
        assert_eq!(key("text/plain", "4"), None);
    }
}
