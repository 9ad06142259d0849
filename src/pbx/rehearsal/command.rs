//! Event Socket commands, after authentication: subscriptions, `api`, `sendmsg` and the rest.

use super::leg::State;
use super::records::Level;
use super::request::Request;
use super::world::World;

/// What a command is answered with.
pub(super) enum Reply {
    /// `command/reply` with this Reply-Text.
    Text(String),
    /// `command/reply` with headers written out.
    Headers(String),
    /// `api/response` with this body.
    Body(String),
    /// The channel itself, after `connect`.
    Raw(String),
    /// A reply, and then the end of the connection.
    Bye(String),
}

impl Reply {
    pub(super) fn frame(&self) -> Vec<u8> {
        match self {
            Self::Text(text) | Self::Bye(text) => {
                format!("Content-Type: command/reply\nReply-Text: {text}\n\n")
            }
            Self::Headers(headers) => format!("Content-Type: command/reply\n{headers}\n\n"),
            Self::Body(body) => {
                format!("Content-Type: api/response\nContent-Length: {}\n\n{body}", body.len())
            }
            Self::Raw(text) => text.clone(),
        }
        .into_bytes()
    }
}

fn text(reply: &str) -> Reply {
    Reply::Text(reply.to_owned())
}

impl World {
    /// Answers one command of an authorised connection.
    pub(super) fn command(&mut self, id: u64, request: &Request) -> Reply {
        let line = request.line.trim_end();
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        let Some(listener) = self.listeners.get(&id) else { return Reply::Bye("-ERR gone".to_owned()) };
        let (outbound, full) = (listener.outbound, listener.full);
        let session = listener.session.clone();
        match verb {
            "exit" => Reply::Bye("+OK bye".to_owned()),
            "connect" if outbound => self.connect(id, session.as_deref()),
            "getvar" if outbound => {
                let value = session.and_then(|uuid| self.var(&uuid, rest));
                Reply::Text(value.unwrap_or_default())
            }
            "resume" if outbound => text("+OK"),
            "myevents" if outbound || !rest.is_empty() => self.my_events(id, rest),
            "divert_events" => self.divert(session.as_deref(), rest),
            "sendmsg" => self.send_message(session.as_deref(), rest, request),
            "linger" | "nolinger" => self.linger(id, verb, rest),
            // A private connection without `full` may steer its own leg and nothing else.
            _ if outbound && !full => text("-ERR command not found"),
            "api" if !rest.is_empty() => {
                let (command, args) = rest.split_once(' ').unwrap_or((rest, ""));
                Reply::Body(self.api(command, args.trim()))
            }
            "bgapi" if !rest.is_empty() => self.background(rest, request),
            "event" | "nixevent" => self.subscribe(id, rest, verb == "event"),
            "noevents" => self.with_listener(id, |listener| {
                listener.names.clear();
                listener.custom.clear();
                listener.all = false;
                listener.my_events = false;
                listener.events_on = false;
                "+OK no longer listening for events".to_owned()
            }),
            "filter" => self.filter(id, rest),
            "log" => match Level::parse(if rest.is_empty() { "debug" } else { rest }) {
                Some(level) => self.with_listener(id, |listener| {
                    listener.log_level = Some(level);
                    format!("+OK log level {rest} [{}]", level as u8)
                }),
                None => text("-ERR invalid log level"),
            },
            "nolog" => self.with_listener(id, |listener| match listener.log_level.take() {
                Some(_) => "+OK no longer logging".to_owned(),
                None => "-ERR not loging".to_owned(),
            }),
            _ => text("-ERR command not found"),
        }
    }

    pub(super) fn with_listener(
        &mut self,
        id: u64,
        what: impl FnOnce(&mut super::listener::Listener) -> String,
    ) -> Reply {
        match self.listeners.get_mut(&id) {
            Some(listener) => Reply::Text(what(listener)),
            None => Reply::Bye("-ERR gone".to_owned()),
        }
    }

    fn connect(&mut self, id: u64, session: Option<&str>) -> Reply {
        let Some(uuid) = session.filter(|uuid| self.legs.contains_key(*uuid)) else {
            return text("-ERR no session");
        };
        let mut event = self.begin("CHANNEL_DATA");
        self.describe(uuid, &mut event);
        let full = self.listeners.get(&id).is_some_and(|listener| listener.full);
        let event = event
            .with("Content-Type", "command/reply")
            .with("Reply-Text", "+OK\n")
            .with("Socket-Mode", "async")
            .with("Control", if full { "full" } else { "single-channel" });
        if self.leg(uuid).is_some_and(|leg| leg.state == State::Routing && leg.listener == Some(id)) {
            self.park(uuid, State::Controlled);
        }
        Reply::Raw(event.plain())
    }

