//! Sound at 8 kHz: G.711, levels, single tones, and the voices of the test phones.
//!
//! A test phone does not speak words: it hums a [`Marker`], three steady frequencies that are its own,
//! so that a recording shows who could be heard, and when, to a few milliseconds.

use std::f64::consts::TAU;
use std::sync::LazyLock;

/// Samples in a second of telephone audio.
pub const SAMPLES_PER_S: usize = 8000;
/// Samples in a millisecond.
pub const SAMPLES_PER_MS: usize = SAMPLES_PER_S / 1000;
/// Samples in one RTP packet of 20 ms.
pub const FRAME_SAMPLES: usize = 160;
/// Full scale of a 16-bit sample.
const FULL_SCALE: f64 = 32768.0;
/// What [`level_dbov`] answers for digital silence.
pub const SILENCE_DBOV: f64 = -100.0;
/// How loud the voices are: the level of active speech on a telephone line (ITU-T P.56).
const VOICE_DBOV: f64 = -20.0;
/// How often the voice swells and fades, in Hz, and how deeply; the pattern repeats each second.
const SWELL_HZ: f64 = 4.0;
const SWELL_DEPTH: f64 = 0.25;

/// The two companding laws of ITU-T G.711.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// µ-law: `PCMU`, RTP payload type 0.
    Mu,
    /// A-law: `PCMA`, RTP payload type 8.
    A,
}

impl Law {
    /// One sample to one octet.
    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Law::Mu => {
                let sign = if sample < 0 { 0x80 } else { 0 };
                // The bias of 132 makes each of the eight chords start at a power of two.
                let biased = u32::from(sample.unsigned_abs()).min(32635) + 132;
                let chord = 24 - biased.leading_zeros();
                !(sign | (chord << 4 | ((biased >> (chord + 3)) & 0x0f)) as u8)
            }
            Law::A => {
                let (magnitude, mask) = if sample < 0 { (!sample, 0x55) } else { (sample, 0xd5) };
                let steps = (magnitude >> 4) as u16;
                let code = if steps < 16 {
                    steps
                } else {
                    let top = 15 - steps.leading_zeros() as u16;
                    (top - 3) << 4 | ((steps >> (top - 4)) & 0x0f)
                };
                code as u8 ^ mask
            }
        }
    }

    /// One octet to one sample.
    pub fn decode(self, octet: u8) -> i16 {
        match self {
            Law::Mu => MU_TABLE[usize::from(octet)],
            Law::A => A_TABLE[usize::from(octet)],
        }
    }

    /// The octet of digital silence.
    pub fn silence(self) -> u8 {
        self.encode(0)
    }
}

static MU_TABLE: [i16; 256] = TABLES.0;
static A_TABLE: [i16; 256] = TABLES.1;
const TABLES: ([i16; 256], [i16; 256]) = {
    let (mut mu, mut a) = ([0; 256], [0; 256]);
    let mut octet = 0;
    while octet < 256 {
        mu[octet] = mu_decode(octet as u8);
        a[octet] = a_decode(octet as u8);
        octet += 1;
    }
    (mu, a)
};

const fn mu_decode(octet: u8) -> i16 {
    let code = !octet;
    let magnitude = (((((code & 0x0f) as i32) << 3) + 132) << ((code >> 4) & 7)) - 132;
    if code & 0x80 != 0 { -magnitude as i16 } else { magnitude as i16 }
}

const fn a_decode(octet: u8) -> i16 {
    let code = octet ^ 0x55;
    let chord = (code >> 4) & 7;
    let step = ((code & 0x0f) as i32) << 4;
    let magnitude = if chord == 0 { step + 8 } else { (step + 0x108) << (chord - 1) };
    if code & 0x80 != 0 { magnitude as i16 } else { -magnitude as i16 }
}

/// The level of some audio in dBov: 0 is a square wave at full scale, a sine at full scale is −3.
pub fn level_dbov(samples: &[i16]) -> f64 {
    if samples.is_empty() {
        return SILENCE_DBOV;
    }
    let energy: f64 = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    power_dbov(energy / samples.len() as f64)
}

/// The level in dBov of one frequency in some audio (Goertzel's algorithm, rectangular window).
pub fn tone_dbov(samples: &[i16], hz: f64) -> f64 {
    if samples.is_empty() {
        return SILENCE_DBOV;
    }
    let amplitude = tone_amplitude(samples, hz);
    power_dbov(amplitude * amplitude / 2.0)
}

fn power_dbov(mean_square: f64) -> f64 {
    (10.0 * (mean_square / (FULL_SCALE * FULL_SCALE)).log10()).max(SILENCE_DBOV)
}

/// The amplitude of a sine of this level (a sine's mean square is half its squared amplitude).
pub fn sine_amplitude(dbov: f64) -> f64 {
    FULL_SCALE * 2f64.sqrt() * 10f64.powf(dbov / 20.0)
}

/// The amplitude, in sample steps, of the sine of one frequency in some audio.
pub fn tone_amplitude(samples: &[i16], hz: f64) -> f64 {
    let turn = 2.0 * (TAU * hz / SAMPLES_PER_S as f64).cos();
    let (mut last, mut before) = (0.0, 0.0);
    for &sample in samples {
        (last, before) = (f64::from(sample) + turn * last - before, last);
    }
    let squared = last * last + before * before - turn * last * before;
    2.0 * squared.max(0.0).sqrt() / samples.len().max(1) as f64
}

