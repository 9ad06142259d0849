//! One leg: its state, variables, media taps and what the dialplan still has in store for it.

use std::collections::{BTreeMap, VecDeque};

use super::binding::DigitMachine;
use super::event::Event;

/// Digits FreeSWITCH keeps for a leg that nobody reads.
pub(super) const MAX_QUEUED_DIGITS: usize = 100;
/// Events that wait in a diverted leg for its private connection.
pub(super) const MAX_QUEUED_EVENTS: usize = 10_000;
/// Variables of one leg.
pub(super) const MAX_VARIABLES: usize = 1_000;
/// Applications noted for a leg's call detail record.
pub(super) const MAX_APPLICATIONS: usize = 256;
/// Media taps, prompts on top of one another, and queued applications of one leg.
pub(super) const MAX_NESTED: usize = 64;

/// How the telephone sends its keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// RFC 4733 telephone events and no tone in the audio.
    #[default]
    Rfc4733,
    /// Tones in the audio, and no telephone events negotiated.
    InBand,
    /// Telephone events and the tone as well.
    Both,
    /// SIP INFO.
    Info,
}

/// How the audio passes through the PBX.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Media {
    /// The PBX decodes and forwards it.
    #[default]
    Normal,
    /// It goes from telephone to telephone without the PBX (`bypass_media`).
    Bypass,
    /// The PBX forwards packets without looking at them (`proxy_media`).
    Proxy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Ringing,
    /// Running the dialplan: an application that does not block, or a transfer under way.
    Routing,
    Parked,
    /// Parked inside the `socket` application, until that connection ends.
    Controlled,
    Bridged,
    Hibernating,
    /// Hung up; only the last events are still to be told.
    Gone,
}

/// What is at the far end of a leg.
#[derive(Clone, Debug)]
pub(super) enum Far {
    /// A telephone, by its index.
    Phone(usize),
    /// The other half of a loopback pair.
    Loopback(String),
    /// Nothing: the `null` endpoint.
    Nothing,
}

/// A media tap; the order of taps on a leg matters.
#[derive(Clone, Debug)]
pub(super) enum Bug {
    Record { path: String, masked: bool },
    Displace { target: String, mux: bool, ticket: u64 },
    MuteRead,
    MuteWrite,
    Detector,
    ToneDetect { name: String },
}

/// A prompt being played to the leg alone.
pub(super) struct Playing {
    pub(super) file: String,
    pub(super) uuid: String,
    /// It comes from the dialplan or a queue and its end lets the next application run.
    pub(super) scripted: bool,
    pub(super) ticket: u64,
}

pub(super) struct Digit {
    pub(super) key: char,
    pub(super) samples: u32,
    pub(super) sensitive: bool,
    pub(super) source: &'static str,
}

pub(super) struct Leg {
    pub(super) uuid: String,
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) inbound: bool,
    pub(super) created_ms: u64,
    pub(super) answered_ms: Option<u64>,
    pub(super) state: State,
    pub(super) far: Far,
    pub(super) keys: Keys,
    pub(super) media: Media,
    pub(super) bridged_to: Option<String>,
    pub(super) caller_number: String,
    pub(super) callee_number: String,
    pub(super) destination: String,
    pub(super) context: String,
    pub(super) application: (String, String),
    /// Everything run on it, with its data, as a JSON call detail record keeps it.
    pub(super) applications: Vec<(String, String)>,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) bugs: Vec<Bug>,
    pub(super) machine: Option<DigitMachine>,
    pub(super) digits: VecDeque<Digit>,
    pub(super) dialled: String,
    pub(super) drop_dtmf: bool,
    /// `divert_events on`: the session's own events wait here for the private connection.
    pub(super) diverted: bool,
    pub(super) events: VecDeque<Event>,
    /// The private connection that controls it.
    pub(super) listener: Option<u64>,
    pub(super) playing: Vec<Playing>,
    pub(super) queued: VecDeque<(String, String, String)>,
    pub(super) script: VecDeque<(String, String)>,
    pub(super) held: bool,
    pub(super) hears_voice: bool,
}

impl Leg {
    pub(super) fn new(uuid: &str, number: u64, name: &str, inbound: bool, far: Far) -> Self {
        let mut leg = Self {
            uuid: uuid.to_owned(),
            number,
            name: name.to_owned(),
            inbound,
            created_ms: 0,
            answered_ms: None,
            state: State::Ringing,
            far,
            keys: Keys::Rfc4733,
            media: Media::Normal,
            bridged_to: None,
            caller_number: "0000000000".to_owned(),
            callee_number: String::new(),
            destination: String::new(),
            context: "default".to_owned(),
            application: Default::default(),
            applications: Vec::new(),
            variables: BTreeMap::new(),
            bugs: Vec::new(),
            machine: None,
            digits: VecDeque::new(),
            dialled: String::new(),
            drop_dtmf: false,
            diverted: false,
            events: VecDeque::new(),
            listener: None,
            playing: Vec::new(),
            queued: VecDeque::new(),
            script: VecDeque::new(),
            held: false,
            hears_voice: false,
        };
        leg.set("direction", leg.direction());
        leg.set("uuid", uuid);
        leg.set("session_id", &number.to_string());
        leg.set("channel_name", name);
        leg
    }

    pub(super) fn direction(&self) -> &'static str {
        if self.inbound { "inbound" } else { "outbound" }
    }

    /// Sets a variable; an empty value removes it.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            self.variables.remove(name);
        } else if self.variables.len() < MAX_VARIABLES || self.variables.contains_key(name) {
            self.variables.insert(name.to_owned(), value.to_owned());
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// FreeSWITCH's idea of a true value.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| {
            ["true", "yes", "on", "enable", "enabled", "active", "allow", "t"]
                .iter()
                .any(|yes| value.eq_ignore_ascii_case(yes))
                || value.parse::<i64>().is_ok_and(|number| number != 0)
        })
    }

    pub(super) fn is_sensitive(&self) -> bool {
        self.is_true("sensitive_dtmf")
    }

    pub(super) fn read_muted(&self) -> bool {
        self.bugs.iter().any(|bug| matches!(bug, Bug::MuteRead))
    }

    pub(super) fn write_muted(&self) -> bool {
        self.bugs.iter().any(|bug| matches!(bug, Bug::MuteWrite))
    }

    pub(super) fn displaced(&self) -> bool {
        self.bugs.iter().any(|bug| matches!(bug, Bug::Displace { mux: false, .. }))
    }

    /// Channel state, its number and the call state, as events and `show channels` name them.
    pub(super) fn state_names(&self) -> (&'static str, u8, &'static str) {
        match self.state {
            State::Ringing => ("CS_ROUTING", 2, "RINGING"),
            State::Routing | State::Parked | State::Controlled => ("CS_EXECUTE", 4, "ACTIVE"),
            State::Bridged if self.held => ("CS_EXECUTE", 4, "HELD"),
            State::Bridged if self.inbound => ("CS_EXECUTE", 4, "ACTIVE"),
            State::Bridged => ("CS_EXCHANGE_MEDIA", 7, "ACTIVE"),
            State::Gone => ("CS_REPORTING", 11, "HANGUP"),
            State::Hibernating => ("CS_HIBERNATE", 8, "ACTIVE"),
        }
    }
}
