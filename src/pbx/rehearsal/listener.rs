//! What one Event Socket connection has asked to hear.

use std::collections::HashSet;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::event::Event;
use super::records::Level;

/// Frames that may wait for one connection; like FreeSWITCH, we drop what a slow reader does not take.
pub(super) const MAX_WAITING_FRAMES: usize = 10_000;
/// Custom event names and filters of one connection.
pub(super) const MAX_FILTERS: usize = 256;

/// What `myevents` subscribes to.
const MY_EVENTS: [&str; 22] = [
    "CHANNEL_ANSWER",
    "CHANNEL_APPLICATION",
    "CHANNEL_BRIDGE",
    "CHANNEL_CREATE",
    "CHANNEL_DATA",
    "CHANNEL_DESTROY",
    "CHANNEL_EXECUTE",
    "CHANNEL_EXECUTE_COMPLETE",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_ORIGINATE",
    "CHANNEL_UUID",
    "CHANNEL_OUTGOING",
    "CHANNEL_PARK",
    "CHANNEL_PROGRESS",
    "CHANNEL_STATE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_UNPARK",
    "DETECTED_SPEECH",
    "DTMF",
    "NOTALK",
    "TALK",
];

pub(super) struct Listener {
    frames: mpsc::Sender<Vec<u8>>,
    /// Cut by a fault or by the end of the session.
    pub(super) cut: CancellationToken,
    pub(super) authorised: bool,
    pub(super) json: bool,
    pub(super) events_on: bool,
    pub(super) all: bool,
    pub(super) names: HashSet<String>,
    pub(super) custom: HashSet<String>,
    pub(super) filters: Vec<(String, String)>,
    pub(super) log_level: Option<Level>,
    /// The leg an outbound connection controls, or an inbound one took with `myevents UUID`.
    pub(super) session: Option<String>,
    pub(super) my_events: bool,
    pub(super) outbound: bool,
    pub(super) full: bool,
    /// Seconds to stay after the hang-up; `None` inside means without end.
    pub(super) linger: Option<Option<u64>>,
    /// To be cut without a word, as a broken network does.
    pub(super) abrupt: bool,
    /// Frames lost because the other side did not read.
    pub(super) lost: u64,
}

impl Listener {
    pub(super) fn new(outbound_session: Option<String>, full: bool) -> (Self, mpsc::Receiver<Vec<u8>>) {
        let (frames, waiting) = mpsc::channel(MAX_WAITING_FRAMES);
        let outbound = outbound_session.is_some();
        let listener = Self {
            frames,
            cut: CancellationToken::new(),
            authorised: outbound,
            json: false,
            events_on: false,
            all: false,
            names: HashSet::new(),
            custom: HashSet::new(),
            filters: Vec::new(),
            log_level: None,
            session: outbound_session,
            my_events: false,
            outbound,
            full,
            linger: None,
            abrupt: false,
            lost: 0,
        };
        (listener, waiting)
    }

    pub(super) fn push(&mut self, frame: Vec<u8>) {
        if self.frames.try_send(frame).is_err() {
            self.lost += 1;
        }
    }

    pub(super) fn my_events(&mut self) {
        self.names.extend(MY_EVENTS.iter().map(|name| (*name).to_owned()));
        self.my_events = true;
        self.events_on = true;
    }

    /// Subscription, filters and `myevents`, in FreeSWITCH's order.
    pub(super) fn hears(&self, event: &Event) -> bool {
        if !wants(self, event.name, event.header("Unique-ID")) {
            return false;
        }
        if event.name == "CUSTOM"
            && !self.all
            && event.subclass.as_ref().is_some_and(|subclass| !self.custom.contains(subclass))
        {
            return false;
        }
        if self.filters.is_empty() {
            return true;
        }
        let mut passes = false;
        for (name, wanted) in &self.filters {
            let Some(value) = event.header(name) else { continue };
            let (keep, wanted) = match wanted.strip_prefix('-') {
                Some(unwanted) => (false, unwanted),
                None => (true, wanted.strip_prefix('+').unwrap_or(wanted)),
            };
            if value.eq_ignore_ascii_case(wanted) {
                if !keep {
                    return false;
                }
                passes = true;
            }
        }
        passes
    }
}

/// The subscription alone, before an event is built.
pub(super) fn wants(listener: &Listener, name: &str, uuid: Option<&str>) -> bool {
    listener.events_on
        && (listener.all || listener.names.contains(name))
        && (!listener.my_events || (uuid.is_some() && listener.session.as_deref() == uuid))
}