/// Whose voice it is. The frequencies are multiples of 50 Hz, so in any window of 20 ms one voice is
/// invisible to the measure of another, and all keep well away from the eight of DTMF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// The caller who pays: 300, 650 and 1950 Hz.
    Customer,
    /// The agent: 450, 1050 and 2250 Hz.
    Agent,
    /// Whoever else is on the line: 550, 1900 and 2750 Hz.
    Third,
}

impl Marker {
    /// The frequencies of this voice, strongest first.
    pub fn hz(self) -> [f64; 3] {
        match self {
            Marker::Customer => [300.0, 650.0, 1950.0],
            Marker::Agent => [450.0, 1050.0, 2250.0],
            Marker::Third => [550.0, 1900.0, 2750.0],
        }
    }

    /// The `frame`th 20 ms of this voice, ready to be sent.
    pub fn spoken(self, law: Law, frame: usize) -> &'static [u8] {
        let second = &VOICES[self as usize][law as usize];
        let at = frame % (SAMPLES_PER_S / FRAME_SAMPLES) * FRAME_SAMPLES;
        &second[at..at + FRAME_SAMPLES]
    }

    /// The amplitude of this voice in some audio: that of the weaker of its two main frequencies, so
    /// that no single foreign tone can pass for it.
    pub fn amplitude(self, samples: &[i16]) -> f64 {
        let [first, second, _] = self.hz();
        (tone_amplitude(samples, first) / WEIGHTS[0]).min(tone_amplitude(samples, second) / WEIGHTS[1])
    }

    /// The amplitude at which [`Marker::amplitude`] finds this voice when nothing has dimmed it.
    pub fn nominal_amplitude() -> f64 {
        let power: f64 = WEIGHTS.iter().map(|w| w * w).sum();
        sine_amplitude(VOICE_DBOV) / power.sqrt()
    }
}

/// How strong each of a voice's three frequencies is.
const WEIGHTS: [f64; 3] = [1.0, 0.9, 0.5];

/// One second of each voice in each law, made once.
static VOICES: LazyLock<[[Vec<u8>; 2]; 3]> = LazyLock::new(|| {
    [Marker::Customer, Marker::Agent, Marker::Third]
        .map(|marker| [Law::Mu, Law::A].map(|law| voice(marker).map(|s| law.encode(s)).collect()))
});

fn voice(marker: Marker) -> impl Iterator<Item = i16> {
    let base = Marker::nominal_amplitude();
    (0..SAMPLES_PER_S).map(move |n| {
        let t = n as f64 / SAMPLES_PER_S as f64;
        let swell = 1.0 + SWELL_DEPTH * (TAU * SWELL_HZ * t).cos();
        let hum: f64 = marker.hz().iter().zip(WEIGHTS).map(|(hz, w)| w * (TAU * hz * t).sin()).sum();
        (base * swell * hum) as i16
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g711_gives_the_values_of_the_recommendation() {
        assert_eq!((Law::Mu.encode(0), Law::A.encode(0)), (0xff, 0xd5));
        assert_eq!((Law::Mu.decode(0x00), Law::Mu.decode(0x80)), (-32124, 32124));
        assert_eq!((Law::A.decode(0x2a), Law::A.decode(0xaa)), (-32256, 32256));
        for octet in 0..=255u8 {
            // 0x7f is minus zero in µ-law; it comes back as plus zero.
            assert!(octet == 0x7f || Law::Mu.encode(Law::Mu.decode(octet)) == octet, "{octet}");
            assert_eq!(Law::A.encode(Law::A.decode(octet)), octet);
        }
    }

    #[test]
    fn g711_keeps_every_sample_within_a_step() {
        for sample in i16::MIN..=i16::MAX {
            for law in [Law::Mu, Law::A] {
                let back = i32::from(law.decode(law.encode(sample)));
                let off = (back - i32::from(sample)).abs();
                assert!(off <= 16 + i32::from(sample).abs() / 16, "{law:?} {sample} {back}");
            }
        }
    }

    #[test]
    fn levels_are_in_dbov() {
        let sine: Vec<i16> =
            (0..8000).map(|n| (32767.0 * (TAU * 1000.0 * f64::from(n) / 8000.0).sin()) as i16).collect();
        assert!((level_dbov(&sine) + 3.01).abs() < 0.05);
        assert!((tone_dbov(&sine, 1000.0) + 3.01).abs() < 0.05);
        assert!(tone_dbov(&sine, 1500.0) < -80.0);
        assert_eq!(level_dbov(&[0; 160]), SILENCE_DBOV);
    }

    #[test]
    fn each_voice_is_seen_and_no_other() {
        for law in [Law::Mu, Law::A] {
            for speaker in [Marker::Customer, Marker::Agent, Marker::Third] {
                for frame in 0..50 {
                    let heard: Vec<i16> = speaker.spoken(law, frame).iter().map(|&o| law.decode(o)).collect();
                    for listened in [Marker::Customer, Marker::Agent, Marker::Third] {
                        let share = listened.amplitude(&heard) / Marker::nominal_amplitude();
                        if listened == speaker { assert!(share > 0.7) } else { assert!(share < 0.05) }
                    }
                }
            }
        }
    }
}
