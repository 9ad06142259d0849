//! The frames of AMI: lines of `Name: value`, ended by an empty one.

use std::ops::Range;

/// What ends a frame.
const END: &[u8] = b"\r\n\r\n";
/// Longest frame of an ordinary connection (a list of a dialplan), in bytes.
pub(super) const FRAME_MAX_BYTES: usize = 1024 * 1024;

/// A peer that does not speak as AMI does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frame longer than was agreed; is this the port of AMI?")]
pub(super) struct TooLong;

/// The first frame, without what ends it, if all of it is there. What is searched begins at `from`: all
/// before was searched in vain.
///
/// # Errors
/// If so much was received without an end that no frame can be meant.
pub(super) fn first(bytes: &[u8], from: usize, most: usize) -> Result<Option<Range<usize>>, TooLong> {
    let from = from.saturating_sub(END.len());
    match bytes[from..].windows(END.len()).position(|window| window == END) {
        Some(at) => Ok(Some(0..from + at)),
        None if bytes.len() >= most => Err(TooLong),
        None => Ok(None),
    }
}

/// How many bytes a frame takes with what ends it.
pub(super) fn length(frame: &Range<usize>) -> usize {
    frame.end + END.len()
}

/// The lines of a frame, as name and value.
pub(super) fn lines(frame: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    frame.split(|byte| *byte == b'\n').filter_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let colon = line.iter().position(|byte| *byte == b':')?;
        let value = &line[colon + 1..];
        Some((&line[..colon], value.strip_prefix(b" ").unwrap_or(value)))
    })
}

/// The first header of this name.
pub(super) fn header<'a>(frame: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    lines(frame).find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A frame of an ordinary connection, which never carries a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message(Vec<(String, String)>);

impl Message {
    /// Copies a frame's lines.
    pub fn read(frame: &[u8]) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self(lines(frame).map(|(name, value)| (text(name), text(value))).collect())
    }

    /// The first value of this name; empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// All values of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A channel variable asked for with an action that lists channels.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.all("Variable")
            .find_map(|line| line.split_once('=').filter(|(found, _)| *found == name))
            .and_then(|(_, value)| super::words::value(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TWO: &[u8] = b"Event: DTMFBegin\r\nDigit: 4\r\n\r\nEvent: Hangup\r\n\r\nEv";

    #[test]
    fn frames_come_one_by_one_however_they_were_split() {
        for cut in 0..TWO.len() {
            let (mut bytes, mut found, mut searched) = (Vec::new(), Vec::new(), 0);
            for part in [&TWO[..cut], &TWO[cut..]] {
                bytes.extend_from_slice(part);
                while let Some(frame) = first(&bytes, searched, 1024).unwrap() {
                    found.push(header(&bytes[frame.clone()], b"event").unwrap().to_vec());
                    bytes.drain(..length(&frame));
                    searched = 0;
                }
                searched = bytes.len();
            }
            assert_eq!(found, [b"DTMFBegin".to_vec(), b"Hangup".to_vec()], "cut at {cut}");
            assert_eq!(bytes, b"Ev");
        }
    }

    #[test]
    fn a_frame_without_end_is_refused_in_time() {
        assert_eq!(first(&[b'x'; 64], 0, 64), Err(TooLong));
        assert_eq!(first(&[b'x'; 63], 0, 64), Ok(None));
    }

    #[test]
    fn variables_are_read_and_empty_ones_are_none() {
        let frame =
            b"Event: Status\r\nVariable: TONEGATE_AMOUNT=42.50\r\nVariable: TONEGATE_AGENT=\r\nnothing";
        let message = Message::read(frame);
        assert_eq!(message.variable("TONEGATE_AMOUNT").as_deref(), Some("42.50"));
        assert_eq!(message.variable("TONEGATE_AGENT"), None);
        assert_eq!((message.get("event"), message.get("Missing")), ("Status", ""));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange_to_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(Some(frame)) = first(&bytes, 0, 4096) {
                prop_assert!(length(&frame) <= bytes.len());
            }
            let _ = Message::read(&bytes);
        }
    }
}
