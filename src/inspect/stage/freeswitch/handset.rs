//! A telephone with audio in a stage call.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::call::Party;
use crate::inspect::audio::Marker;
use crate::inspect::phone::{Dialog, Heard, KeyMode, KeyStyle, Phone, PhoneError};

use super::super::{Handset, KeySent, Keys, StageError};
use super::foreign::hears_foreign;

/// A [`Dialog`], with the questions a story asks.
pub(super) struct Telephone {
    dialog: Dialog,
    keys: Keys,
    /// Where an extension is dialled.
    exchange: String,
    /// A telephone that may be called as long as this one is there.
    _beside: Option<Phone>,
}

impl Telephone {
    /// A telephone whose keys travel like this; extensions are at the address `exchange`.
    pub fn new(dialog: Dialog, keys: Keys, exchange: &str) -> Self {
        Self { dialog, keys, exchange: exchange.to_owned(), _beside: None }
    }

    /// Keeps another telephone ready to be called.
    pub fn beside(self, other: Phone) -> Self {
        Self { _beside: Some(other), ..self }
    }

    /// Waits until somebody's voice is heard; false if that does not come in time.
    pub async fn awaits(&self, of: Party, wait_ms: u64) -> bool {
        let end = Instant::now() + Duration::from_millis(wait_ms);
        while Instant::now() < end {
            let now = Instant::now();
            // The last packets may still be on their way.
            let to = now.checked_sub(Duration::from_millis(60)).unwrap_or(now);
            let from = to.checked_sub(Duration::from_millis(200)).unwrap_or(to);
            if self.hears_voice(of, from, to) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        false
    }
}

/// With whose voice somebody speaks.
pub(super) fn marker(of: Party) -> Marker {
    match of {
        Party::Customer => Marker::Customer,
        Party::Agent => Marker::Agent,
    }
}

fn told(fault: PhoneError) -> StageError {
    StageError(fault.to_string())
}

#[async_trait::async_trait]
impl Handset for Telephone {
    async fn key(&self, keys: &str, tone_ms: u32, gap_ms: u32) -> Result<Vec<KeySent>, StageError> {
        let mode = match self.keys {
            Keys::Rfc4733 => KeyMode::Rfc4733,
            Keys::InBand => KeyMode::InBand,
            Keys::Both => KeyMode::Both,
            Keys::Info => KeyMode::Info,
        };
        let pressed = self.dialog.keys(keys, KeyStyle::new(mode, tone_ms, gap_ms)).await.map_err(told)?;
        Ok(pressed.iter().map(|key| KeySent { began: key.first_packet, ended: key.end_packet }).collect())
    }

    async fn hang_up(&self) -> Result<(), StageError> {
        self.dialog.hang_up().await.map_err(told)
    }

    async fn hold(&self) -> Result<(), StageError> {
        self.dialog.hold().await.map_err(told)
    }

    async fn resume(&self) -> Result<(), StageError> {
        self.dialog.resume().await.map_err(told)
    }

    async fn transfer(&self, to: &str) -> Result<(), StageError> {
        self.dialog.refer(&format!("sip:{to}@{}", self.exchange)).await.map_err(told)
    }

    fn is_up(&self) -> bool {
        self.dialog.is_up()
    }

    fn keys_received(&self) -> String {
        let heard = self.dialog.heard();
        let events = heard.keys.iter().map(|key| (key.at, key.key));
        let infos = heard.infos.iter().filter_map(|info| Some((info.at, info.key()?)));
        let mut keys: Vec<(Instant, char)> = events.chain(infos).collect();
        keys.sort_by_key(|(at, _)| *at);
        keys.into_iter().map(|(_, key)| key).collect()
    }

    fn tones_heard(&self) -> String {
        self.dialog.heard().tones_pressed()
    }

    fn hears_voice(&self, of: Party, from: Instant, to: Instant) -> bool {
        let heard = self.dialog.heard();
        heard.hears(marker(of), heard.ms_at(from), heard.ms_at(to))
    }

    fn hears_prompt(&self, from: Instant, to: Instant) -> bool {
        let heard = self.dialog.heard();
        hears_foreign(&heard, heard.ms_at(from), heard.ms_at(to))
    }

    fn longest_gap_ms(&self, of: Party, from: Instant, to: Instant) -> u32 {
        let heard: Heard = self.dialog.heard();
        let gaps = heard.voice_gaps(marker(of), heard.ms_at(from), heard.ms_at(to));
        gaps.iter().map(|gap| gap.ms).max().unwrap_or(0)
    }

    fn listen(&self) -> Option<tokio::sync::broadcast::Receiver<crate::pbx::rehearsal::Heard>> {
        None
    }

    fn save(&self, path: &Path) -> Result<bool, StageError> {
        self.dialog.heard().save_wav(path).map_err(|fault| StageError(fault.to_string()))?;
        Ok(true)
    }
}
