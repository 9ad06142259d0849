//! `api` commands about legs; the answers are FreeSWITCH's own, to the letter.

use super::leg::State;
use super::records::Level;
use super::world::World;

const NO_CHANNEL: &str = "-ERR No such channel!\n";
pub(super) const NO_SESSION: &str = "-ERR Cannot locate session!\n";
pub(super) const OK: &str = "+OK\n";
pub(super) const SUCCESS: &str = "+OK Success\n";

impl World {
    /// Runs an `api` command and gives its answer. Every other listener learns that it ran.
    pub(super) fn api(&mut self, command: &str, args: &str) -> String {
        self.fire_small("API", &[("API-Command", command), ("API-Command-Argument", args)], None);
        if self.faults.refuses(&format!("{command} {args}")) {
            return super::faults::REFUSED.to_owned();
        }
        let words: Vec<&str> = args.split_whitespace().collect();
        let uuid = words.first().copied().unwrap_or_default();
        let exists = self.legs.contains_key(uuid);
        let missing = |text: &str| text.to_owned();
        match command {
            "uuid_exists" => exists.to_string(),
            "uuid_setvar" => self.api_setvar(args),
            "uuid_setvar_multi" | "uuid_getvar" | "uuid_transfer" | "uuid_dual_transfer"
                if words.len() < 2 =>
            {
                missing(match command {
                    "uuid_setvar_multi" => "-USAGE: <uuid> <var>=<value>;<var>=<value>...\n",
                    "uuid_getvar" => "-USAGE: <uuid> <var>\n",
                    "uuid_transfer" => "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n",
                    _ => {
                        "-USAGE: <uuid> <A-dest-exten>[/<A-dialplan>][/<A-context>] \
                         <B-dest-exten>[/<B-dialplan>][/<B-context>]\n"
                    }
                })
            }
            "uuid_setvar_multi" if !exists => {
                missing("-ERR No such channel!\n-USAGE: <uuid> <var>=<value>;<var>=<value>...\n")
            }
            "uuid_bridge" => self.api_bridge(&words),
            "uuid_media" => self.api_media(&words),
            "uuid_buglist" => self.api_buglist(uuid),
            "uuid_displace" => self.api_displace(&words),
            "uuid_record" => self.api_record(uuid, args),
            "uuid_broadcast" if !exists => missing("-ERR invalid uuid\n"),
            "uuid_flush_dtmf" if !exists => missing("-ERR No such session\n"),
            "uuid_recv_dtmf" | "uuid_send_dtmf" if !exists => missing(NO_SESSION),
            "uuid_debug_media" => missing(if exists { SUCCESS } else { "-ERR Operation failed\n" }),
            "uuid_getvar" | "uuid_dump" | "uuid_kill" | "uuid_transfer" | "uuid_dual_transfer"
            | "uuid_park" | "uuid_break" | "uuid_audio" | "uuid_drop_dtmf" | "uuid_answer"
                if !exists =>
            {
                missing(NO_CHANNEL)
            }
            "uuid_setvar_multi" => {
                self.set_list(uuid, args.split_once(' ').map_or("", |(_, list)| list), ';');
                missing(OK)
            }
            "uuid_getvar" => self.api_getvar(uuid, words[1]),
            "uuid_dump" => self.api_dump(uuid, words.get(1) == Some(&"json")),
            "uuid_kill" => {
                self.hang_up(uuid, words.get(1).copied().unwrap_or("NORMAL_CLEARING"));
                missing(OK)
            }
            "uuid_answer" => {
                self.answer(uuid);
                missing(OK)
            }
            "uuid_transfer" => self.api_transfer(&words),
            "uuid_dual_transfer" => self.api_dual_transfer(&words),
            "uuid_park" => {
                self.part(uuid);
                self.park_soon(uuid);
                missing(OK)
            }
            "uuid_break" => {
                self.break_off(uuid, words.get(1) == Some(&"all"));
                missing(OK)
            }
            "uuid_audio" => self.api_audio(&words),
            "uuid_broadcast" => self.api_broadcast(&words),
            "uuid_flush_dtmf" => {
                self.flush_digits(uuid);
                missing(OK)
            }
            "uuid_recv_dtmf" => {
                let text = words.get(1).copied().unwrap_or_default();
                let good = self.receive_string(uuid, text);
                if good {
                    format!("+OK {uuid} received DTMF {text}.\n")
                } else {
                    missing("-ERR Operation failed\n")
                }
            }
            "uuid_send_dtmf" => self.api_send_dtmf(uuid, words.get(1).copied().unwrap_or_default()),
            "uuid_drop_dtmf" => {
                if let Some(leg) = self.leg_mut(uuid) {
                    leg.drop_dtmf = words.get(1) == Some(&"on");
                }
                missing(OK)
            }
            _ => self.system_api(command, args),
        }
    }

