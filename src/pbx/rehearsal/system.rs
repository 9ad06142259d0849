//! `api` commands about the PBX itself: what is running, global variables and timers.

use serde_json::json;

use super::dialplan::expand;
use super::leg::Leg;
use super::records::Level;
use super::world::{MAX_SCHEDULED, World};

/// Global variables at most.
const MAX_GLOBALS: usize = 10_000;
/// A timer set further away than this is refused.
const FURTHEST_TIMER_S: u64 = 31 * 24 * 3_600;

/// What `version` says; a real one names its own revision.
pub(super) const VERSION: &str =
    "FreeSWITCH Version 1.10.12-rehearsal (tonegate's stand-in, no telephones)\n";

impl World {
    pub(super) fn system_api(&mut self, command: &str, args: &str) -> String {
        match command {
            "version" => VERSION.to_owned(),
            "status" => self.status(),
            "uptime" => format!("{}\n", self.now_ms() / 1_000),
            "show" => self.show(args),
            "create_uuid" => uuid::Uuid::new_v4().to_string(),
            "hostname" | "switchname" => "rehearsal".to_owned(),
            "echo" => args.to_owned(),
            "eval" | "expand" => expand(args, |name| self.globals.get(name).cloned()),
            "strftime" => jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S").to_string(),
            "reloadxml" => "+OK [Success]\n".to_owned(),
            "module_exists" if args.is_empty() => "-ERR no reply\n".to_owned(),
            "module_exists" => self.settings.modules.iter().any(|module| module == args).to_string(),
            "file_exists" => std::path::Path::new(args).exists().to_string(),
            "xml_locate" => self.xml_locate(args),
            "log" => self.log_api(args),
            "fsctl" => fsctl(args),
            "sofia" if args.starts_with("global ") => format!("+OK Global {}", &args[7..]),
            "global_setvar" => self.global_setvar(args),
            "global_getvar" => {
                self.globals.get(args).cloned().unwrap_or_else(|| "-ERR no reply\n".to_owned())
            }
            "sched_api" => self.schedule(args),
            "sched_del" => {
                let before = self.scheduled.len();
                let number = args.parse::<u64>().ok();
                self.scheduled.retain(|id, group| group != args && Some(*id) != number);
                format!("+OK Deleted: {}\n", before - self.scheduled.len())
            }
            "originate" => self.originate(args),
            _ => format!("-ERR {command} Command not found!\n"),
        }
    }

    fn status(&self) -> String {
        let up = self.now_ms();
        let seconds = up / 1_000;
        format!(
            "UP 0 years, {} days, {} hours, {} minutes, {} seconds, {} milliseconds, 0 microseconds\n\
             FreeSWITCH (Version 1.10.12-rehearsal) is ready\n{} session(s) since startup\n\
             {} session(s) - peak {}, last 5min {} \n0 session(s) per Sec out of max 1000, peak 0, last 5min 0 \n\
             {} session(s) max\nmin idle cpu 0.00/100.00\nCurrent Stack Size/Max 240K/8192K\n",
            seconds / 86_400,
            seconds / 3_600 % 24,
            seconds / 60 % 60,
            seconds % 60,
            up % 1_000,
            self.sessions,
            self.legs.len(),
            self.legs.len(),
            self.legs.len(),
            super::world::MAX_LEGS,
        )
    }

    fn show(&self, args: &str) -> String {
        let mut words = args.split_whitespace();
        let rows: Vec<serde_json::Value> = match words.next() {
            Some("channels") => self.in_order().into_iter().map(|leg| row(leg, "")).collect(),
            Some("calls" | "bridged_calls") => self
                .bridged_pairs()
                .into_iter()
                .map(|(a, b)| {
                    let mut one = row(a, "");
                    if let (Some(one), Some(other)) = (one.as_object_mut(), row(b, "b_").as_object()) {
                        one.extend(other.clone());
                    }
                    one
                })
                .collect(),
            Some("registrations" | "modules" | "api" | "tasks") => Vec::new(),
            _ => {
                return "-USAGE: codec|endpoint|application|api|channels [count|like <match string>]|calls\n"
                    .to_owned();
            }
        };
        if args.ends_with("as json") {
            return if rows.is_empty() {
                "{\"row_count\": 0}\n".to_owned()
            } else {
                format!("{}\n", json!({"row_count": rows.len(), "rows": rows}))
            };
        }
        format!("\n{} total.\n", rows.len())
    }

    fn xml_locate(&self, args: &str) -> String {
        if args.ends_with("event_socket.conf") {
            let address = self.settings.control_address;
            format!(
                "<configuration name=\"event_socket.conf\">\n  <settings>\n          \
                 <param name=\"nat-map\" value=\"false\"></param>\n\n          \
                 <param name=\"listen-ip\" value=\"{}\"></param>\n\n          \
                 <param name=\"listen-port\" value=\"{}\"></param>\n\n          \
                 <param name=\"password\" value=\"{}\"></param>\n\n    </settings>\n</configuration>\n",
                address.ip(),
                address.port(),
                self.settings.password,
            )
        } else {
            "can't find anything\n".to_owned()
        }
    }

