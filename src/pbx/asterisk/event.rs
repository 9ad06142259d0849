//! What Asterisk tells, as far as we act on it.

use serde::Deserialize;

use super::frames::Message;
use super::recorders::{self, LiveRecording};
use super::words;

/// Something that happened to a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// The channel's unique id.
    pub leg: String,
    /// What.
    pub kind: Happening,
}

/// What happened to a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// It hung up.
    Hangup,
    /// It came into this bridge.
    Bridged(String),
    /// It left this bridge.
    Unbridged(String),
    /// The dialplan gave it to us, for what the first argument says.
    Came(String),
    /// What was played on it has ended.
    Played {
        /// The name we gave to the playing.
        playback: String,
        /// False if a file could not be played.
        heard: bool,
    },
    /// A recording of the dialplan began on it.
    RecordingBegan,
    /// Another program began to listen to it over ARI, or to record it; or our bridge.
    Overheard,
}

/// Somebody wants to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// The feature code was keyed on this leg.
    Code {
        /// The agent's leg.
        agent: String,
        /// The order reference keyed after the code.
        keyed: Option<String>,
    },
    /// A caller of the payment number came to us.
    Direct(String),
}

/// Either of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Event(Event),
    Arrival(Arrival),
    /// Another program took our application's name.
    Replaced,
    /// A channel began to spy.
    Spies {
        /// Its unique id.
        channel: String,
        /// The leg it spies on.
        leg: String,
    },
    /// A recording over ARI began or ended.
    Recording {
        /// Which.
        recording: LiveRecording,
        /// Whether it began.
        began: bool,
    },
}

/// What the names of channels begin with by which ARI itself records or plays in a bridge.
const OF_A_BRIDGE: [&str; 2] = ["Recorder/", "Announcer/"];

/// Whether this channel is no person but a bridge's own, to record or play.
pub(super) fn is_of_a_bridge(channel: &Message) -> bool {
    OF_A_BRIDGE.iter().any(|kind| channel.get("Channel").starts_with(kind))
}

/// What an event of AMI says.
pub(super) fn from_ami(message: &Message) -> Option<Heard> {
    let leg = message.get("Uniqueid");
    if !words::is_leg(leg) {
        return None;
    }
    let bridge = || message.get("BridgeUniqueid").to_owned();
    let kind = match message.get("Event") {
        "Hangup" => Happening::Hangup,
        "Newchannel" => {
            // Our own spies whisper and hear nothing.
            let leg =
                recorders::spied_on(message.get("Channel")).filter(|_| !leg.starts_with(super::WHISPER))?;
            return Some(Heard::Spies { channel: message.get("Uniqueid").to_owned(), leg: leg.to_owned() });
        }
        "BridgeEnter" if is_of_a_bridge(message) => return None,
        "BridgeEnter" => Happening::Bridged(bridge()),
        "BridgeLeave" => Happening::Unbridged(bridge()),
        "MixMonitorStart" => Happening::RecordingBegan,
        "UserEvent" if message.get("UserEvent") == "TonegateCode" => {
            let keyed = message.get("Keyed");
            let keyed = keyed.bytes().all(|b| b.is_ascii_digit()).then(|| words::value(keyed)).flatten();
            return Some(Heard::Arrival(Arrival::Code { agent: leg.to_owned(), keyed }));
        }
        _ => return None,
    };
    Some(Heard::Event(Event { leg: leg.to_owned(), kind }))
}

/// An event of ARI, as far as we read it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Ari {
    r#type: String,
    channel: Named,
    args: Vec<String>,
    playback: Playback,
    recording: LiveRecording,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    id: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Playback {
    id: String,
    target_uri: String,
    state: String,
}

