//! How Asterisk is started, and when it is ready.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use super::super::StageError;
use super::super::process::Process;
use super::install::Install;
use super::wire::Manager;

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
    let logs = ["full.log", "output.txt"].map(|name| directory.join("log").join(name));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    process.ready(&logs, || answering(address, password)).await
}

/// A connection, if all is well behind it.
async fn answering(address: SocketAddr, password: &str) -> Option<Manager> {
    let mut manager = Manager::open(address, password).await.ok()?;
    manager.command("core waitfullybooted").await.ok()?;
    let is_well = manager.command("pjsip show transports").await.ok()?.contains("loopback");
    is_well.then_some(manager)
}
