//! When a message that was not taken is tried again: soon, then more and more seldom, for three days.

use crate::store::Tried;

/// How long a message is tried.
pub const TRIED_FOR_MS: i64 = 3 * 24 * 3_600_000;

/// From one try to the next.
const WAITS_MS: [i64; 9] =
    [5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 21_600_000];

/// So much of a wait is left to chance, so that an endpoint that comes back is not stormed.
const JITTER: f64 = 0.2;

/// What follows the try after `tries` earlier ones; `chance` is between 0 and 1. The last try is at the end of the
/// three days.
#[must_use]
pub fn after(tries: u32, since_ms: i64, now_ms: i64, chance: f64) -> Tried {
    let end_ms = since_ms.saturating_add(TRIED_FOR_MS);
    if now_ms >= end_ms {
        return Tried::Dead;
    }
    let at = usize::try_from(tries).unwrap_or(usize::MAX).min(WAITS_MS.len() - 1);
    let factor = 1.0 + JITTER * (2.0 * chance.clamp(0.0, 1.0) - 1.0);
    #[allow(clippy::cast_possible_truncation, reason = "at most a few hours")]
    let wait_ms = (WAITS_MS[at] as f64 * factor) as i64;
    Tried::Again(now_ms.saturating_add(wait_ms).min(end_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_for_three_days_and_then_no_more() {
        for chance in [0.0, 0.5, 1.0] {
            let (mut now, mut tries) = (1_000, 0);
            let mut waits = Vec::new();
            while let Tried::Again(at) = after(tries, 1_000, now, chance) {
                waits.push(at - now);
                (now, tries) = (at, tries + 1);
                assert!(tries < 40, "not for ever");
            }
            assert_eq!(now, 1_000 + TRIED_FOR_MS, "the last try is at the end");
            assert!(tries >= 15, "{tries} tries");
            assert!((4_000..=6_000).contains(&waits[0]));
            assert!(waits[..waits.len() - 1].windows(2).all(|two| two[0] <= two[1]), "{waits:?}");
        }
    }
}