    fn log_api(&mut self, args: &str) -> String {
        let (level, text) = args.split_once(' ').unwrap_or((args, ""));
        match Level::parse(level) {
            Some(level) => {
                self.write_log(level, None, "mod_commands.c:7200", text);
                "+OK\n".to_owned()
            }
            None => "-ERR Invalid log level\n".to_owned(),
        }
    }

    fn global_setvar(&mut self, args: &str) -> String {
        let Some((name, value)) = args.split_once('=') else {
            return "-USAGE: <var>=<value> [=<value2>]\n".to_owned();
        };
        if value.is_empty() {
            self.globals.remove(name);
        } else if self.globals.len() < MAX_GLOBALS || self.globals.contains_key(name) {
            self.globals.insert(name.to_owned(), value.to_owned());
        }
        "+OK".to_owned()
    }

    fn schedule(&mut self, args: &str) -> String {
        let wrong = "-ERR Invalid syntax. USAGE: [+@]<time> <group_name> <command_string>[&]\n";
        let mut words = args.splitn(3, ' ');
        let (Some(when), Some(group), Some(command)) = (words.next(), words.next(), words.next()) else {
            return wrong.to_owned();
        };
        let seconds = when.trim_start_matches(['+', '@']).parse::<u64>();
        let Ok(seconds @ ..=FURTHEST_TIMER_S) = seconds else { return wrong.to_owned() };
        if self.scheduled.len() >= MAX_SCHEDULED {
            return "-ERR too many tasks\n".to_owned();
        }
        let id = self.next();
        self.scheduled.insert(id, group.to_owned());
        let (command, again_s) =
            (command.trim_end_matches('&').to_owned(), when.starts_with('@').then_some(seconds));
        self.tick(id, seconds, command, again_s);
        format!("+OK Added: {id}\n")
    }

    fn tick(&self, id: u64, seconds: u64, command: String, again_s: Option<u64>) {
        self.after(seconds.saturating_mul(1_000), move |world| {
            if !world.scheduled.contains_key(&id) {
                return;
            }
            let (name, args) = command.split_once(' ').unwrap_or((&command, ""));
            world.api(name, args);
            match again_s {
                Some(seconds) if seconds > 0 => world.tick(id, seconds, command, again_s),
                _ => {
                    world.scheduled.remove(&id);
                }
            }
        });
    }
}

fn fsctl(args: &str) -> String {
    let mut words = args.split_whitespace();
    match (words.next(), words.next()) {
        (Some("debug_level"), _) => "+OK DEBUG level: 0\n".to_owned(),
        // As on FreeSWITCH: without an argument this switches logging off.
        (Some("loglevel"), None) => "+OK log level: DISABLE [-1]\n".to_owned(),
        (Some("loglevel"), Some(level)) => format!("+OK log level: {} [7]\n", level.to_ascii_uppercase()),
        _ => "-USAGE: [debug_level [level]|loglevel [level]]\n".to_owned(),
    }
}

/// A row of `show channels as json`, or the second half of one of `show calls as json`.
fn row(leg: &Leg, prefix: &str) -> serde_json::Value {
    let (state, _, call_state) = leg.state_names();
    let number = leg.number.to_string();
    let mut columns = vec![
        ("uuid", leg.uuid.as_str()),
        ("direction", leg.direction()),
        ("created_epoch", number.as_str()),
        ("name", &leg.name),
        ("state", state),
        ("cid_name", &leg.caller_number),
        ("cid_num", &leg.caller_number),
        ("ip_addr", "127.0.0.1"),
        ("dest", &leg.destination),
        ("presence_id", leg.get("presence_id").unwrap_or_default()),
        ("presence_data", leg.get("presence_data").unwrap_or_default()),
        ("accountcode", leg.get("accountcode").unwrap_or_default()),
        ("callstate", call_state),
        ("callee_name", &leg.callee_number),
        ("callee_num", &leg.callee_number),
    ];
    if prefix.is_empty() {
        columns.extend([
            ("application", leg.application.0.as_str()),
            ("application_data", &leg.application.1),
            ("dialplan", "XML"),
            ("context", &leg.context),
            ("read_codec", "PCMU"),
            ("secure", ""),
            ("hostname", "rehearsal"),
            ("call_uuid", leg.get("call_uuid").unwrap_or(&leg.uuid)),
            ("initial_dest", &leg.destination),
        ]);
    }
    let map = columns.into_iter().map(|(name, value)| (format!("{prefix}{name}"), value.into())).collect();
    serde_json::Value::Object(map)
}
