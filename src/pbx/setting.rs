//! What is the same about the settings of every PBX.

use std::fmt::Display;

/// A setting that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pbx}.{setting} = `{value}`: {remedy}")]
pub struct SettingError {
    /// Of which PBX.
    pub pbx: &'static str,
    /// Which.
    pub setting: &'static str,
    /// What it is.
    pub value: String,
    /// What it may be.
    pub remedy: &'static str,
}

impl SettingError {
    pub(super) fn new(
        pbx: &'static str,
        setting: &'static str,
        value: &dyn Display,
        remedy: &'static str,
    ) -> Self {
        Self { pbx, setting, value: value.to_string(), remedy }
    }
}

/// Times that are all between a twentieth of a second and half a minute, and the two pauses before connecting again,
/// of which the second is the longer.
pub(super) fn check_times(
    pbx: &'static str,
    times_ms: &[(&'static str, u64)],
    [first_ms, longest_ms]: [u64; 2],
) -> Result<(), SettingError> {
    for (setting, ms) in times_ms.iter().chain(&[("reconnect_first_ms", first_ms)]) {
        if !(50..=30_000).contains(ms) {
            return Err(SettingError::new(pbx, setting, ms, "use 50 to 30000"));
        }
    }
    if (first_ms..=60_000).contains(&longest_ms) {
        return Ok(());
    }
    Err(SettingError::new(pbx, "reconnect_longest_ms", &longest_ms, "use reconnect_first_ms to 60000"))
}
