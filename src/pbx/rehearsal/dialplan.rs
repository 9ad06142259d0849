//! The dialplan: extensions, and the applications that steer a leg through it.

use std::collections::VecDeque;

use super::leg::{Far, State};
use super::records::Level;
use super::world::World;

impl World {
    /// Sends a leg to an extension; without one it ends, as on a real PBX.
    pub(super) fn route(&mut self, uuid: &str, number: &str, dialplan: &str, context: &str) {
        let actions = if dialplan.eq_ignore_ascii_case("inline") {
            Some(inline(number))
        } else {
            self.extension(number)
        };
        let Some(leg) = self.leg_mut(uuid) else { return };
        leg.playing.clear();
        leg.queued.clear();
        leg.state = State::Routing;
        leg.destination = number.to_owned();
        leg.context = if context.is_empty() { leg.context.clone() } else { context.to_owned() };
        let text = format!("Processing {}->{number} in context {}", leg.caller_number, leg.context);
        leg.script = actions.clone().unwrap_or_default();
        self.write_log(Level::Info, Some(uuid), "mod_dialplan_xml.c:639", &text);
        match actions {
            Some(_) => self.run(uuid),
            None => self.hang_up(uuid, "NO_ROUTE_DESTINATION"),
        }
    }

    fn extension(&self, number: &str) -> Option<VecDeque<(String, String)>> {
        if let Some(own) = self.settings.extensions.iter().find(|extension| extension.number == number) {
            return Some(own.actions.iter().cloned().collect());
        }
        let socket = self.settings.daemon_address.map(|address| format!("{address} async full"));
        let mut actions = VecDeque::new();
        let mut add = |name: &str, data: &str| actions.push_back((name.to_owned(), data.to_owned()));
        if number == "tonegate_customer" {
            add("socket", socket.as_deref().unwrap_or("127.0.0.1:1 async full"));
            add("park", "");
        } else if number == "tonegate_agent" || number == "park" {
            add("park", "");
        } else if number == self.settings.payment_number {
            add("set", "sensitive_dtmf=true");
            add("set", "tonegate_direct=true");
            add("answer", "");
            add("socket", socket.as_deref().unwrap_or("127.0.0.1:1 async full"));
            // The fallback, for the case that the daemon is not there: a person.
            add("unset", "sensitive_dtmf");
            add("bridge", "user/fallback");
        } else {
            return None;
        }
        Some(actions)
    }

    /// Goes on with the dialplan until an application blocks; at its end the leg does.
    pub(super) fn run(&mut self, uuid: &str) {
        loop {
            let Some(leg) = self.leg_mut(uuid) else { return };
            let Some((application, data)) = leg.script.pop_front() else {
                self.hang_up(uuid, "NORMAL_CLEARING");
                return;
            };
            if !self.perform(uuid, &application, &data, None, true) {
                return;
            }
        }
    }

    /// `bridge user/NAME`: a new telephone that answers at once.
    pub(super) fn bridge_to(&mut self, uuid: &str, target: &str) -> bool {
        let name = target.rsplit('/').next().unwrap_or(target).to_owned();
        let phone = self.add_phone(&name);
        let other = uuid::Uuid::new_v4().to_string();
        let caller = self.leg(uuid).map(|leg| leg.caller_number.clone()).unwrap_or_default();
        let channel = format!("sofia/internal/{name}@127.0.0.1");
        let Some(leg) = self.create_leg(&other, &channel, false, Far::Phone(phone)) else { return true };
        leg.caller_number = caller;
        leg.destination = name.clone();
        leg.callee_number = name;
        leg.set("dtmf_type", "rfc2833");
        leg.set("rtp_2833_recv_payload", "101");
        self.phones[phone].leg = Some(other.clone());
        self.answer(&other);
        self.bridge(uuid, &other);
        false
    }
}

/// The inline dialplan: `application:data,application:data`.
fn inline(text: &str) -> VecDeque<(String, String)> {
    text.split(',')
        .map(|action| action.split_once(':').unwrap_or((action, "")))
        .map(|(name, data)| (name.trim().to_owned(), data.to_owned()))
        .collect()
}

/// Expands `${name}` from a leg's variables; `\$` stands for a dollar.
pub(super) fn expand(text: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('$') {
        let (before, after) = rest.split_at(place);
        if let Some(before) = before.strip_suffix('\\') {
            expanded.push_str(before);
            expanded.push('$');
            rest = &after[1..];
        } else if let Some((name, tail)) = after.strip_prefix("${").and_then(|it| it.split_once('}')) {
            expanded.push_str(before);
            expanded.push_str(&variable(name).unwrap_or_default());
            rest = tail;
        } else {
            expanded.push_str(before);
            expanded.push('$');
            rest = &after[1..];
        }
    }
    expanded.push_str(rest);
    expanded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_expanded_once() {
        let known = |name: &str| (name == "key").then(|| "*1".to_owned());
        assert_eq!(expand("a=${key},b=${none}", known), "a=*1,b=");
        assert_eq!(expand("a=\\${key}", known), "a=${key}");
        assert_eq!(expand("${key", known), "${key");
    }
}
