//! What is done whenever the connections stand: the self-test, and the calls an earlier life left with us.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tracing::{info, warn};

use super::link::{LinkError, LinkState};
use super::sealing::BRIDGE;
use super::{Shared, offers, selftest};
use crate::pbx::keeping::{self, Standing};
use crate::pbx::{News, Severity};

/// How often the self-test is made; somebody may have turned on a log of keys meanwhile.
const TEST_INTERVAL_MS: u64 = 15_000;

/// How long a caller must have been there to count as left over by an earlier life, in seconds.
const STRAY_AGE_S: u64 = 5;

/// Follows the connections until the adapter is closed.
pub(super) async fn keep(shared: Arc<Shared>, news: mpsc::Sender<News>) {
    let standing = |state| match state {
        LinkState::Starting => Standing::Starting,
        LinkState::Up { version } => Standing::Up(version),
        LinkState::Down(why) => Standing::Down(why),
    };
    let (state, closing) = (shared.link.state(), shared.closing.subscribe());
    let prove = |proven| shared.prove(proven);
    keeping::keep(state, closing, &news, standing, prove, |version| serve(&shared, &news, version)).await;
}

/// While the connections stand; false if nobody listens to the news any more.
async fn serve(shared: &Arc<Shared>, news: &mpsc::Sender<News>, version: String) -> bool {
    let mut told = None;
    let mut swept = false;
    loop {
        let findings = selftest::run(&shared.link, &shared.settings).await;
        let fatal = findings.iter().find(|finding| finding.severity == Severity::Refuses);
        let why = fatal.map(|finding| {
            format!(
                "Asterisk is connected, but no card will be asked for: {}; {}",
                finding.what, finding.remedy
            )
        });
        if told.as_ref() != Some(&why) {
            for finding in findings.iter().filter(|finding| finding.severity == Severity::Warns) {
                warn!("{}: {}; {}", finding.place, finding.what, finding.remedy);
            }
            shared.prove(why.is_none());
            let piece = match &why {
                Some(why) => News::Down { why: why.clone() },
                None => News::Up { version: version.clone() },
            };
            if news.send(piece).await.is_err() {
                return false;
            }
            told = Some(why);
        }
        // A seal that is left over can be ended without the test: it makes nothing more secret or less.
        if !std::mem::replace(&mut swept, true) && !sweep(shared, news).await {
            return false;
        }
        sleep(Duration::from_millis(TEST_INTERVAL_MS)).await;
    }
}

/// Sealed legs become news; agents whose customer hung up while we were away are let go, and bridges nobody is
/// in taken down. False if nobody listens to the news any more.
async fn sweep(shared: &Shared, news: &mpsc::Sender<News>) -> bool {
    match offers::orphans(shared).await {
        Ok(orphans) => {
            for orphan in orphans {
                if news.send(orphan).await.is_err() {
                    return false;
                }
            }
        }
        Err(why) => warn!(%why, "legs an earlier life left sealed could not be looked for"),
    }
    if let Err(why) = clear_bridges(shared).await {
        warn!(%why, "bridges an earlier life left could not be looked for");
    }
    if let Err(why) = clear_strays(shared).await {
        warn!(%why, "callers an earlier life left could not be looked for");
    }
    true
}

/// Callers of the payment number whom nobody serves go on to their fallback, and channels that whispered are
/// taken away.
async fn clear_strays(shared: &Shared) -> Result<(), LinkError> {
    let application = shared.link.get(&format!("/applications/{}", shared.settings.application)).await?;
    let rows = shared.link.channels(None, offers::VARIABLES).await?;
    for leg in application["channel_ids"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !super::words::is_leg(leg) || shared.legs.is_followed(leg) {
            continue;
        }
        if leg.starts_with(super::WHISPER) {
            let _ = shared.link.delete(&format!("/channels/{leg}")).await;
            continue;
        }
        let Some(row) = offers::row(&rows, leg) else { continue };
        // Another program's, which we are subscribed to.
        if row.get("Channel").starts_with(super::recorders::SNOOP) {
            continue;
        }
        let is_new = row.get("Seconds").parse().unwrap_or(0_u64) < STRAY_AGE_S;
        let is_ours = ["TONEGATE_PAYMENT", "TONEGATE_PEER"].iter().any(|name| row.variable(name).is_some());
        if !is_new && !is_ours && row.get("BridgeID").is_empty() {
            info!(%leg, "a caller nobody serves is handed over to the fallback");
            let _ = shared.link.post(&format!("/channels/{leg}/continue")).await;
        }
    }
    Ok(())
}

async fn clear_bridges(shared: &Shared) -> Result<(), LinkError> {
    let bridges = shared.link.get("/bridges").await?;
    for bridge in bridges.as_array().map(Vec::as_slice).unwrap_or_default() {
        let id = bridge["id"].as_str().unwrap_or_default();
        if !id.starts_with(BRIDGE) || !super::words::is_leg(id) {
            continue;
        }
        let inside = super::release::channels_of(bridge);
        match inside.as_slice() {
            [] => drop(shared.link.delete(&format!("/bridges/{id}")).await),
            [one] if super::words::is_leg(one) && !shared.legs.is_followed(one) => {
                let rows = shared.link.channels(Some(one), offers::VARIABLES).await?;
                // A customer alone is ended by the news of it.
                if offers::row(&rows, one).is_some_and(|row| row.variable("TONEGATE_PAYMENT").is_none()) {
                    info!(leg = %one, "a customer hung up while we were away: their agent is let go");
                    let _ = shared.link.delete(&format!("/channels/{one}")).await;
                }
            }
            _ => {}
        }
    }
    Ok(())
}
