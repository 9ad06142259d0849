//! What recorders keep of a payment: the PBX's own, and on Asterisk one of another program over ARI.

use std::path::Path;
use std::time::Duration;

use tonegate::inspect::audio::Marker;
use tonegate::inspect::stage::{CallPlan, Keys, StageError};

use crate::ensure;
use crate::scene::{Scene, Told, VISA, open};
use crate::story;
use crate::teller::{Stage, Story};

/// How much of the beginning and of the end is listened to.
const EDGE_S: usize = 3;
/// Samples per second of what PBXs record here.
const HZ: usize = 8_000;
/// Samples in which a voice is looked for at once.
const WINDOW: usize = 160;

pub fn stories() -> Vec<Story> {
    vec![
        story!(every_recording_has_the_voices_before_and_after_and_no_tone, not_on: &[(
            "rehearsal",
            "its recordings are lists of what would be heard",
        )]),
        story!(who_listens_over_ari_to_a_line_declared_clean_hears_no_tone, not_on: &[
            ("rehearsal", "there is no ARI"),
            ("freeswitch", "there is no ARI"),
        ]),
    ]
}

/// The admin declared a line clean whose telephone sends tones as well: the agent hears them, no recording does.
async fn who_listens_over_ari_to_a_line_declared_clean_hears_no_tone(stage: Stage) -> Told {
    // Long enough that what Asterisk leaves of each tone is one still.
    let plan = CallPlan { keys: Keys::Both, clean: true, record: true, ..CallPlan::default() };
    let mut scene = open(&stage, plan).await?;
    pay_and_hang_up(&mut scene, (200, 150)).await?;
    let records = scene.set.theatre.records().await?;
    let keys = records.keys_recorded_of(&scene.call.customer_leg)?;
    ensure!(keys.is_empty(), "recordings hold the tones {keys:?}");
    voices_stay(&scene, 3).await
}

/// Talks, pays, talks on, and hangs up.
async fn pay_and_hang_up(scene: &mut Scene, (tone_ms, gap_ms): (u32, u32)) -> Told {
    tokio::time::sleep(Duration::from_secs(2)).await;
    scene.pay().await?;
    for (keys, next) in [(VISA.number(), "expiry"), (VISA.expiry.into(), "code")] {
        scene.call.customer.key(&keys, tone_ms, gap_ms).await?;
        scene.asked(next).await?;
    }
    scene.call.customer.key(VISA.code, tone_ms, gap_ms).await?;
    scene.ended("approved").await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    scene.call.customer.hang_up().await?;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    Ok(())
}

/// At least so many recordings of the customer's leg hold their voice, and each of them to the end.
async fn voices_stay(scene: &Scene, least: usize) -> Told {
    let leg = &scene.call.customer_leg;
    let records = scene.set.theatre.records().await?;
    let mut with_the_customer = 0;
    for path in &records.recordings {
        if path.file_stem().is_none_or(|stem| stem != leg.as_str()) {
            continue;
        }
        let [before, after] = edges(path)?;
        // What the customer was sent does not have their own voice.
        if before {
            ensure!(after, "{}: the customer's voice does not come back", path.display());
            with_the_customer += 1;
        }
    }
    ensure!(with_the_customer >= least, "only {with_the_customer} recordings hold the customer's voice");
    Ok(())
}

async fn every_recording_has_the_voices_before_and_after_and_no_tone(stage: Stage) -> Told {
    let plan = CallPlan { keys: Keys::InBand, record: true, ..CallPlan::default() };
    let mut scene = open(&stage, plan).await?;
    pay_and_hang_up(&mut scene, (80, 80)).await?;
    scene.nobody_got_a_digit().await?;
    // Asterisk's: both directions, what was received, and the other program's.
    let least = if scene.set.theatre.name() == "asterisk" { 3 } else { 1 };
    voices_stay(&scene, least).await
}

/// Whether the customer's voice is in the beginning and in the end of a recording.
fn edges(path: &Path) -> Result<[bool; 2], StageError> {
    let failed = |fault| StageError(format!("{}: {fault}", path.display()));
    let mut wav = hound::WavReader::open(path).map_err(failed)?;
    let channels = usize::from(wav.spec().channels.max(1));
    let samples = wav.samples::<i16>().collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let mut found = [false; 2];
    for channel in 0..channels {
        let one: Vec<i16> = samples.iter().skip(channel).step_by(channels).copied().collect();
        let edge = one.len().min(EDGE_S * HZ);
        found[0] |= speaks(&one[..edge]);
        found[1] |= speaks(&one[one.len() - edge..]);
    }
    Ok(found)
}

/// Whether the customer is heard for at least a quarter of the time.
fn speaks(samples: &[i16]) -> bool {
    let least = 0.1 * Marker::nominal_amplitude();
    let windows = samples.chunks(WINDOW);
    let (all, heard) = (windows.len(), windows.filter(|w| Marker::Customer.amplitude(w) >= least).count());
    heard * 4 >= all.max(1)
}
