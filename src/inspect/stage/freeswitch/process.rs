//! FreeSWITCH as a process of ours, which ends when we do.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep, timeout};

use super::super::StageError;
use super::install::Install;
use super::wire::Wire;

/// How long FreeSWITCH may take until it takes calls.
const READY_MS: u64 = 60_000;
/// How often it is asked meanwhile.
const ASK_EVERY_MS: u64 = 50;
/// How long it may take to end in order.
const STOP_MS: u64 = 4_000;

/// A running FreeSWITCH. Dropping it kills it.
pub(super) struct Process {
    child: Child,
    warden: Child,
    /// Closed by the system when we end, however we do.
    _leash: Option<ChildStdin>,
}

impl Process {
    /// Starts it with the configuration and directories in `directory`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(install: &Install, directory: &Path) -> Result<Self, StageError> {
        let output = std::fs::File::create(directory.join("log/output.txt"))?;
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
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true)
            .process_group(0)
            .spawn()
            .map_err(|fault| StageError(format!("{}: {fault}", install.program.display())))?;
        // If we are killed, nobody drops anything: a shell that waits for the end of its input does it then.
        let group = child.id().unwrap_or_default();
        let mut warden = Command::new("sh")
            .args(["-c", "cat >/dev/null; kill -s KILL -- -$1", "warden", &group.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let leash = warden.stdin.take();
        Ok(Self { child, warden, _leash: leash })
    }

    /// Waits until the profile `stage` takes calls.
    ///
    /// # Errors
    /// If FreeSWITCH ends, or is not ready in time.
    pub async fn ready(&mut self, port: u16, password: &str, directory: &Path) -> Result<Wire, StageError> {
        let end = Instant::now() + Duration::from_millis(READY_MS);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(StageError(format!("FreeSWITCH ended ({status}):\n{}", last_words(directory))));
            }
            if let Ok(mut wire) = Wire::open(address, password).await
                && wire.api("status").await.is_ok_and(|status| status.contains("is ready"))
                && wire.api("sofia status").await.is_ok_and(|status| status.contains("RUNNING"))
            {
                return Ok(wire);
            }
            if Instant::now() > end {
                return Err(StageError(format!("FreeSWITCH is not ready:\n{}", last_words(directory))));
            }
            sleep(Duration::from_millis(ASK_EVERY_MS)).await;
        }
    }

    /// Its process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for the end it was asked for, and kills it if that does not come.
    pub async fn end(&mut self) {
        let waited = timeout(Duration::from_millis(STOP_MS), self.child.wait()).await;
        if waited.is_err() {
            let _ = self.child.kill().await;
        }
        let _ = self.warden.kill().await;
    }
}

/// The end of its log.
fn last_words(directory: &Path) -> String {
    let text = ["log/freeswitch.log", "log/output.txt"]
        .map(|name| std::fs::read(directory.join(name)).unwrap_or_default())
        .concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<_> = text.lines().collect();
    lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n")
}
