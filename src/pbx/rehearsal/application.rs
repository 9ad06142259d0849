//! Dialplan applications, from the dialplan, from `sendmsg … execute` or from a binding.

use super::binding::DigitMachine;
use super::dialplan::expand;
use super::leg::{Bug, MAX_APPLICATIONS, MAX_NESTED, State};
use super::records::Level;
use super::world::World;

impl World {
    /// Runs an application on a leg out of order (`sendmsg`, a binding, `execute_on_answer`).
    pub(super) fn execute(&mut self, uuid: &str, application: &str, data: &str, id: Option<String>) {
        self.perform(uuid, application, data, id, false);
    }

    /// Runs one application between its two events. False if it blocks: something later goes on.
    pub(super) fn perform(
        &mut self,
        uuid: &str,
        application: &str,
        data: &str,
        id: Option<String>,
        scripted: bool,
    ) -> bool {
        let Some(leg) = self.leg_mut(uuid) else { return false };
        let data = expand(data, |name| leg.get(name).map(str::to_owned));
        if leg.applications.len() < MAX_APPLICATIONS {
            leg.applications.push((application.to_owned(), data.clone()));
        }
        if scripted {
            leg.application = (application.to_owned(), data.clone());
            leg.set("current_application", application);
            leg.set("current_application_data", &data);
        }
        let id = id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let headers =
            [("Application", application), ("Application-Data", data.as_str()), ("Application-UUID", &id)];
        self.fire_leg("CHANNEL_EXECUTE", uuid, &headers);
        let name = self.leg(uuid).map(|leg| leg.name.clone()).unwrap_or_default();
        let text = format!("EXECUTE [depth=0] {name} {application}({data})");
        self.write_log(Level::Debug, Some(uuid), "switch_core_session.c:2905", &text);
        let done = self.apply(uuid, application, &data, &id, scripted);
        if done && self.legs.contains_key(uuid) {
            let headers = [headers[0], headers[1], ("Application-Response", "_none_"), headers[2]];
            self.fire_leg("CHANNEL_EXECUTE_COMPLETE", uuid, &headers);
        }
        done
    }

    fn apply(&mut self, uuid: &str, application: &str, data: &str, id: &str, scripted: bool) -> bool {
        match application {
            "answer" | "pre_answer" => self.answer(uuid),
            "hangup" => {
                self.hang_up(uuid, if data.is_empty() { "NORMAL_CLEARING" } else { data });
                return false;
            }
            "park" | "echo" => {
                if scripted || self.leg(uuid).is_some_and(|leg| leg.state == State::Routing) {
                    self.park_soon(uuid);
                    return false;
                }
            }
            "socket" => {
                self.dial_daemon(uuid, data);
                return false;
            }
            "bridge" => return self.bridge_to(uuid, data),
            "transfer" => {
                let mut words = data.split_whitespace();
                let number = words.next().unwrap_or_default().to_owned();
                let dialplan = words.next().unwrap_or("XML").to_owned();
                let context = words.next().unwrap_or_default().to_owned();
                self.route(uuid, &number, &dialplan, &context);
                return false;
            }
            "playback" => return !self.play(uuid, data, id, scripted),
            "sleep" => return self.sleep(uuid, data, scripted),
            "set" | "export" => self.set_list(uuid, data.trim_start_matches("nolocal:"), '\u{1}'),
            "multiset" => self.set_list(uuid, data, ' '),
            "event" => self.application_event(uuid, data),
            "log" => self.write_log(Level::Debug, Some(uuid), "mod_dptools.c:1747", data),
            "info" | "noop" => {}
            "record_session" => {
                self.start_recording(uuid, data);
            }
            "stop_record_session" => {
                self.stop_recording(uuid, data);
            }
            "record_session_mask" | "record_session_unmask" => {
                self.mask_recording(uuid, data, application == "record_session_mask");
            }
            _ => return self.apply_to_keys(uuid, application, data),
        }
        true
    }

