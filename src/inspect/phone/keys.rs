//! How a phone's keypad is pressed.

use super::PhoneError;
use crate::inspect::tones::pair_of;
use std::time::Instant;

/// The most keys one press may hold.
pub const MAX_KEYS: usize = 64;
/// The longest tone, and the longest gap, in ms; what RFC 4733's duration field holds at 8 kHz is 8 s.
pub const MAX_KEY_MS: u32 = 8000;

/// How keys travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyMode {
    /// As telephone-events in RTP; the audio has nothing of them.
    Rfc4733,
    /// As tones in the audio, in place of the voice.
    InBand,
    /// As telephone-events, and at the same time as tones in the audio.
    Both,
    /// As SIP INFO requests (`application/dtmf-relay`).
    Info,
}

/// How keys are pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyStyle {
    /// How long a key is held, in ms.
    pub tone_ms: u32,
    /// The pause after it, in ms. Packets leave every 20 ms, so tone and gap together are rounded up to that.
    pub gap_ms: u32,
    /// How the key travels.
    pub mode: KeyMode,
}

impl KeyStyle {
    /// Keys held for `tone_ms` with pauses of `gap_ms`.
    pub fn new(mode: KeyMode, tone_ms: u32, gap_ms: u32) -> Self {
        Self { tone_ms, gap_ms, mode }
    }

    /// The keys of `digits`, if all of them are keys and the style can be sent.
    pub(super) fn checked(&self, digits: &str) -> Result<Vec<char>, PhoneError> {
        let keys: Vec<char> = digits.chars().take(MAX_KEYS + 1).collect();
        let fits = keys.len() <= MAX_KEYS
            && keys.iter().all(|&key| pair_of(key).is_some())
            && (1..=MAX_KEY_MS).contains(&self.tone_ms)
            && self.gap_ms <= MAX_KEY_MS;
        if fits { Ok(keys) } else { Err(PhoneError::NotKeys) }
    }
}

/// One key, as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pressed {
    /// Which key.
    pub key: char,
    /// When its first packet left.
    pub first_packet: Instant,
    /// When the packet left that says, for the first time, that the key is up again; for tones in the
    /// audio, the packet with the tone's last sample; for INFO, when the answer came.
    pub end_packet: Instant,
}
