//! One event, one line.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::redact::redact_with;

/// Longer events are cut: a flood of one caller must not fill the disk.
const MAX_LINE_BYTES: usize = 16 * 1024;

/// Takes one whole event and writes it as one line, in one write.
pub(super) struct OneLine<W> {
    to: W,
    json: bool,
}

impl<W> OneLine<W> {
    pub(super) fn new(to: W, json: bool) -> Self {
        Self { to, json }
    }
}

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let mut line = String::with_capacity(text.len() + 1);
        for letter in redact_with(text, self.json).chars() {
            match letter {
                '\n' => line.push_str("\\n"),
                '\r' => line.push_str("\\r"),
                '\t' => line.push_str("\\t"),
                // In JSON this is the way to write it; in text it is as good as any.
                c if forges(c) => {
                    let _ = write!(line, "\\u{:04x}", u32::from(c));
                }
                c => line.push(c),
            }
        }
        // A cut object would not be one; collectors have bounds of their own.
        if !self.json && line.len() > MAX_LINE_BYTES {
            line.truncate(line.floor_char_boundary(MAX_LINE_BYTES));
            line.push_str(" [cut]");
        }
        line.push('\n');
        self.to.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Characters that end a line, steer a terminal or turn the direction of writing.
fn forges(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
