//! Memory of a daemon that waits for its first call.

use std::time::Duration;

use tonegate::inspect::stage::StageError;

use crate::figure::Figure;
use crate::process::resident_mib;
use crate::stand::Stand;

/// How long after its start everything has settled.
const SETTLE_MS: u64 = 3_000;

pub async fn idle(stand: &Stand) -> Result<Vec<Figure>, StageError> {
    tokio::time::sleep(Duration::from_millis(SETTLE_MS)).await;
    let mib = resident_mib(stand.daemon()?)?;
    Ok(vec![Figure::one("memory of the daemon, idle (VmRSS)", "MiB", mib)])
}
