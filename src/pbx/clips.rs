//! The files of a sentence, and how long it takes to say them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

/// Sentences that may wait for one party.
pub(super) const WAITING_MAX: usize = 16;
/// Files in one sentence.
pub(super) const CLIPS_MAX: usize = 32;
/// How much longer than its files a sentence may take before it counts as ended.
const LATE_MARGIN_MS: u64 = 1_500;
/// The longest sentence, if a file's length cannot be read.
const LONGEST_MS: u64 = 60_000;

/// Why a sentence cannot be said; `P` is what is wrong with a path, as the PBX has it.
#[derive(Debug, thiserror::Error)]
pub(super) enum CannotSay<P: std::error::Error> {
    #[error(transparent)]
    Path(#[from] P),
    #[error("a sentence of no files, or of more than {CLIPS_MAX}")]
    Clips,
    #[error("more than {WAITING_MAX} sentences wait already")]
    TooMany,
}

/// When a sentence of these files, begun now, must have ended.
pub(super) async fn deadline(clips: Vec<PathBuf>) -> Instant {
    let sum = move || clips.iter().map(|clip| length(clip)).sum::<Option<Duration>>();
    let lasts = tokio::task::spawn_blocking(sum).await.ok().flatten();
    let lasts = lasts.unwrap_or(Duration::from_millis(LONGEST_MS));
    Instant::now() + lasts + Duration::from_millis(LATE_MARGIN_MS)
}

fn length(clip: &Path) -> Option<Duration> {
    let wav = hound::WavReader::open(clip).ok()?;
    let rate = wav.spec().sample_rate;
    (rate > 0).then(|| Duration::from_millis(u64::from(wav.duration()) * 1_000 / u64::from(rate)))
}
