//! How FreeSWITCH is started, and when it is ready.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::super::StageError;
use super::super::process::{Process, last_words};
use super::install::Install;
use super::wire::Wire;

/// How long FreeSWITCH may take until it takes calls.
const READY_MS: u64 = 60_000;
/// How often it is asked meanwhile.
const ASK_EVERY_MS: u64 = 50;

/// Starts it with the configuration and directories in `directory`.
///
/// # Errors
/// If it cannot be started.
pub(super) fn start(install: &Install, directory: &Path) -> Result<Process, StageError> {
    let mut command = Command::new(&install.program);
    command.args(["-nf", "-nc", "-np", "-nonat", "-nonatmap", "-nort"]).arg("-mod").arg(&install.modules);
    for name in [
        "conf",
        "log",
        "db",
        "run",
        "scripts",
        "temp",
        "htdocs",
        "grammar",
        "certs",
        "recordings",
        "storage",
        "cache",
        "sounds",
    ] {
        command.arg(format!("-{name}")).arg(directory.join(name));
    }
    Process::start(command, &directory.join("log/output.txt"))
}

/// Waits until the profile `stage` takes calls.
///
/// # Errors
/// If FreeSWITCH ends, or is not ready in time.
pub(super) async fn ready(
    process: &mut Process,
    port: u16,
    password: &str,
    directory: &Path,
) -> Result<Wire, StageError> {
    let said = || last_words(&[directory.join("log/freeswitch.log"), directory.join("log/output.txt")]);
    let end = Instant::now() + Duration::from_millis(READY_MS);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    loop {
        if let Some(status) = process.ended()? {
            return Err(StageError(format!("FreeSWITCH ended ({status}):\n{}", said())));
        }
        if let Ok(mut wire) = Wire::open(address, password).await
            && wire.api("status").await.is_ok_and(|status| status.contains("is ready"))
            && wire.api("sofia status").await.is_ok_and(|status| status.contains("RUNNING"))
        {
            return Ok(wire);
        }
        if Instant::now() > end {
            return Err(StageError(format!("FreeSWITCH is not ready:\n{}", said())));
        }
        sleep(Duration::from_millis(ASK_EVERY_MS)).await;
    }
}
