//! The state of the pretended PBX behind one lock: legs, listeners, telephones, records of what was said.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::event::Event;
use super::faults::Faults;
use super::leg::{Leg, MAX_QUEUED_EVENTS, State};
use super::listener::{Listener, wants};
use super::phone::Phone;
use super::records::{Cdr, Level, LogLine, Recording};
use super::settings::Settings;

/// Log lines kept; older ones go.
pub(super) const MAX_LOG_LINES: usize = 100_000;
/// Call detail records and recordings kept; older ones go.
pub(super) const MAX_RECORDS: usize = 20_000;
/// Legs alive at once.
pub(super) const MAX_LEGS: usize = 20_000;
/// Telephones and global variables.
pub(super) const MAX_PHONES: usize = 200_000;
/// Scheduled commands waiting.
pub(super) const MAX_SCHEDULED: usize = 10_000;

pub(super) struct World {
    pub(super) settings: Settings,
    pub(super) core_uuid: String,
    pub(super) started: Instant,
    pub(super) legs: HashMap<String, Leg>,
    pub(super) listeners: BTreeMap<u64, Listener>,
    pub(super) phones: Vec<Phone>,
    pub(super) globals: BTreeMap<String, String>,
    pub(super) log: VecDeque<LogLine>,
    pub(super) cdrs: VecDeque<Cdr>,
    pub(super) recordings: VecDeque<Recording>,
    pub(super) scheduled: BTreeMap<u64, String>,
    pub(super) faults: Faults,
    pub(super) sessions: u64,
    pub(super) counter: u64,
    pub(super) me: Weak<Core>,
}

/// The lock around the world, and the end of everything.
pub(super) struct Core {
    world: Mutex<World>,
    pub(super) over: CancellationToken,
}