/// What an event of ARI says.
pub(super) fn from_ari(text: &str) -> Option<Heard> {
    let event: Ari = serde_json::from_str(text).ok()?;
    let (leg, kind) = match event.r#type.as_str() {
        "ApplicationReplaced" => return Some(Heard::Replaced),
        "RecordingStarted" => return Some(Heard::Recording { recording: event.recording, began: true }),
        "RecordingFinished" | "RecordingFailed" => {
            return Some(Heard::Recording { recording: event.recording, began: false });
        }
        "StasisStart" => {
            let what = event.args.into_iter().next().unwrap_or_default();
            if what == "direct" && words::is_leg(&event.channel.id) {
                return Some(Heard::Arrival(Arrival::Direct(event.channel.id)));
            }
            (event.channel.id, Happening::Came(what))
        }
        "PlaybackFinished" => {
            let leg = event.playback.target_uri.strip_prefix("channel:")?.to_owned();
            let heard = event.playback.state != "failed";
            (leg, Happening::Played { playback: event.playback.id, heard })
        }
        _ => return None,
    };
    words::is_leg(&leg).then_some(Heard::Event(Event { leg, kind }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ami(text: &str) -> Option<Heard> {
        from_ami(&Message::read(text.replace('\n', "\r\n").as_bytes()))
    }

    #[test]
    fn events_of_ami_are_read() {
        let event = |kind| Some(Heard::Event(Event { leg: "1764.1".into(), kind }));
        assert_eq!(ami("Event: Hangup\nUniqueid: 1764.1"), event(Happening::Hangup));
        assert_eq!(
            ami("Event: BridgeEnter\nBridgeUniqueid: b-1\nUniqueid: 1764.1"),
            event(Happening::Bridged("b-1".into()))
        );
        assert_eq!(ami("Event: Newexten\nUniqueid: 1764.1"), None);
        let recorder = "Event: BridgeEnter\nChannel: Recorder/ARI-1;2\nBridgeUniqueid: b-1\nUniqueid: 1764.7";
        assert_eq!(ami(recorder), None);
        let spies =
            |id: &str| ami(&format!("Event: Newchannel\nChannel: Snoop/1764.1-00000002\nUniqueid: {id}"));
        assert_eq!(spies("1764.9"), Some(Heard::Spies { channel: "1764.9".into(), leg: "1764.1".into() }));
        assert_eq!(spies("tonegate-whisper-1"), None);
        assert_eq!(ami("Event: Hangup\nUniqueid: a b"), None);
        let code = |keyed: Option<&str>| {
            let keyed = keyed.map(str::to_owned);
            Some(Heard::Arrival(Arrival::Code { agent: "1764.1".into(), keyed }))
        };
        let told = "Event: UserEvent\nUserEvent: TonegateCode\nUniqueid: 1764.1\nKeyed: ";
        assert_eq!(ami(&format!("{told}4711")), code(Some("4711")));
        assert_eq!(ami(told), code(None));
        assert_eq!(ami(&format!("{told}47${{x}}")), code(None));
    }

    #[test]
    fn events_of_ari_are_read_and_rubbish_is_not() {
        let came = r#"{"type":"StasisStart","args":["agent"],"channel":{"id":"1764.2","name":"x"}}"#;
        let event = Event { leg: "1764.2".into(), kind: Happening::Came("agent".into()) };
        assert_eq!(from_ari(came), Some(Heard::Event(event)));
        let direct = came.replace("agent", "direct");
        assert_eq!(from_ari(&direct), Some(Heard::Arrival(Arrival::Direct("1764.2".into()))));
        let played = r#"{"type":"PlaybackFinished","playback":{"id":"p","target_uri":"channel:1764.2","state":"failed"}}"#;
        let kind = Happening::Played { playback: "p".into(), heard: false };
        assert_eq!(from_ari(played), Some(Heard::Event(Event { leg: "1764.2".into(), kind })));
        for rubbish in ["", "{", "[]", "{\"type\":7}", r#"{"type":"StasisStart","channel":{"id":"a/../b"}}"#]
        {
            assert_eq!(from_ari(rubbish), None, "{rubbish}");
        }
        assert_eq!(from_ari(r#"{"type":"ApplicationReplaced"}"#), Some(Heard::Replaced));
        let began = r#"{"type":"RecordingStarted","recording":{"name":"n","state":"recording","target_uri":"channel:1764.9"}}"#;
        let recording = LiveRecording { name: "n".into(), target_uri: "channel:1764.9".into() };
        assert_eq!(from_ari(began), Some(Heard::Recording { recording, began: true }));
    }
}