    fn my_events(&mut self, id: u64, rest: &str) -> Reply {
        let legs = &self.legs;
        let Some(listener) = self.listeners.get_mut(&id) else { return text("-ERR gone") };
        if listener.my_events {
            return text("-ERR aready enabled.");
        }
        if listener.session.is_none() {
            let uuid = rest.split_whitespace().find(|word| legs.contains_key(*word));
            let Some(uuid) = uuid else { return text("-ERR invalid uuid") };
            listener.session = Some(uuid.to_owned());
        }
        listener.json = rest.to_ascii_lowercase().contains("json");
        listener.my_events();
        let session = listener.session.clone();
        if let Some(uuid) = session {
            self.drain_events(&uuid);
        }
        text("+OK Events Enabled")
    }

    fn divert(&mut self, session: Option<&str>, rest: &str) -> Reply {
        let Some(uuid) = session else { return text("-ERR not controlling a session.") };
        if rest.is_empty() {
            return text("-ERR missing value.");
        }
        let on = rest.eq_ignore_ascii_case("on");
        if let Some(leg) = self.leg_mut(uuid) {
            leg.diverted = on;
        }
        self.drain_events(uuid);
        text(if on { "+OK events diverted" } else { "+OK events not diverted" })
    }

    fn send_message(&mut self, session: Option<&str>, rest: &str, request: &Request) -> Reply {
        let named = if rest.is_empty() { request.header("session-id") } else { Some(rest) };
        let uuid = named.or(session).unwrap_or_default().to_owned();
        if !self.legs.contains_key(&uuid) {
            // A lingering connection may still speak to its own session; nobody acts on it.
            if session == Some(uuid.as_str()) {
                return text("+OK");
            }
            return Reply::Text(format!("-ERR invalid session id [{uuid}]"));
        }
        match request.header("call-command").unwrap_or_default() {
            "execute" => {
                let application = request.header("execute-app-name").unwrap_or_default().to_owned();
                let body = request.body.as_deref();
                let data = request.header("execute-app-arg").or(body).unwrap_or_default().to_owned();
                let id = request.header("Event-UUID").map(str::to_owned);
                let lock = request.header("event-lock").is_some_and(|value| value == "true");
                let leg = self.leg_mut(&uuid).filter(|leg| lock && !leg.playing.is_empty());
                if let Some(leg) = leg {
                    if leg.queued.len() >= super::leg::MAX_NESTED {
                        return text("-ERR memory error");
                    }
                    let id = id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
                    leg.queued.push_back((id, application, data));
                } else {
                    self.soon(move |world| world.execute(&uuid, &application, &data, id));
                }
            }
            "hangup" => {
                let cause = request.header("hangup-cause").unwrap_or("NORMAL_CLEARING").to_owned();
                self.soon(move |world| world.hang_up(&uuid, &cause));
            }
            "nomedia" | "unicast" | "xferext" => {}
            other => {
                let line = format!("unknown call-command {other}");
                self.write_log(Level::Warning, Some(&uuid), "switch_ivr.c:480", &line);
            }
        }
        text("+OK")
    }

    /// After this command's answer: the leg's own thread takes messages when it comes by.
    fn soon(&self, what: impl FnOnce(&mut World) + Send + 'static) {
        self.after(0, what);
    }

    fn linger(&mut self, id: u64, verb: &str, rest: &str) -> Reply {
        self.with_listener(id, |listener| {
            if listener.session.is_none() {
                return "-ERR not controlling a session".to_owned();
            }
            if verb == "nolinger" {
                listener.linger = None;
                return "+OK will not linger".to_owned();
            }
            let seconds = rest.parse::<u64>().ok();
            listener.linger = Some(seconds);
            match seconds {
                Some(seconds) => format!("+OK will linger {seconds} seconds"),
                None => "+OK will linger".to_owned(),
            }
        })
    }

    fn background(&mut self, rest: &str, request: &Request) -> Reply {
        let job = request.header("Job-UUID").map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
        let (id, line) = (job.clone(), rest.to_owned());
        self.after(1, move |world| {
            let (command, args) = line.split_once(' ').unwrap_or((&line, ""));
            let answer = world.api(command, args.trim());
            let headers = [("Job-UUID", id.as_str()), ("Job-Command", command), ("Job-Command-Arg", args)];
            world.fire_small("BACKGROUND_JOB", &headers, Some(answer));
        });
        Reply::Headers(format!("Reply-Text: +OK Job-UUID: {job}\nJob-UUID: {job}"))
    }
}
