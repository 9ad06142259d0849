//! The daemon as a process of its own, as an admin runs it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::StageError;

/// How long a daemon may take from its start to ready: on a busy machine, a build without optimisation needs
/// half a minute to make the prompts of a narrow-band PBX.
const READY_MS: u64 = 60_000;

/// How long it may take to stop in order.
const STOP_MS: u64 = 20_000;

/// Where a daemon's things are.
#[derive(Clone, Debug)]
pub struct DaemonSettings {
    /// The program.
    pub program: PathBuf,
    /// Its configuration.
    pub config: PathBuf,
    /// Its log is appended here.
    pub log: PathBuf,
    /// `http://127.0.0.1:…`
    pub api: String,
    /// The API's key.
    pub key: String,
}

/// A running daemon.
pub struct Daemon {
    settings: DaemonSettings,
    child: Child,
    client: reqwest::Client,
}

impl Daemon {
    /// Starts it and waits until it can take a payment.
    ///
    /// # Errors
    /// If it cannot be started, ends, or is not ready in time; the end of its log is in the error.
    pub async fn start(settings: DaemonSettings) -> Result<Self, StageError> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&settings.log)?;
        let child = Command::new(&settings.program)
            .arg("serve")
            .arg("--config")
            .arg(&settings.config)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|fault| StageError(format!("{}: {fault}", settings.program.display())))?;
        let client = reqwest::Client::new();
        let mut daemon = Self { settings, child, client };
        daemon.wait_ready().await?;
        Ok(daemon)
    }

    async fn wait_ready(&mut self) -> Result<(), StageError> {
        let end = tokio::time::Instant::now() + Duration::from_millis(READY_MS);
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(StageError(format!("the daemon ended ({status}):\n{}", self.log_end())));
            }
            let ready = self.client.get(format!("{}/ready", self.settings.api)).send().await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if tokio::time::Instant::now() > end {
                return Err(StageError(format!("the daemon is not ready:\n{}", self.log_end())));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The last lines of its log.
    #[must_use]
    pub fn log_end(&self) -> String {
        let log = std::fs::read_to_string(&self.settings.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Its process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kills it as a crash would (SIGKILL).
    ///
    /// # Errors
    /// If it cannot be killed.
    pub async fn kill(&mut self) -> Result<(), StageError> {
        Ok(self.child.kill().await?)
    }

    /// Stops it as an admin would (SIGTERM) and waits for its end.
    ///
    /// # Errors
    /// If it does not end in time or ends with a fault.
    pub async fn stop(&mut self) -> Result<(), StageError> {
        let Some(pid) = self.child.id() else { return Ok(()) };
        let asked = Command::new("kill").arg("-TERM").arg(pid.to_string()).status().await?;
        if !asked.success() {
            return Err(StageError(format!("process {pid} cannot be asked to stop")));
        }
        match tokio::time::timeout(Duration::from_millis(STOP_MS), self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(StageError(format!("the daemon ended with {status}:\n{}", self.log_end()))),
            Ok(Err(fault)) => Err(fault.into()),
            Err(_) => Err(StageError(format!("the daemon does not stop:\n{}", self.log_end()))),
        }
    }

    /// Asks its API.
    ///
    /// # Errors
    /// If it does not answer with success; the problem is in the error.
    pub async fn post(&self, path: &str, body: serde_json::Value) -> Result<serde_json::Value, StageError> {
        let request = self
            .client
            .post(format!("{}{path}", self.settings.api))
            .bearer_auth(&self.settings.key)
            .header("content-type", "application/json")
            .body(body.to_string());
        Self::answer(request.send().await).await
    }

    /// Looks something up.
    ///
    /// # Errors
    /// As [`Daemon::post`].
    pub async fn get(&self, path: &str) -> Result<serde_json::Value, StageError> {
        let url = format!("{}{path}", self.settings.api);
        Self::answer(self.client.get(url).bearer_auth(&self.settings.key).send().await).await
    }

    async fn answer(
        answer: Result<reqwest::Response, reqwest::Error>,
    ) -> Result<serde_json::Value, StageError> {
        let answer = answer.map_err(|fault| StageError(format!("the API does not answer: {fault}")))?;
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        if !status.is_success() {
            return Err(StageError(format!("{status}: {text}")));
        }
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }
}
