//! What is done whenever the connection stands: the self-test, the legs an earlier life left sealed, and
//! the lease by which the dialplan knows that we are up.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;
use tracing::{debug, warn};

use super::link::{Link, LinkError, LinkState};
use super::{Shared, offers, selftest};
use crate::pbx::News;
use crate::pbx::keeping::{self, Standing};

/// How long the dialplan believes that we are up without hearing from us, in seconds.
pub(super) const LEASE_S: u32 = 10;
/// Pause before a self-test that failed is tried again; an admin may be repairing what it found.
const TEST_AGAIN_MS: u64 = 15_000;

/// Follows the connection until the adapter is closed.
pub(super) async fn keep(shared: Arc<Shared>, news: mpsc::Sender<News>) {
    let standing = |state| match state {
        LinkState::Starting => Standing::Starting,
        LinkState::Up { version, .. } => Standing::Up(version),
        LinkState::Down(why) => Standing::Down(why),
    };
    let (state, closing) = (shared.link.state(), shared.closing.subscribe());
    let prove = |proven| shared.prove(proven);
    keeping::keep(state, closing, &news, standing, prove, |version| serve(&shared, &news, version)).await;
}

/// While the connection stands; false if nobody listens to the news any more.
async fn serve(shared: &Arc<Shared>, news: &mpsc::Sender<News>, version: String) -> bool {
    // A seal that is left over can be ended without the test: it makes nothing more secret or less.
    while let Err(why) = selftest::run(shared).await {
        let why = format!(
            "FreeSWITCH is connected, but the seal failed its self-test, so no card will be asked for: {why}"
        );
        if news.send(News::Down { why }).await.is_err() {
            return false;
        }
        sleep(Duration::from_millis(TEST_AGAIN_MS)).await;
    }
    shared.prove(true);
    // Before anybody hears that we are up: who dials the payment number then is not sent to the fallback.
    if let Err(why) = renew(&shared.link).await {
        debug!(%why, "the lease was not taken");
    }
    if news.send(News::Up { version }).await.is_err() {
        return false;
    }
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
    loop {
        if let Err(why) = renew(&shared.link).await {
            debug!(%why, "the lease was not renewed");
        }
        sleep(Duration::from_millis(shared.settings.heartbeat_ms)).await;
    }
}

/// Tells the dialplan that we are up, for the time of the lease.
async fn renew(link: &Link) -> Result<(), LinkError> {
    link.api("global_setvar tonegate_up=1".into()).await?;
    // The old end of the lease would end the new one. There may be none.
    let _ = link.api("sched_del tonegate_dead".into()).await;
    link.api(format!("sched_api +{LEASE_S} tonegate_dead global_setvar tonegate_up=0")).await.map(drop)
}

/// Tells the dialplan that we are not.
pub(super) async fn end_lease(link: &Link) {
    let _ = link.api("global_setvar tonegate_up=0".into()).await;
    let _ = link.api("sched_del tonegate_dead".into()).await;
}
