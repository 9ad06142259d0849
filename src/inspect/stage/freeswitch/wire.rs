//! The Event Socket, as far as the stage needs it: orders and their answers.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::StageError;

/// How long FreeSWITCH may take to answer.
const ANSWER_MS: u64 = 10_000;
/// The longest answer.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;
/// The most header lines of one frame.
const MAX_HEADERS: usize = 1024;

/// A connection that gives orders.
pub(super) struct Wire {
    stream: BufReader<TcpStream>,
}

impl Wire {
    /// Connects and gives the password.
    ///
    /// # Errors
    /// If FreeSWITCH is not there, does not answer or does not accept the password.
    pub async fn open(address: SocketAddr, password: &str) -> Result<Self, StageError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut wire = Self { stream: BufReader::new(stream) };
        wire.frame().await?;
        wire.order(&format!("auth {password}")).await?;
        Ok(wire)
    }

    /// Gives an order that is answered by `+OK`.
    ///
    /// # Errors
    /// If it is refused, or not answered in time.
    pub async fn order(&mut self, order: &str) -> Result<(), StageError> {
        self.stream.write_all(format!("{order}\n\n").as_bytes()).await?;
        let (headers, _) = self.answer("command/reply").await?;
        match header(&headers, "Reply-Text") {
            Some(text) if text.starts_with("+OK") => Ok(()),
            other => {
                let word = order.split(' ').next().unwrap_or_default();
                Err(StageError(format!("FreeSWITCH refused `{word}`: {}", other.unwrap_or("no reason"))))
            }
        }
    }

    /// Asks, and answers what FreeSWITCH says, be it an error.
    ///
    /// # Errors
    /// If it does not answer in time.
    pub async fn api(&mut self, command: &str) -> Result<String, StageError> {
        self.stream.write_all(format!("api {command}\n\n").as_bytes()).await?;
        let (_, body) = self.answer("api/response").await?;
        Ok(String::from_utf8_lossy(&body).trim_end().to_owned())
    }

    async fn answer(&mut self, kind: &str) -> Result<(Vec<String>, Vec<u8>), StageError> {
        loop {
            let frame = timeout(Duration::from_millis(ANSWER_MS), self.frame());
            let frame = frame.await.map_err(|_| StageError("FreeSWITCH does not answer".into()))??;
            if header(&frame.0, "Content-Type") == Some(kind) {
                return Ok(frame);
            }
        }
    }

    async fn frame(&mut self) -> Result<(Vec<String>, Vec<u8>), StageError> {
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await? == 0 {
                return Err(StageError("FreeSWITCH closed the Event Socket connection".into()));
            }
            let line = line.trim_end();
            if line.is_empty() && !headers.is_empty() {
                break;
            }
            if !line.is_empty() && headers.len() < MAX_HEADERS {
                headers.push(line.to_owned());
            }
        }
        let length = header(&headers, "Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0);
        if length > MAX_BODY_BYTES {
            return Err(StageError(format!("FreeSWITCH announces an answer of {length} bytes")));
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok((headers, body))
    }
}

fn header<'a>(headers: &'a [String], name: &str) -> Option<&'a str> {
    headers.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}