    fn api_setvar(&mut self, args: &str) -> String {
        let mut parts = args.splitn(3, ' ');
        let (uuid, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let value = parts.next().unwrap_or_default();
        if name.is_empty() {
            return "-USAGE: <uuid> <var> [value]\n".to_owned();
        }
        let Some(leg) = self.leg_mut(uuid) else { return NO_CHANNEL.to_owned() };
        leg.set(name, value);
        OK.to_owned()
    }

    fn api_getvar(&self, uuid: &str, name: &str) -> String {
        let Some(leg) = self.leg(uuid) else { return NO_CHANNEL.to_owned() };
        let profile = match name {
            "caller_id_number" => Some(leg.caller_number.clone()),
            "destination_number" => Some(leg.destination.clone()),
            "context" => Some(leg.context.clone()),
            "state" => Some(leg.state_names().0.to_owned()),
            _ => None,
        };
        let value = leg.get(name).map(str::to_owned).or(profile);
        value.unwrap_or_else(|| "_undef_".to_owned())
    }

    fn api_dump(&mut self, uuid: &str, json: bool) -> String {
        let mut event = self.begin("CHANNEL_DATA");
        self.describe(uuid, &mut event);
        if json { event.json() } else { format!("{}\n", event.plain()) }
    }

    fn api_bridge(&mut self, words: &[&str]) -> String {
        let [a, b, ..] = words else { return "-USAGE: <uuid> <other_uuid>\n".to_owned() };
        if self.join(a, b) { format!("+OK {b}\n") } else { "-ERR Invalid uuid\n".to_owned() }
    }

    /// Ends a leg's bridge; the other side goes, unless it was told to stay.
    fn part(&mut self, uuid: &str) {
        self.break_off(uuid, true);
        if let Some(other) = self.unbridge(uuid) {
            if self.leg(&other).is_some_and(|leg| leg.is_true("park_after_bridge")) {
                self.park_soon(&other);
            } else {
                self.hang_up(&other, "NORMAL_CLEARING");
            }
        }
        if let Some(leg) = self.leg_mut(uuid) {
            leg.script.clear();
            leg.state = State::Routing;
        }
    }

    fn api_transfer(&mut self, words: &[&str]) -> String {
        let uuid = words[0];
        let (which, rest) = match words[1] {
            flag @ ("-bleg" | "-both") => (flag, &words[2..]),
            _ => ("", &words[1..]),
        };
        let Some(number) = rest.first() else { return "-ERR No extension specified\n".to_owned() };
        let (dialplan, context) = (rest.get(1).copied().unwrap_or("XML"), rest.get(2).copied().unwrap_or(""));
        let other = self.leg(uuid).and_then(|leg| leg.bridged_to.clone());
        match (which, other) {
            ("-bleg", Some(other)) => {
                self.part(&other);
                self.route(&other, number, dialplan, context);
            }
            ("-both", Some(other)) => {
                self.unbridge(uuid);
                self.route(uuid, number, dialplan, context);
                self.route(&other, number, dialplan, context);
            }
            _ => {
                self.part(uuid);
                self.route(uuid, number, dialplan, context);
            }
        }
        OK.to_owned()
    }

    fn api_dual_transfer(&mut self, words: &[&str]) -> String {
        let (uuid, a) = (words[0], words[1]);
        let Some(b) = words.get(2) else { return "-ERR Operation failed\n".to_owned() };
        let Some(other) = self.unbridge(uuid) else { return "-ERR Operation failed\n".to_owned() };
        if let Some((application, _)) = self.leg(uuid).map(|leg| leg.application.clone())
            && !application.is_empty()
        {
            self.complete(uuid);
        }
        for (leg, target) in [(uuid, a), (other.as_str(), *b)] {
            let mut parts = target.split('/');
            let number = parts.next().unwrap_or_default();
            let (dialplan, context) = (parts.next().unwrap_or("XML"), parts.next().unwrap_or_default());
            self.route(leg, number, dialplan, context);
        }
        OK.to_owned()
    }

    fn api_send_dtmf(&mut self, uuid: &str, text: &str) -> String {
        let skip = !text.starts_with('~');
        let (keys, ms) = text.split_once('@').unwrap_or((text, "250"));
        let samples = ms.parse::<u32>().unwrap_or(250).saturating_mul(8);
        for key in keys.chars().filter(|key| super::keys::is_key(*key)) {
            let line = format!("{uuid} send dtmf\ndigit={key} ms={ms} samples={samples}");
            self.write_log(Level::Debug, Some(uuid), "switch_core_io.c:1201", &line);
            self.send(uuid, key, samples, skip);
        }
        format!("+OK {uuid} sent DTMF {text}.\n")
    }
}
