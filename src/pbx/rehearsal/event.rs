//! Events and how they look on the wire: plain with percent-encoded values, or JSON.

use std::fmt::Write as _;

/// One event: its name for subscriptions, its headers in order, and a body.
///
/// A key matched by `bind_digit_action` has the name `CHANNEL_DATA` for subscriptions and yet no
/// `Event-Name` header, as on FreeSWITCH; so the name is kept apart from the headers.
#[derive(Clone, Debug, Default)]
pub(super) struct Event {
    pub(super) name: &'static str,
    pub(super) subclass: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
}

impl Event {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// As `uuid_dump` and `text/event-plain` give it.
    pub(super) fn plain(&self) -> String {
        let mut text = String::with_capacity(64 * (self.headers.len() + 1));
        for (name, value) in &self.headers {
            text.push_str(name);
            text.push_str(": ");
            encode_into(&mut text, value);
            text.push('\n');
        }
        match &self.body {
            Some(body) => {
                let _ = write!(text, "Content-Length: {}\n\n{body}", body.len());
            }
            None => text.push('\n'),
        }
        text
    }

    /// As `text/event-json` gives it.
    pub(super) fn json(&self) -> String {
        let mut map = serde_json::Map::new();
        for (name, value) in &self.headers {
            map.insert(name.clone(), value.clone().into());
        }
        if let Some(body) = &self.body {
            map.insert("Content-Length".into(), body.len().to_string().into());
            map.insert("_body".into(), body.clone().into());
        }
        serde_json::Value::Object(map).to_string()
    }

    /// The whole frame for a listener.
    pub(super) fn frame(&self, json: bool) -> Vec<u8> {
        let (text, kind) = if json { (self.json(), "json") } else { (self.plain(), "plain") };
        format!("Content-Length: {}\nContent-Type: text/event-{kind}\n\n{text}", text.len()).into_bytes()
    }
}

/// FreeSWITCH's percent-encoding: control characters, space, everything beyond ASCII and
/// `"#%&+:;<=>?@[\]^` with the back-tick and braces; upper-case hexadecimal.
fn encode_into(text: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte <= b' ' || byte >= 0x7f || b"\"#%&+:;<=>?@[\\]^`{|}".contains(&byte) {
            let _ = write!(text, "%{byte:02X}");
        } else {
            text.push(char::from(byte));
        }
    }
}

/// The names a subscription may hold; anything else is ignored, as FreeSWITCH does.
pub(super) const NAMES: [&str; 52] = [
    "CUSTOM",
    "CLONE",
    "CHANNEL_CREATE",
    "CHANNEL_DESTROY",
    "CHANNEL_STATE",
    "CHANNEL_CALLSTATE",
    "CHANNEL_ANSWER",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_EXECUTE",
    "CHANNEL_EXECUTE_COMPLETE",
    "CHANNEL_HOLD",
    "CHANNEL_UNHOLD",
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_OUTGOING",
    "CHANNEL_PARK",
    "CHANNEL_UNPARK",
    "CHANNEL_APPLICATION",
    "CHANNEL_ORIGINATE",
    "CHANNEL_UUID",
    "CHANNEL_DATA",
    "API",
    "LOG",
    "PRESENCE_IN",
    "MESSAGE",
    "RECV_INFO",
    "DTMF",
    "CODEC",
    "BACKGROUND_JOB",
    "DETECTED_SPEECH",
    "DETECTED_TONE",
    "HEARTBEAT",
    "TALK",
    "NOTALK",
    "ADD_SCHEDULE",
    "DEL_SCHEDULE",
    "RE_SCHEDULE",
    "EXE_SCHEDULE",
    "COMMAND",
    "RECORD_START",
    "RECORD_STOP",
    "PLAYBACK_START",
    "PLAYBACK_STOP",
    "CALL_UPDATE",
    "MEDIA_BUG_START",
    "MEDIA_BUG_STOP",
    "SHUTDOWN",
    "RELOADXML",
    "ALL",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_as_freeswitch_encodes_them() {
        let event = Event::new("CHANNEL_EXECUTE")
            .with("Application-Data", "tgkeys,~^[0-9*#],api:uuid_setvar,a b")
            .with("Channel-Name", "sofia/smoke/0000000000@127.0.0.1");
        assert_eq!(
            event.plain(),
            "Application-Data: tgkeys,~%5E%5B0-9*%23%5D,api%3Auuid_setvar,a%20b\n\
             Channel-Name: sofia/smoke/0000000000%40127.0.0.1\n\n"
        );
    }
}