    fn apply_to_keys(&mut self, uuid: &str, application: &str, data: &str) -> bool {
        let Some(leg) = self.leg_mut(uuid) else { return false };
        match application {
            "unset" => leg.set(data, ""),
            "bind_digit_action" => {
                let mut parts = data.splitn(5, ',');
                let (realm, digits) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                let (action, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                let machine = leg.machine.get_or_insert_with(DigitMachine::default);
                if digits.is_empty() || action.is_empty() || !machine.bind(realm, digits, action, value) {
                    let text = format!("Syntax Error, USAGE <realm>,<digits>,<string>,<value>: {data}");
                    self.write_log(Level::Error, Some(uuid), "mod_dptools.c:440", &text);
                }
            }
            "digit_action_set_realm" => {
                if !leg.machine.as_mut().is_some_and(|machine| machine.set_realm(data)) {
                    let text = format!("Digit parser: Error unknown realm: '{data}'");
                    self.write_log(Level::Error, Some(uuid), "switch_ivr_async.c:210", &text);
                }
            }
            "clear_digit_action" => {
                let realm = data.split(',').next().unwrap_or_default();
                if realm.is_empty() || realm.eq_ignore_ascii_case("all") {
                    leg.machine = None;
                } else if let Some(machine) = leg.machine.as_mut()
                    && machine.clear_realm(realm)
                {
                    let text = format!("'{realm}' was the active realm, no realm currently selected.");
                    self.write_log(Level::Warning, Some(uuid), "switch_ivr_async.c:245", &text);
                }
            }
            "spandsp_start_dtmf" if leg.bugs.len() < MAX_NESTED => leg.bugs.push(Bug::Detector),
            "spandsp_stop_dtmf" => leg.bugs.retain(|bug| !matches!(bug, Bug::Detector)),
            // FreeSWITCH's own detector does not work over speech, and our telephones always talk.
            "start_dtmf" | "stop_dtmf" => {}
            "tone_detect" if leg.bugs.len() < MAX_NESTED => {
                let name = data.split_whitespace().next().unwrap_or_default().to_owned();
                leg.bugs.push(Bug::ToneDetect { name });
            }
            "stop_tone_detect" => leg.bugs.retain(|bug| !matches!(bug, Bug::ToneDetect { .. })),
            "block_dtmf" => leg.drop_dtmf = true,
            "unblock_dtmf" => leg.drop_dtmf = false,
            "flush_dtmf" => leg.digits.clear(),
            "queue_dtmf" => {
                self.receive_string(uuid, data);
            }
            "send_dtmf" => {
                let keys = data.split('@').next().unwrap_or_default();
                for key in keys.chars().filter(|key| super::keys::is_key(*key)) {
                    self.send(uuid, key, 2_000, !data.starts_with('~'));
                }
            }
            _ => {
                let text = format!("Invalid Application {application}");
                self.write_log(Level::Error, Some(uuid), "switch_core_session.c:2805", &text);
                self.hang_up(uuid, "DESTINATION_OUT_OF_ORDER");
                return false;
            }
        }
        true
    }

    /// The `event` application: CHANNEL_APPLICATION with headers of one's own.
    fn application_event(&mut self, uuid: &str, data: &str) {
        let pairs: Vec<(&str, &str)> = data.split(',').filter_map(|pair| pair.split_once('=')).collect();
        self.fire_leg("CHANNEL_APPLICATION", uuid, &pairs);
    }

    fn sleep(&mut self, uuid: &str, data: &str, scripted: bool) -> bool {
        if !scripted {
            return true;
        }
        let uuid = uuid.to_owned();
        let most_ms = self.settings.longest_prompt_ms;
        self.after(data.parse::<u64>().unwrap_or(0).min(most_ms), move |world| {
            if world.leg(&uuid).is_some_and(|leg| leg.state == State::Routing) {
                world.complete(&uuid);
                world.run(&uuid);
            }
        });
        false
    }

    /// The blocking application of the dialplan has ended.
    pub(super) fn complete(&mut self, uuid: &str) {
        let Some((application, data)) = self.leg(uuid).map(|leg| leg.application.clone()) else { return };
        let headers = [
            ("Application", application.as_str()),
            ("Application-Data", data.as_str()),
            ("Application-Response", "_none_"),
        ];
        self.fire_leg("CHANNEL_EXECUTE_COMPLETE", uuid, &headers);
    }

    /// Forgets digits that wait on a leg; used by `uuid_flush_dtmf`.
    pub(super) fn flush_digits(&mut self, uuid: &str) -> bool {
        self.leg_mut(uuid).map(|leg| leg.digits.clear()).is_some()
    }
}
