//! What follows the connections to a PBX and tells the desk of them, and how a call tells the desk of itself.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tracing::warn;

use super::News;
use crate::call::FromPbx;

/// How long the desk may take to take a report.
pub(super) const REPORT_TIMEOUT_MS: u64 = 5_000;

/// How the connections to a PBX stand.
pub(super) enum Standing {
    /// Not tried yet.
    Starting,
    /// All of them stand; its version.
    Up(String),
    /// One is missing; why, for an admin.
    Down(String),
}

/// Follows the connections until the adapter is closed or nobody listens to the news. While they stand, `serve` is
/// at work with the PBX's version; it ends with false if nobody listens. `prove(false)` says that what was found out
/// about the PBX is worth nothing any more.
pub(super) async fn keep<S: Clone, F: Future<Output = bool>>(
    mut state: watch::Receiver<S>,
    mut closing: watch::Receiver<bool>,
    news: &mpsc::Sender<News>,
    standing: impl Fn(S) -> Standing,
    prove: impl Fn(bool),
    serve: impl Fn(String) -> F,
) {
    loop {
        let now = state.borrow_and_update().clone();
        let told = match standing(now) {
            Standing::Up(version) => {
                tokio::select! {
                    told = serve(version) => told,
                    changed = state.changed() => {
                        prove(false);
                        if changed.is_err() {
                            return;
                        }
                        continue;
                    }
                    _ = closing.wait_for(|closing| *closing) => return,
                }
            }
            Standing::Starting => true,
            Standing::Down(why) => {
                prove(false);
                news.send(News::Down { why }).await.is_ok()
            }
        };
        if !told {
            return;
        }
        tokio::select! {
            changed = state.changed() => if changed.is_err() { return },
            _ = closing.wait_for(|closing| *closing) => return,
        }
    }
}

/// Reports to the desk; a desk that is gone is noticed by the end of its orders.
pub(super) async fn tell(reports: &mpsc::Sender<FromPbx>, leg: &str, report: FromPbx) {
    let limit = Duration::from_millis(REPORT_TIMEOUT_MS);
    if reports.send_timeout(report, limit).await.is_err() && !reports.is_closed() {
        warn!(%leg, "a report was lost: nobody took it in time");
    }
}
