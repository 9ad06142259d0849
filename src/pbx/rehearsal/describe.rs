//! What an event says of a leg.

use super::event::Event;
use super::world::World;

impl World {
    /// What is known of a leg, as headers of an event about it.
    pub(super) fn describe(&self, uuid: &str, event: &mut Event) {
        let Some(leg) = self.legs.get(uuid) else { return };
        let mut add = |name: &str, value: &str| event.headers.push((name.to_owned(), value.to_owned()));
        let (state, number, call_state) = leg.state_names();
        add("Channel-State", state);
        add("Channel-Call-State", call_state);
        add("Channel-State-Number", &number.to_string());
        add("Channel-Name", &leg.name);
        add("Unique-ID", &leg.uuid);
        add("Call-Direction", leg.direction());
        add("Presence-Call-Direction", leg.direction());
        add("Channel-HIT-Dialplan", if leg.inbound { "true" } else { "false" });
        add("Channel-Call-UUID", leg.get("call_uuid").unwrap_or(&leg.uuid));
        let answer_state = match leg.answered_ms {
            _ if leg.get("hangup_cause").is_some() => "hangup",
            Some(_) => "answered",
            None => "ringing",
        };
        add("Answer-State", answer_state);
        add("Channel-Read-Codec-Name", "PCMU");
        add("Channel-Read-Codec-Rate", "8000");
        add("Caller-Direction", leg.direction());
        add("Caller-Logical-Direction", leg.direction());
        add("Caller-Caller-ID-Number", &leg.caller_number);
        add("Caller-Callee-ID-Number", &leg.callee_number);
        add("Caller-Destination-Number", &leg.destination);
        add("Caller-Unique-ID", &leg.uuid);
        add("Caller-Context", &leg.context);
        add("Caller-Channel-Name", &leg.name);
        if let Some(other) = leg.bridged_to.as_ref().and_then(|other| self.legs.get(other)) {
            add("Other-Type", if leg.inbound { "originatee" } else { "originator" });
            add("Other-Leg-Direction", other.direction());
            add("Other-Leg-Caller-ID-Number", &other.caller_number);
            add("Other-Leg-Destination-Number", &other.destination);
            add("Other-Leg-Unique-ID", &other.uuid);
            add("Other-Leg-Channel-Name", &other.name);
        }
        for (name, value) in &leg.variables {
            add(&format!("variable_{name}"), value);
        }
    }
}
