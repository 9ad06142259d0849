//! Commands, cut out of a stream of bytes.

use std::io;

/// Bytes of one command's lines; longer is no command.
const MAX_COMMAND_BYTES: usize = 64 * 1024;
/// Bytes of one command's body.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// One command: its line, headers and body.
pub(super) struct Request {
    pub(super) line: String,
    headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Takes commands out of a stream of bytes.
#[derive(Default)]
pub(super) struct Parser {
    buffer: Vec<u8>,
}

impl Parser {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next command, if it is there in full.
    ///
    /// # Errors
    /// If it can never be one: too long.
    pub(super) fn next(&mut self) -> io::Result<Option<Request>> {
        let blank = self.buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.buffer.drain(..blank);
        let Some(end) = end_of_lines(&self.buffer) else {
            return if self.buffer.len() > MAX_COMMAND_BYTES { Err(too_long()) } else { Ok(None) };
        };
        if end > MAX_COMMAND_BYTES {
            return Err(too_long());
        }
        let text = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let mut lines = text.lines().map(|line| line.trim_end_matches('\r')).filter(|line| !line.is_empty());
        let line = lines.next().unwrap_or_default().to_owned();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim_start().to_owned()))
            .collect();
        let mut request = Request { line, headers, body: None };
        let length = request.header("Content-Length").and_then(|length| length.trim().parse::<usize>().ok());
        let length = length.unwrap_or(0);
        if length > MAX_BODY_BYTES {
            return Err(too_long());
        }
        if self.buffer.len() < end + length {
            return Ok(None);
        }
        if length > 0 {
            request.body = Some(String::from_utf8_lossy(&self.buffer[end..end + length]).into_owned());
        }
        self.buffer.drain(..end + length);
        Ok(Some(request))
    }
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "command too long")
}

/// Just behind the first empty line.
fn end_of_lines(buffer: &[u8]) -> Option<usize> {
    let mut fresh = false;
    for (place, byte) in buffer.iter().enumerate() {
        match byte {
            b'\n' if fresh => return Some(place + 1),
            b'\n' => fresh = true,
            b'\r' => {}
            _ => fresh = false,
        }
    }
    None
}
