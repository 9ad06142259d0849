//! The keypad: one more AMI connection, which asks for keys and nothing else.
//!
//! Asterisk tells it of every key of every leg. What is received lies in wiped memory alone; of legs that are
//! not sealed nothing but the id is looked at. A key counts when it is pressed (`DTMFBegin`): of keys faster
//! than `mindtmfduration` Asterisk tells the release (`DTMFEnd`) twice. SIP INFO has releases alone, and there
//! each counts.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tracing::warn;

use super::ami;
use super::frames;
use super::legs::lock;
use super::settings::AsteriskSettings;
use crate::call::FromPbx;
use crate::card::{Key, READER_MAX_BYTES, SecretBuffer};
use crate::pbx::AgentKeys;

/// What proves the connection alive.
const PING: &[u8] = b"Action: Ping\r\n\r\n";

/// Which of a key's two events counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// The press.
    Press,
    /// The release: SIP INFO.
    Release,
    /// The release, until a press is seen on the leg.
    Unknown,
}

/// Who listens to a leg.
enum Ear {
    Customer { counts: Counts, reports: mpsc::Sender<FromPbx> },
    Agent { counts: Counts, reports: mpsc::Sender<FromPbx>, keys: AgentKeys, star: bool },
}

/// The legs that are listened to, whichever connection brings their keys.
#[derive(Default)]
pub(super) struct Keypad {
    ears: Mutex<HashMap<String, Ear>>,
}

/// Listening to one leg; dropping it ends that.
pub(super) struct Listening {
    keypad: std::sync::Arc<Keypad>,
    leg: String,
}

impl Drop for Listening {
    fn drop(&mut self) {
        lock(&self.keypad.ears).remove(&self.leg);
    }
}

impl Keypad {
    /// Keys of a sealed leg become reports.
    pub fn customer(
        self: &std::sync::Arc<Self>,
        leg: &str,
        counts: Counts,
        reports: mpsc::Sender<FromPbx>,
    ) -> Listening {
        self.listen(leg, Ear::Customer { counts, reports })
    }

    /// `*` and a digit of the agent become commands.
    pub fn agent(
        self: &std::sync::Arc<Self>,
        leg: &str,
        counts: Counts,
        keys: AgentKeys,
        reports: mpsc::Sender<FromPbx>,
    ) -> Listening {
        self.listen(leg, Ear::Agent { counts, reports, keys, star: false })
    }

    fn listen(self: &std::sync::Arc<Self>, leg: &str, ear: Ear) -> Listening {
        lock(&self.ears).insert(leg.to_owned(), ear);
        Listening { keypad: std::sync::Arc::clone(self), leg: leg.to_owned() }
    }

    /// Takes notice of one frame.
    fn hear(&self, frame: &[u8]) {
        let pressed = match frames::header(frame, b"Event") {
            Some(b"DTMFBegin") => true,
            Some(b"DTMFEnd") => false,
            _ => return,
        };
        if frames::header(frame, b"Direction") != Some(b"Received") {
            return;
        }
        let leg = frames::header(frame, b"Uniqueid").and_then(|leg| std::str::from_utf8(leg).ok());
        let mut ears = lock(&self.ears);
        let Some(ear) = leg.and_then(|leg| ears.get_mut(leg)) else { return };
        let counts = match ear {
            Ear::Customer { counts, .. } | Ear::Agent { counts, .. } => counts,
        };
        if *counts == Counts::Unknown && pressed {
            *counts = Counts::Press;
        }
        if pressed != (*counts == Counts::Press) {
            return;
        }
        let Some([character]) = frames::header(frame, b"Digit") else { return };
        let Some(key) = Key::from_ascii(*character) else { return };
        let (report, reports) = match ear {
            Ear::Customer { reports, .. } => (FromPbx::Key(key), reports),
            Ear::Agent { star, keys, reports, .. } => {
                let after_star = std::mem::replace(star, *character == b'*');
                let command = after_star.then(|| keys.command(char::from(*character))).flatten();
                let Some(command) = command else { return };
                (FromPbx::Agent(command), reports)
            }
        };
        // Waiting here would hold up every other call's keys.
        if reports.try_send(report).is_err() && !reports.is_closed() {
            warn!("a key was lost: the payment call does not take its reports in time");
        }
    }
}

/// One connection; its work ends with the reason.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: SecretBuffer,
}

impl Connection {
    /// Logs in as the account that hears keys.
    ///
    /// # Errors
    /// With a sentence for the admin.
    pub async fn connect(settings: &AsteriskSettings, password: &str) -> Result<Self, String> {
        let mut stream = ami::dial(settings).await?;
        let gone = |why: std::io::Error| format!("AMI closed the keypad's connection: {why}");
        let login = ami::login(&settings.keypad_user, password, "dtmf");
        stream.write_all(login.as_bytes()).await.map_err(gone)?;
        let mut connection = Self { stream, buffer: SecretBuffer::with_capacity(READER_MAX_BYTES) };
        let answered = async {
            loop {
                let mut good = None;
                connection.take(|frame| {
                    if let Some(answer) = frames::header(frame, b"Response") {
                        good = Some(answer == b"Success");
                    }
                })?;
                match good {
                    Some(true) => return Ok(()),
                    Some(false) => return Err(ami::refused(&settings.keypad_user)),
                    None => connection.fill().await?,
                }
            }
        };
        let limit = Duration::from_millis(settings.connect_timeout_ms);
        timeout(limit, answered).await.unwrap_or_else(|_| Err("AMI does not answer".into()))?;
        Ok(connection)
    }

    /// Serves until the connection ends or is silent for too long.
    pub async fn run(mut self, keypad: &Keypad, heartbeat: Duration, answer: Duration) -> String {
        let mut heard = Instant::now();
        let mut ping_at = Instant::now() + heartbeat;
        loop {
            if let Err(why) = self.take(|frame| keypad.hear(frame)) {
                return why;
            }
            tokio::select! {
                filled = self.fill() => match filled {
                    Ok(()) => heard = Instant::now(),
                    Err(why) => return why,
                },
                () = tokio::time::sleep_until(ping_at) => {
                    if heard.elapsed() > heartbeat + answer {
                        return "Asterisk is silent on the keypad's connection (AMI)".into();
                    }
                    ping_at = Instant::now() + heartbeat;
                    if let Err(why) = self.stream.write_all(PING).await {
                        return format!("the keypad's connection (AMI) broke: {why}");
                    }
                }
            }
        }
    }

    fn take(&mut self, mut each: impl FnMut(&[u8])) -> Result<(), String> {
        let most = self.buffer.capacity();
        while let Some(frame) =
            frames::first(self.buffer.as_slice(), 0, most).map_err(|why| why.to_string())?
        {
            each(&self.buffer.as_slice()[frame.clone()]);
            self.buffer.consume(frames::length(&frame));
        }
        Ok(())
    }

    async fn fill(&mut self) -> Result<(), String> {
        match self.stream.read(self.buffer.spare_mut()).await {
            Ok(0) => Err("Asterisk closed the keypad's connection (AMI)".into()),
            Ok(count) => {
                self.buffer.filled(count);
                Ok(())
            }
            Err(why) => Err(format!("the keypad's connection (AMI) broke: {why}")),
        }
    }
}
