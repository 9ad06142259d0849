//! Legs come, are bridged, parked and transferred, hear one another, and go.

use super::event::Event;
use super::leg::{Bug, Far, Leg, MAX_VARIABLES, Media, State};
use super::records::{Cdr, Level};
use super::world::{MAX_LEGS, MAX_RECORDS, World};

impl World {
    /// A new leg; nothing is answered yet. `None` if there are too many or the name is taken.
    pub(super) fn create_leg(&mut self, uuid: &str, name: &str, inbound: bool, far: Far) -> Option<&mut Leg> {
        if self.legs.len() >= MAX_LEGS || self.legs.contains_key(uuid) {
            return None;
        }
        self.sessions += 1;
        let mut leg = Leg::new(uuid, self.sessions, name, inbound, far);
        leg.created_ms = self.now_ms();
        self.legs.insert(uuid.to_owned(), leg);
        self.fire_leg("CHANNEL_CREATE", uuid, &[]);
        self.legs.get_mut(uuid)
    }

    pub(super) fn answer(&mut self, uuid: &str) {
        let now_ms = self.now_ms();
        let Some(leg) = self.leg_mut(uuid) else { return };
        if leg.answered_ms.is_some() {
            return;
        }
        leg.answered_ms = Some(now_ms);
        if leg.state == State::Ringing {
            leg.state = State::Routing;
        }
        self.fire_leg("CHANNEL_ANSWER", uuid, &[]);
        // What the dialplan or an originator left for this moment.
        if let Some(what) = self.var(uuid, "execute_on_answer") {
            let (application, data) = what.split_once(' ').unwrap_or((&what, ""));
            self.execute(uuid, application, data, None);
        }
    }

    /// Two answered legs begin to hear one another.
    pub(super) fn bridge(&mut self, a: &str, b: &str) {
        for (own, other) in [(a, b), (b, a)] {
            let Some(leg) = self.leg_mut(own) else { return };
            leg.bridged_to = Some(other.to_owned());
            leg.state = State::Bridged;
            leg.set("bridge_uuid", other);
            leg.set("last_bridge_to", other);
            leg.set("signal_bond", other);
            leg.set("call_uuid", a);
        }
        let media = if [a, b].iter().any(|it| self.leg(it).is_some_and(|leg| leg.is_true("bypass_media"))) {
            Media::Bypass
        } else if [a, b].iter().any(|it| self.leg(it).is_some_and(|leg| leg.is_true("proxy_media"))) {
            Media::Proxy
        } else {
            Media::Normal
        };
        for side in [a, b] {
            if let Some(leg) = self.leg_mut(side) {
                leg.media = media;
            }
        }
        self.fire_leg("CHANNEL_BRIDGE", a, &[("Bridge-A-Unique-ID", a), ("Bridge-B-Unique-ID", b)]);
        for side in [a, b] {
            self.drain_events(side);
            self.read_digits(side);
        }
        self.hear(a);
    }

    /// The two stop hearing one another; what becomes of them is for the caller to say.
    pub(super) fn unbridge(&mut self, uuid: &str) -> Option<String> {
        let other = self.leg(uuid)?.bridged_to.clone()?;
        let (a, b) = if self.leg(uuid)?.get("call_uuid") == Some(other.as_str()) {
            (other.clone(), uuid.to_owned())
        } else {
            (uuid.to_owned(), other.clone())
        };
        self.fire_leg("CHANNEL_UNBRIDGE", &a, &[("Bridge-A-Unique-ID", &a), ("Bridge-B-Unique-ID", &b)]);
        for side in [&a, &b] {
            if let Some(leg) = self.leg_mut(side) {
                leg.bridged_to = None;
                leg.state = State::Routing;
                leg.held = false;
            }
        }
        self.hear(&a);
        self.hear(&b);
        Some(other)
    }

    /// A leg is parked after the PBX's own delay, unless something else became of it meanwhile.
    pub(super) fn park_soon(&mut self, uuid: &str) {
        let delay_ms = self.settings.park_delay_ms;
        if delay_ms == 0 {
            self.park(uuid, State::Parked);
            return;
        }
        let uuid = uuid.to_owned();
        self.after(delay_ms, move |world| {
            if world.leg(&uuid).is_some_and(|leg| leg.state == State::Routing) {
                world.park(&uuid, State::Parked);
            }
        });
    }

    pub(super) fn park(&mut self, uuid: &str, state: State) {
        let Some(leg) = self.leg_mut(uuid) else { return };
        leg.state = state;
        self.fire_leg("CHANNEL_PARK", uuid, &[]);
        self.drain_events(uuid);
        self.read_digits(uuid);
    }