impl Core {
    pub(super) fn new(settings: Settings) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            world: Mutex::new(World {
                settings,
                core_uuid: uuid::Uuid::new_v4().to_string(),
                started: Instant::now(),
                legs: HashMap::new(),
                listeners: BTreeMap::new(),
                phones: Vec::new(),
                globals: BTreeMap::from([("hostname".to_owned(), "rehearsal".to_owned())]),
                log: VecDeque::new(),
                cdrs: VecDeque::new(),
                recordings: VecDeque::new(),
                scheduled: BTreeMap::new(),
                faults: Faults::default(),
                sessions: 0,
                counter: 0,
                me: me.clone(),
            }),
            over: CancellationToken::new(),
        })
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        // A panic in one story must not hide what the others have to say.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    pub(super) fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Does something later, unless the rehearsal is over by then.
    pub(super) fn after(&self, delay_ms: u64, what: impl FnOnce(&mut World) + Send + 'static) {
        let Some(core) = self.me.upgrade() else { return };
        let over = core.over.clone();
        let core = Arc::downgrade(&core);
        tokio::spawn(async move {
            tokio::select! {
                () = over.cancelled() => {}
                () = tokio::time::sleep(Duration::from_millis(delay_ms)) => {
                    if let Some(core) = core.upgrade() {
                        what(&mut core.world());
                    }
                }
            }
        });
    }

    pub(super) fn leg(&self, uuid: &str) -> Option<&Leg> {
        self.legs.get(uuid)
    }

    pub(super) fn leg_mut(&mut self, uuid: &str) -> Option<&mut Leg> {
        self.legs.get_mut(uuid)
    }

    pub(super) fn var(&self, uuid: &str, name: &str) -> Option<String> {
        self.legs.get(uuid)?.get(name).map(str::to_owned)
    }

    /// Writes a line as the log file and every `log` listener get it.
    pub(super) fn write_log(&mut self, level: Level, leg: Option<&str>, place: &'static str, text: &str) {
        let line = LogLine {
            at_ms: self.now_ms(),
            level,
            leg: leg.map(str::to_owned),
            text: format!("[{}] {place} {text}", level.name()),
        };
        if self.listeners.values().any(|listener| listener.log_level.is_some_and(|most| level <= most)) {
            let stamp = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S%.6f").to_string();
            let data = format!("{stamp} 0.00% [{}] {place} {text}\n", level.name());
            let (file, number) = place.split_once(':').unwrap_or((place, "0"));
            let frame = format!(
                "Content-Type: log/data\nContent-Length: {}\nLog-Level: {}\nText-Channel: 3\nLog-File: {file}\n\
                 Log-Func: rehearsal\nLog-Line: {number}\nUser-Data: {}\n\n{data}",
                data.len(),
                level as u8,
                leg.unwrap_or_default(),
            );
            for listener in self.listeners.values_mut() {
                if listener.log_level.is_some_and(|most| level <= most) {
                    listener.push(frame.clone().into_bytes());
                }
            }
        }
        if self.log.len() >= MAX_LOG_LINES {
            self.log.pop_front();
        }
        self.log.push_back(line);
    }

    /// The headers every event begins with.
    pub(super) fn begin(&mut self, name: &'static str) -> Event {
        let now = jiff::Timestamp::now();
        let sequence = self.next();
        Event::new(name)
            .with("Event-Name", name)
            .with("Core-UUID", self.core_uuid.clone())
            .with("FreeSWITCH-Hostname", "rehearsal")
            .with("FreeSWITCH-Switchname", "rehearsal")
            .with("FreeSWITCH-IPv4", "127.0.0.1")
            .with("FreeSWITCH-IPv6", "::1")
            .with("Event-Date-Local", now.strftime("%Y-%m-%d %H:%M:%S").to_string())
            .with("Event-Date-GMT", now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
            .with("Event-Date-Timestamp", now.as_microsecond().to_string())
            .with("Event-Calling-File", "rehearsal")
            .with("Event-Calling-Function", "rehearsal")
            .with("Event-Calling-Line-Number", "1")
            .with("Event-Sequence", sequence.to_string())
    }

    /// True if anybody would hear such an event; spares building it for nobody.
    pub(super) fn is_wanted(&self, name: &str, uuid: Option<&str>) -> bool {
        self.listeners.values().any(|listener| wants(listener, name, uuid))
    }

    /// An event about a leg, with all that FreeSWITCH puts into it, to whoever subscribed.
    pub(super) fn fire_leg(&mut self, name: &'static str, uuid: &str, more: &[(&str, &str)]) {
        if !self.is_wanted(name, Some(uuid)) || !self.legs.contains_key(uuid) {
            return;
        }
        let mut event = self.begin(name);
        self.describe(uuid, &mut event);
        for (name, value) in more {
            event.headers.push(((*name).to_owned(), (*value).to_owned()));
        }
        self.fire(event);
    }

    /// An event to everybody who subscribed to it.
    pub(super) fn fire(&mut self, event: Event) {
        let (mut plain, mut json) = (None::<Vec<u8>>, None::<Vec<u8>>);
        for listener in self.listeners.values_mut() {
            if !listener.hears(&event) {
                continue;
            }
            let frame = if listener.json {
                json.get_or_insert_with(|| event.frame(true))
            } else {
                plain.get_or_insert_with(|| event.frame(false))
            };
            listener.push(frame.clone());
        }
    }

    /// Puts an event into a leg's own queue, where a diverted private connection finds it.
    pub(super) fn queue_event(&mut self, uuid: &str, event: Event) {
        let Some(leg) = self.legs.get_mut(uuid) else { return };
        if leg.events.len() < MAX_QUEUED_EVENTS {
            leg.events.push_back(event);
        }
        self.drain_events(uuid);
    }

    /// Hands a leg's own events to the one who may have them: the private connection if they are
    /// diverted; otherwise a parked leg publishes them and a bridged one throws them away.
    pub(super) fn drain_events(&mut self, uuid: &str) {
        let Some(leg) = self.legs.get_mut(uuid) else { return };
        if leg.diverted {
            let Some(listener) = leg.listener.and_then(|id| self.listeners.get_mut(&id)) else { return };
            if !listener.events_on {
                return;
            }
            for event in leg.events.drain(..) {
                listener.push(event.frame(listener.json));
            }
            return;
        }
        match leg.state {
            State::Parked | State::Controlled => {
                let events: Vec<Event> = leg.events.drain(..).collect();
                for mut event in events {
                    self.describe(uuid, &mut event);
                    self.fire(event);
                }
            }
            State::Bridged => leg.events.clear(),
            _ => {}
        }
    }

    /// The names of legs alive, oldest first.
    pub(super) fn in_order(&self) -> Vec<&Leg> {
        let mut legs: Vec<&Leg> = self.legs.values().collect();
        legs.sort_by_key(|leg| leg.number);
        legs
    }

    /// The `show channels` of FreeSWITCH counts both; so do the stories.
    pub(super) fn bridged_pairs(&self) -> Vec<(&Leg, &Leg)> {
        let mut seen = HashSet::new();
        let mut pairs = Vec::new();
        for leg in self.in_order() {
            let Some(other) = leg.bridged_to.as_ref().and_then(|other| self.legs.get(other)) else {
                continue;
            };
            if seen.insert(leg.uuid.clone()) && seen.insert(other.uuid.clone()) {
                pairs.push((leg, other));
            }
        }
        pairs
    }
}
