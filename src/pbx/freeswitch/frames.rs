//! Frames of a private connection, found in place: nothing is copied out of the wiped buffer but what is
//! known not to be a digit.

use std::ops::Range;

use crate::card::Key;

/// Most keys taken from one event; FreeSWITCH sends one.
const KEYS_PER_EVENT_MAX: usize = 8;

/// A complete frame at the front of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// What it is.
    pub kind: Kind,
    /// Its header lines.
    pub head: Range<usize>,
    /// What follows them.
    pub body: Range<usize>,
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The answer to a command.
    Reply,
    /// An event.
    Event,
    /// FreeSWITCH is about to close.
    Goodbye,
    /// Anything else.
    Other,
}

/// A peer that is not FreeSWITCH, or not one we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameError {
    #[error("a frame larger than the private connection's buffer")]
    TooLarge,
    #[error("a frame without a readable length")]
    Length,
}

impl Frame {
    /// Bytes the frame takes.
    pub fn length(&self) -> usize {
        self.body.end
    }
}

/// The frame at the front of `bytes`, if it is there to its end; `capacity` is what the buffer can hold.
pub(super) fn first(bytes: &[u8], capacity: usize) -> Result<Option<Frame>, FrameError> {
    // Blank lines between frames are allowed.
    let start = bytes.iter().take_while(|b| matches!(b, b'\n' | b'\r')).count();
    let Some(end) = bytes[start..].windows(2).position(|pair| pair == b"\n\n").map(|at| start + at) else {
        return if bytes.len() >= capacity { Err(FrameError::TooLarge) } else { Ok(None) };
    };
    let head = start..end + 1;
    let body_bytes = match header(&bytes[head.clone()], b"Content-Length") {
        None => 0,
        Some(text) => number(text).ok_or(FrameError::Length)?,
    };
    let body = end + 2..(end + 2).saturating_add(body_bytes);
    if body.end > capacity {
        return Err(FrameError::TooLarge);
    }
    if body.end > bytes.len() {
        return Ok(None);
    }
    let kind = match header(&bytes[head.clone()], b"Content-Type") {
        Some(b"command/reply" | b"api/response") => Kind::Reply,
        Some(b"text/event-plain") => Kind::Event,
        Some(b"text/disconnect-notice") => Kind::Goodbye,
        // The answer to `connect` is the channel itself; its content type stands among the other headers.
        _ => Kind::Other,
    };
    Ok(Some(Frame { kind, head, body }))
}

/// The value of a header, as it stands (percent-encoded).
pub(super) fn header<'a>(lines: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    lines.split(|b| *b == b'\n').find_map(|line| {
        let rest = line.strip_prefix(name)?.strip_prefix(b":")?;
        let rest = rest.strip_prefix(b" ").unwrap_or(rest);
        Some(rest.strip_suffix(b"\r").unwrap_or(rest))
    })
}

/// The keys an event carries: none unless it is one of the nameless events of our binding.
pub(super) fn keys(event: &[u8]) -> impl Iterator<Item = Key> + '_ {
    let pressed = if header(event, b"Event-Name").is_none() { header(event, b"digits") } else { None };
    decoded(pressed.unwrap_or_default()).take(KEYS_PER_EVENT_MAX).filter_map(Key::from_ascii)
}

/// A header's value as text, for headers that cannot hold a digit of a card; at most `longest` bytes.
pub(super) fn text(lines: &[u8], name: &[u8], longest: usize) -> Option<String> {
    let bytes: Vec<u8> = decoded(header(lines, name)?).take(longest).collect();
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty() && !text.contains(char::is_control))
}

/// The bytes of a percent-encoded value, one by one.
fn decoded(value: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let byte = *value.get(at)?;
        at += 1;
        if byte != b'%' {
            return Some(byte);
        }
        let nibble = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
        match (nibble(value.get(at)), nibble(value.get(at + 1))) {
            (Some(high), Some(low)) => {
                at += 2;
                u8::try_from(high * 16 + low).ok()
            }
            _ => Some(byte),
        }
    })
}

fn number(text: &[u8]) -> Option<usize> {
    // Seven digits are more than any buffer holds.
    if text.is_empty() || text.len() > 7 {
        return None;
    }
    text.iter().try_fold(0usize, |sum, b| b.is_ascii_digit().then(|| sum * 10 + usize::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::KeyKind;
    use proptest::prelude::*;

    const KEY: &[u8] =
        b"Content-Length: 32\nContent-Type: text/event-plain\n\nuuid_setvar: a%20b\ndigits: %23\n\n";

    #[test]
    fn a_key_is_a_nameless_event_with_digits() {
        let frame = first(KEY, 1024).unwrap().unwrap();
        assert_eq!((frame.kind, frame.length()), (Kind::Event, KEY.len()));
        let found: Vec<_> = keys(&KEY[frame.body]).map(|key| key.kind()).collect();
        assert_eq!(found, [KeyKind::Hash]);
        assert_eq!(keys(b"Event-Name: CHANNEL_EXECUTE\ndigits: 4\n").count(), 0);
        assert_eq!(keys(b"digits: \n").count(), 0);
        assert_eq!(keys(b"digits: A%zz%4\n").count(), 1);
        assert_eq!(keys(b"digits: 411111111111111111111\n").count(), KEYS_PER_EVENT_MAX);
    }

    #[test]
    fn a_frame_waits_for_its_end_and_none_is_larger_than_the_buffer() {
        for cut in 0..KEY.len() {
            assert_eq!(first(&KEY[..cut], 1024), Ok(None), "{cut}");
        }
        assert_eq!(first(KEY, 60), Err(FrameError::TooLarge));
        assert_eq!(first(&[b'x'; 64], 64), Err(FrameError::TooLarge));
        for length in ["", "-1", "99999999", "1e3", "0x10"] {
            let frame = format!("Content-Type: text/event-plain\nContent-Length: {length}\n\n");
            assert_eq!(first(frame.as_bytes(), 64 * 1024), Err(FrameError::Length), "{length:?}");
        }
    }

    #[test]
    fn the_answer_to_connect_names_its_channel() {
        let reply = b"Event-Name: CHANNEL_DATA\nUnique-ID: 28039e4d-b25e\nvariable_tonegate_nonce: ab%20c\n\
                      Content-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: async\n\n";
        let frame = first(reply, 1024).unwrap().unwrap();
        assert_eq!(frame.kind, Kind::Reply);
        let head = &reply[frame.head];
        assert_eq!(text(head, b"Unique-ID", 64).as_deref(), Some("28039e4d-b25e"));
        assert_eq!(text(head, b"variable_tonegate_nonce", 64).as_deref(), Some("ab c"));
        assert_eq!(text(head, b"Reply-Text", 64), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fall_over(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(Some(frame)) = first(&bytes, 512) {
                prop_assert!(frame.length() <= bytes.len());
                let _ = keys(&bytes[frame.body]).count();
            }
        }

        #[test]
        fn frames_follow_one_another(count in 1usize..6) {
            let mut bytes = KEY.repeat(count);
            let mut found = 0;
            while let Ok(Some(frame)) = first(&bytes, 1024) {
                found += keys(&bytes[frame.body.clone()]).count();
                bytes.drain(..frame.length());
            }
            prop_assert_eq!((found, bytes.len()), (count, 0));
        }
    }
}