    /// `uuid_bridge`: both legs must have come to rest. The dialplan ends for both.
    pub(super) fn join(&mut self, a: &str, b: &str) -> bool {
        let rests = |leg: &Leg| matches!(leg.state, State::Parked | State::Controlled | State::Bridged);
        if a == b || ![a, b].iter().all(|it| self.leg(it).is_some_and(rests)) {
            return false;
        }
        for side in [a, b] {
            if let Some(other) = self.leg(side).and_then(|leg| leg.bridged_to.clone()) {
                if other == a || other == b {
                    return true;
                }
                self.unbridge(side);
                self.hang_up(&other, "NORMAL_CLEARING");
            }
        }
        for side in [a, b] {
            let Some(leg) = self.leg_mut(side) else { return false };
            let was = leg.state;
            leg.state = State::Hibernating;
            leg.playing.clear();
            leg.queued.clear();
            leg.script.clear();
            if matches!(was, State::Parked | State::Controlled) {
                self.fire_leg("CHANNEL_UNPARK", side, &[]);
            }
            if was == State::Controlled {
                self.complete(side);
            }
            self.fire_leg("CHANNEL_STATE", side, &[]);
        }
        self.fire_leg("CHANNEL_EXECUTE", a, &[("Application", "uuid_bridge"), ("Application-Data", b)]);
        self.bridge(a, b);
        true
    }

    /// Ends a leg: events, record, sockets; and the other side, unless it was told to stay.
    pub(super) fn hang_up(&mut self, uuid: &str, cause: &str) {
        let Some(leg) = self.leg_mut(uuid) else { return };
        leg.set("hangup_cause", cause);
        // The leg still knows the other side when it says that it goes.
        self.fire_leg("CHANNEL_HANGUP", uuid, &[("Hangup-Cause", cause)]);
        let peer = self.unbridge(uuid);
        let Some(leg) = self.leg_mut(uuid) else { return };
        leg.state = State::Gone;
        leg.script.clear();
        let files: Vec<String> = leg
            .bugs
            .iter()
            .filter_map(|bug| match bug {
                Bug::Record { path, .. } => Some(path.clone()),
                _ => None,
            })
            .collect();
        let dialled = if leg.dialled.is_empty() { "none".to_owned() } else { leg.dialled.clone() };
        leg.set("digits_dialed", &dialled);
        let (listener, far) = (leg.listener, leg.far.clone());
        for file in files {
            self.stop_recording(uuid, &file);
        }
        for name in ["CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY"] {
            self.fire_leg(name, uuid, &[("Hangup-Cause", cause)]);
        }
        let text = format!("Hangup {uuid} [{cause}]");
        self.write_log(Level::Notice, Some(uuid), "switch_channel.c:3445", &text);
        if let Some(leg) = self.legs.remove(uuid) {
            self.write_cdr(leg, dialled, cause);
        }
        if let Some(listener) = listener {
            self.session_over(listener, uuid);
        }
        self.hear_nothing(&far);
        if let Far::Loopback(other) = far
            && self.leg(&other).is_some_and(|leg| leg.state != State::Gone)
        {
            self.hang_up(&other, cause);
        }
        if let Some(peer) = peer {
            self.left_alone(&peer);
        }
    }

    fn left_alone(&mut self, uuid: &str) {
        let Some(leg) = self.leg(uuid) else { return };
        if leg.is_true("park_after_bridge") {
            self.park(uuid, State::Parked);
        } else if leg.get("hangup_after_bridge") == Some("false") && !leg.script.is_empty() {
            self.run(uuid);
        } else {
            self.hang_up(uuid, "NORMAL_CLEARING");
        }
    }

    fn write_cdr(&mut self, leg: Leg, digits_dialed: String, cause: &str) {
        let cdr = Cdr {
            caller_number: leg.caller_number,
            destination: leg.destination,
            digits_dialed,
            hangup_cause: cause.to_owned(),
            duration_ms: self.now_ms().saturating_sub(leg.created_ms),
            applications: leg.applications,
            variables: leg.variables,
            leg: leg.uuid,
        };
        if self.cdrs.len() >= MAX_RECORDS {
            self.cdrs.pop_front();
        }
        self.cdrs.push_back(cdr);
    }

    /// The private connection of a leg that ended: it is told, and cut now or when it has lingered.
    fn session_over(&mut self, id: u64, uuid: &str) {
        let Some(listener) = self.listeners.get_mut(&id) else { return };
        let Some(linger) = listener.linger else {
            listener.cut.cancel();
            return;
        };
        let seconds = linger.map_or_else(|| "-1".to_owned(), |seconds| seconds.to_string());
        listener.push(
            format!(
                "Content-Type: text/disconnect-notice\nControlled-Session-UUID: {uuid}\n\
                 Content-Disposition: linger\nChannel-Name: {uuid}\nLinger-Time: {seconds}\nContent-Length: 0\n\n"
            )
            .into_bytes(),
        );
        let cut = listener.cut.clone();
        if let Some(seconds) = linger {
            self.after(seconds.saturating_mul(1_000), move |_| cut.cancel());
        }
    }

    /// Variables of an `{a=b,c=d}` or `a=b;c=d` list.
    pub(super) fn set_list(&mut self, uuid: &str, list: &str, separator: char) {
        let Some(leg) = self.leg_mut(uuid) else { return };
        for (name, value) in list.split(separator).filter_map(|pair| pair.split_once('=')).take(MAX_VARIABLES)
        {
            leg.set(name.trim(), value.trim_matches('\''));
        }
    }

    /// A small event about no leg.
    pub(super) fn fire_small(&mut self, name: &'static str, more: &[(&str, &str)], body: Option<String>) {
        if !self.is_wanted(name, None) {
            return;
        }
        let mut event: Event = self.begin(name);
        for (name, value) in more {
            event.headers.push(((*name).to_owned(), (*value).to_owned()));
        }
        event.body = body;
        self.fire(event);
    }
}
