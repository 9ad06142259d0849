//! `originate`: calls that the PBX makes itself.

use super::leg::Far;
use super::world::World;

impl World {
    /// `originate {a=b}null/x EXTENSION XML CONTEXT`, or `&park`; `loopback/EXTENSION/CONTEXT` and
    /// `user/NAME` as well.
    pub(super) fn originate(&mut self, args: &str) -> String {
        let (list, rest) = match args.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((list, rest)) => (list, rest),
            None => ("", args),
        };
        let words: Vec<&str> = rest.split_whitespace().collect();
        let [url, what, tail @ ..] = words.as_slice() else {
            return "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] \
                    [<cid_name>] [<cid_num>] [<timeout_sec>]\n"
                .to_owned();
        };
        let named = list.split(',').find_map(|pair| pair.strip_prefix("origination_uuid="));
        let uuid = named.map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
        let (kind, target) = url.split_once('/').unwrap_or((url, ""));
        let far = match kind {
            "null" => Far::Nothing,
            "loopback" => Far::Loopback(uuid::Uuid::new_v4().to_string()),
            "user" | "sofia" => Far::Phone(self.add_phone(target.rsplit('/').next().unwrap_or(target))),
            _ => return "-ERR CHAN_NOT_IMPLEMENTED\n".to_owned(),
        };
        let name = match kind {
            "loopback" => format!("loopback/{}-a", target.split('/').next().unwrap_or_default()),
            _ => (*url).to_owned(),
        };
        let Some(leg) = self.create_leg(&uuid, &name, false, far.clone()) else {
            return "-ERR DESTINATION_OUT_OF_ORDER\n".to_owned();
        };
        leg.destination = target.split('/').next().unwrap_or_default().to_owned();
        if kind != "null" {
            leg.set("dtmf_type", "rfc2833");
            leg.set("rtp_2833_recv_payload", "101");
        }
        self.set_list(&uuid, list, ',');
        match &far {
            Far::Loopback(other) => {
                self.loop_back(&uuid, other, target);
                if !self.legs.contains_key(other) {
                    return "-ERR NO_ROUTE_DESTINATION\n".to_owned();
                }
            }
            Far::Phone(phone) => self.phones[*phone].leg = Some(uuid.clone()),
            Far::Nothing => {}
        }
        self.answer(&uuid);
        match what.strip_prefix('&') {
            Some(application) => {
                let (application, data) = application.split_once('(').unwrap_or((application, ""));
                let step = (application.to_owned(), data.trim_end_matches(')').to_owned());
                if let Some(leg) = self.leg_mut(&uuid) {
                    leg.script.push_back(step);
                }
                self.run(&uuid);
            }
            None => {
                let (dialplan, context) =
                    (tail.first().copied().unwrap_or("XML"), tail.get(1).copied().unwrap_or(""));
                self.route(&uuid, what, dialplan, context);
            }
        }
        format!("+OK {uuid}\n")
    }

    fn loop_back(&mut self, uuid: &str, other: &str, target: &str) {
        let (number, context) = target.split_once('/').unwrap_or((target, "default"));
        let name = format!("loopback/{number}-b");
        if self.create_leg(other, &name, true, Far::Loopback(uuid.to_owned())).is_some() {
            if let Some(leg) = self.leg_mut(uuid) {
                leg.set("other_loopback_leg_uuid", other);
            }
            self.answer(other);
            match number.strip_prefix("app=") {
                Some(application) => self.route(other, application, "inline", context),
                None => self.route(other, number, "XML", context),
            }
        }
    }
}
