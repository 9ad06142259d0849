//! `[guard]`: what stops card testing, the trying of stolen card numbers on a payment number.

use serde::Deserialize;

use super::check::between;
use super::error::{ConfigError, Place};
use super::words::list;

/// Numbers, or beginnings of numbers, that may be blocked.
const MAX_BLOCKED: usize = 10_000;

/// `[guard]`. Each limit counts the last hour; 0 is none.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GuardSection {
    /// Declined cards of one caller without an agent.
    pub caller_declines_per_hour: u32,
    /// Different cards of one caller without an agent.
    pub caller_cards_per_hour: u32,
    /// Declines of one card, with and without an agent.
    pub card_declines_per_hour: u32,
    /// Declined cards of callers without an agent, on one dialled number, before it takes none any more.
    pub number_declines_per_hour: u32,
    /// How long a caller waits for the bank after a decline within the hour; doubles with each further one.
    pub delay_first_ms: u64,
    /// As far as it doubles.
    pub delay_longest_ms: u64,
    /// Callers who go to a human at once: numbers as the PBX says them; `+225*` is all that begin so.
    #[serde(deserialize_with = "list")]
    pub blocked_callers: Vec<String>,
}

impl Default for GuardSection {
    fn default() -> Self {
        Self {
            caller_declines_per_hour: 6,
            caller_cards_per_hour: 5,
            card_declines_per_hour: 6,
            number_declines_per_hour: 100,
            delay_first_ms: 1_000,
            delay_longest_ms: 8_000,
            blocked_callers: Vec::new(),
        }
    }
}

impl GuardSection {
    pub(super) fn check(&self, place: &Place) -> Result<(), ConfigError> {
        for (key, value, most) in [
            ("caller_declines_per_hour", self.caller_declines_per_hour, 1_000),
            ("caller_cards_per_hour", self.caller_cards_per_hour, 1_000),
            ("card_declines_per_hour", self.card_declines_per_hour, 1_000),
            ("number_declines_per_hour", self.number_declines_per_hour, 1_000_000),
        ] {
            between(place, &format!("guard.{key}"), value.into(), 0, most, "an hour")?;
        }
        // The bank's own time comes after it.
        between(place, "guard.delay_longest_ms", self.delay_longest_ms, 0, 20_000, "ms")?;
        between(place, "guard.delay_first_ms", self.delay_first_ms, 0, self.delay_longest_ms, "ms")?;
        between(
            place,
            "guard.blocked_callers",
            self.blocked_callers.len() as u64,
            0,
            MAX_BLOCKED as u64,
            "numbers",
        )?;
        for number in &self.blocked_callers {
            let plain = number.strip_suffix('*').unwrap_or(number);
            if plain.is_empty() || !plain.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ')) {
                let what = format!("`{}` is no number", number.chars().take(20).collect::<String>());
                let remedy = "write it as the PBX says it, or its beginning and a star: \"+225*\"";
                return Err(place.fault("guard.blocked_callers", what, remedy));
            }
        }
        Ok(())
    }
}
