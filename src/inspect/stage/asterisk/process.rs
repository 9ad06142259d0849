//! How Asterisk is started, and when it is ready.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::StageError;
use super::super::process::{Process, last_words};
use super::install::Install;
use super::wire::Manager;

/// How long Asterisk may take until it takes calls.
const READY_MS: u64 = 60_000;
/// How often it is asked meanwhile.
const ASK_EVERY_MS: u64 = 50;

/// Starts it with the configuration in `directory`.
///
/// # Errors
/// If it cannot be started.
pub(super) fn start(install: &Install, directory: &Path) -> Result<Process, StageError> {
    let mut command = install.command();
    command.arg("-f").arg("-C").arg(directory.join("etc/asterisk.conf"));
    Process::start(command, &directory.join("log/output.txt"))
}

/// Waits until everything is loaded.
///
/// # Errors
/// If Asterisk ends, or is not ready in time.
pub(super) async fn ready(
    process: &mut Process,
    port: u16,
    password: &str,
    directory: &Path,
) -> Result<Manager, StageError> {
    let said = || last_words(&[directory.join("log/full.log"), directory.join("log/output.txt")]);
    let end = Instant::now() + Duration::from_millis(READY_MS);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    loop {
        if let Some(status) = process.ended()? {
            return Err(StageError(format!("Asterisk ended ({status}):\n{}", said())));
        }
        if let Ok(mut manager) = Manager::open(address, password).await
            && manager.command("core waitfullybooted").await.is_ok()
            && manager.command("pjsip show transports").await.is_ok_and(|shown| shown.contains("loopback"))
        {
            return Ok(manager);
        }
        if Instant::now() > end {
            return Err(StageError(format!("Asterisk is not ready:\n{}", said())));
        }
        sleep(Duration::from_millis(ASK_EVERY_MS)).await;
    }
}
