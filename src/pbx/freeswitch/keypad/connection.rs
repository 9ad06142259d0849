//! The task that owns a private connection's socket.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};

use super::super::frames::{self, Kind};
use super::{Ask, KeypadError, Run, within};
use crate::call::FromPbx;
use crate::card::SecretBuffer;
use crate::pbx::keeping::REPORT_TIMEOUT_MS;

/// Owns the socket.
pub(super) struct Connection {
    pub stream: TcpStream,
    pub buffer: SecretBuffer,
    pub commands: mpsc::Receiver<Ask>,
    pub asked: VecDeque<oneshot::Sender<bool>>,
    pub reports: mpsc::Sender<FromPbx>,
    pub ran: watch::Sender<Run>,
    pub open: bool,
    pub _place: OwnedSemaphorePermit,
}

impl Connection {
    /// Reads and writes until the connection ends.
    pub async fn run(mut self) -> KeypadError {
        loop {
            if let Err(why) = self.read_frames().await {
                return why;
            }
            tokio::select! {
                filled = fill(&mut self.stream, &mut self.buffer) => {
                    if let Err(why) = filled {
                        return why;
                    }
                }
                ask = self.commands.recv() => match ask {
                    Some(Ask::Open(open)) => self.open = open,
                    Some(Ask::Say(mut command, answer)) => {
                        command.push_str("\n\n");
                        let written = async { Ok(self.stream.write_all(command.as_bytes()).await?) };
                        if let Err(why) = within(written).await {
                            return why;
                        }
                        self.asked.push_back(answer);
                    }
                    None => return KeypadError::Closed,
                },
            }
        }
    }

    async fn read_frames(&mut self) -> Result<(), KeypadError> {
        while let Some(frame) = frames::first(self.buffer.as_slice(), self.buffer.capacity())? {
            let bytes = self.buffer.as_slice();
            match frame.kind {
                Kind::Reply => {
                    let reply = frames::header(&bytes[frame.head.clone()], b"Reply-Text");
                    let good = reply.is_some_and(|text| text.starts_with(b"+OK"));
                    if let Some(answer) = self.asked.pop_front() {
                        let _ = answer.send(good);
                    }
                }
                Kind::Event => {
                    self.count_runs(&bytes[frame.body.clone()]);
                    for key in frames::keys(&bytes[frame.body.clone()]) {
                        if self.open {
                            // A desk that is gone is told by the order channel's end, not here.
                            let limit = Duration::from_millis(REPORT_TIMEOUT_MS);
                            let _ = self.reports.send_timeout(FromPbx::Key(key), limit).await;
                        }
                    }
                }
                Kind::Other => {}
                Kind::Goodbye => {
                    self.buffer.consume(frame.length());
                    return Err(KeypadError::Closed);
                }
            }
            self.buffer.consume(frame.length());
        }
        Ok(())
    }

    fn count_runs(&self, event: &[u8]) {
        if frames::header(event, b"Event-Name") != Some(b"CHANNEL_EXECUTE_COMPLETE") {
            return;
        }
        match frames::header(event, b"Application") {
            Some(b"bind_digit_action") => self.ran.send_modify(|run| run.bound += 1),
            Some(b"clear_digit_action") => self.ran.send_modify(|run| run.cleared += 1),
            _ => {}
        }
    }
}

/// Reads what has come into the wiped buffer.
pub(super) async fn fill(stream: &mut TcpStream, buffer: &mut SecretBuffer) -> Result<(), KeypadError> {
    match stream.read(buffer.spare_mut()).await? {
        0 => Err(KeypadError::Closed),
        bytes => {
            buffer.filled(bytes);
            Ok(())
        }
    }
}
