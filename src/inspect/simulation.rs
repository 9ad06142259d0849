//! Seeded histories of the payment call: a PBX, a bank, a store and two people whose messages get lost,
//! late, doubled and overtaken, drawn from one number. A failing seed replays exactly.
//!
//! The world knows the truth (is the leg sealed? was it charged?), the core only knows what reaches it.
//! What must hold whatever happens is in [`Violation`].

mod commander;
mod people;
mod world;

pub use world::run;

use crate::call::Ending;

/// How one history ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The core's own word for it.
    pub ending: Ending,
    /// Inputs it took.
    pub steps: u32,
    /// Cards sent to the bank.
    pub charges: u32,
}

/// A rule that a history broke.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("seed {seed}, step {step}: {rule}")]
pub struct Violation {
    /// Replays it.
    pub seed: u64,
    /// Inputs taken when it happened.
    pub step: u32,
    /// What must hold and did not.
    pub rule: &'static str,
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and the same on every machine for ever.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// True in `per_mille` of a thousand cases.
    pub(crate) fn chance(&mut self, per_mille: u64) -> bool {
        self.next() % 1000 < per_mille
    }
}
