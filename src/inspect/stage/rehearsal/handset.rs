//! A telephone of the rehearsal PBX: what it keys, and all that it ever heard.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::sync::broadcast;

use super::super::{Handset, KeySent, StageError};
use crate::call::Party;
use crate::pbx::rehearsal::{Heard, PhoneHandle, Sound};

/// A telephone of the rehearsal PBX.
pub struct RehearsalHandset {
    pub(super) phone: PhoneHandle,
    pub(super) began: Instant,
}

impl RehearsalHandset {
    fn ms(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX)
    }

    /// Stretches without voice between two moments.
    fn gaps(&self, from: u64, to: u64) -> Vec<u64> {
        let mut gaps = Vec::new();
        let mut silent_since = Some(0);
        for Heard { at_ms, what } in self.phone.heard() {
            match (what, silent_since) {
                (Sound::Voice, Some(since)) => {
                    gaps.push(at_ms.min(to).saturating_sub(since.max(from)));
                    silent_since = None;
                }
                (Sound::Silence, None) => silent_since = Some(at_ms),
                _ => {}
            }
        }
        if let Some(since) = silent_since {
            gaps.push(to.saturating_sub(since.max(from)));
        }
        gaps
    }
}

#[async_trait::async_trait]
impl Handset for RehearsalHandset {
    async fn key(&self, keys: &str, tone_ms: u32, gap_ms: u32) -> Result<Vec<KeySent>, StageError> {
        let mut sent = Vec::new();
        for key in keys.chars() {
            let began = Instant::now();
            self.phone.key(&key.to_string(), tone_ms.into(), 0).await;
            sent.push(KeySent { began, ended: Instant::now() });
            tokio::time::sleep(Duration::from_millis(gap_ms.into())).await;
        }
        Ok(sent)
    }

    async fn hang_up(&self) -> Result<(), StageError> {
        self.phone.hang_up();
        Ok(())
    }

    async fn hold(&self) -> Result<(), StageError> {
        self.phone.hold();
        Ok(())
    }

    async fn resume(&self) -> Result<(), StageError> {
        self.phone.resume();
        Ok(())
    }

    async fn transfer(&self, to: &str) -> Result<(), StageError> {
        self.phone.transfer(to);
        Ok(())
    }

    fn is_up(&self) -> bool {
        self.phone.leg().is_some()
    }

    fn keys_received(&self) -> String {
        let event = |heard: Heard| if let Sound::TelephoneEvent(key) = heard.what { Some(key) } else { None };
        self.phone.heard().into_iter().filter_map(event).collect()
    }

    fn tones_heard(&self) -> String {
        let tone = |heard: Heard| if let Sound::Tone(key) = heard.what { Some(key) } else { None };
        self.phone.heard().into_iter().filter_map(tone).collect()
    }

    fn hears_voice(&self, _of: Party, from: Instant, to: Instant) -> bool {
        let (from, to) = (self.ms(from), self.ms(to));
        let silent: u64 = self.gaps(from, to).into_iter().sum();
        silent * 2 <= to.saturating_sub(from)
    }

    fn hears_prompt(&self, from: Instant, to: Instant) -> bool {
        let (from, to) = (self.ms(from), self.ms(to));
        self.phone
            .heard()
            .iter()
            .any(|heard| matches!(heard.what, Sound::Prompt(_)) && (from..=to).contains(&heard.at_ms))
    }

    fn longest_gap_ms(&self, _of: Party, from: Instant, to: Instant) -> u32 {
        let longest = self.gaps(self.ms(from), self.ms(to)).into_iter().max().unwrap_or(0);
        u32::try_from(longest).unwrap_or(u32::MAX)
    }

    fn listen(&self) -> Option<broadcast::Receiver<Heard>> {
        Some(self.phone.listen())
    }

    fn save(&self, _path: &Path) -> Result<bool, StageError> {
        Ok(false)
    }
}
