//! How FreeSWITCH is started, and when it is ready.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use tokio::process::Command;

use super::super::StageError;
use super::super::process::Process;
use super::install::Install;
use super::setting::TOLD;
use super::wire::Wire;

/// Starts it with the configuration and directories in `directory`.
///
/// # Errors
/// If it cannot be started.
pub(super) fn start(install: &Install, directory: &Path) -> Result<Process, StageError> {
    let mut command = Command::new(&install.program);
    command.args(["-nf", "-nc", "-np", "-nonat", "-nonatmap", "-nort"]).arg("-mod").arg(&install.modules);
    for name in TOLD {
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
    let logs = ["freeswitch.log", "output.txt"].map(|name| directory.join("log").join(name));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    process.ready(&logs, || answering(address, password)).await
}

/// A connection, if all is well behind it.
async fn answering(address: SocketAddr, password: &str) -> Option<Wire> {
    let mut wire = Wire::open(address, password).await.ok()?;
    let is_well = wire.api("status").await.ok()?.contains("is ready")
        && wire.api("sofia status").await.ok()?.contains("RUNNING");
    is_well.then_some(wire)
}
