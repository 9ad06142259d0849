//! A PBX as a process of ours, which ends when we do.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep, timeout};

use super::StageError;

/// How long a PBX may take until it takes calls.
const READY_MS: u64 = 60_000;
/// How often it is asked meanwhile.
const ASK_EVERY_MS: u64 = 50;
/// How long it may take to end in order.
const STOP_MS: u64 = 4_000;

/// A running PBX. Dropping it kills it.
pub(super) struct Process {
    child: Child,
    warden: Child,
    /// Closed by the system when we end, however we do.
    _leash: Option<ChildStdin>,
}

impl Process {
    /// Starts it in a process group of its own; what it prints goes to the file `output`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(mut command: Command, output: &Path) -> Result<Self, StageError> {
        let output = std::fs::File::create(output)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true)
            .process_group(0)
            .spawn()
            .map_err(|fault| {
                let program = command.as_std().get_program().display();
                StageError(format!("{program}: {fault}"))
            })?;
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

    /// Waits until a connection is had that takes orders.
    ///
    /// # Errors
    /// If the PBX ends, or is not ready in time; the end of what it wrote into `logs` is in the error.
    pub async fn ready<T, F: Future<Output = Option<T>>>(
        &mut self,
        logs: &[PathBuf],
        connect: impl Fn() -> F,
    ) -> Result<T, StageError> {
        let end = Instant::now() + Duration::from_millis(READY_MS);
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(StageError(format!("the PBX ended ({status}):\n{}", last_words(logs))));
            }
            if let Some(connection) = connect().await {
                return Ok(connection);
            }
            if Instant::now() > end {
                return Err(StageError(format!("the PBX is not ready:\n{}", last_words(logs))));
            }
            sleep(Duration::from_millis(ASK_EVERY_MS)).await;
        }
    }

    /// Its process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kills it as a crash would (SIGKILL).
    pub async fn kill(&mut self) {
        let _ = self.child.kill().await;
        let _ = self.warden.kill().await;
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

/// The end of what a PBX wrote into these files.
fn last_words(files: &[PathBuf]) -> String {
    let text: Vec<u8> = files.iter().flat_map(|file| std::fs::read(file).unwrap_or_default()).collect();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<_> = text.lines().collect();
    lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n")
}
