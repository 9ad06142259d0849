//! The way of a key through the PBX: where it leaks by default, and what stops it.
//!
//! The order of things is FreeSWITCH's. A digit that arrives on a leg is first offered to the leg's digit
//! machine, sensitive or not, and a machine swallows it; otherwise it is logged and queued, both only if
//! it is not sensitive or marked so; whoever reads the queue publishes a DTMF event, notes the digit for
//! the call detail record and sends it to the other leg, unless it is marked.

use super::binding::{Binding, DIGIT_TIMEOUT_MS, Fed};
use super::event::Event;
use super::leg::{Bug, Digit, Far, Keys, MAX_QUEUED_DIGITS, Media, State};
use super::phone::Sound;
use super::records::{Level, Recorded, Span};
use super::world::World;

/// Samples per millisecond at 8 kHz, the clock of RFC 4733.
const SAMPLES_PER_MS: u64 = 8;
/// FreeSWITCH never hands on a digit shorter than this.
const SHORTEST_SAMPLES: u32 = 400;
/// Digits noted for a call detail record.
const MAX_DIALLED: usize = 4_096;

pub(super) fn is_key(key: char) -> bool {
    key.is_ascii_digit() || matches!(key, '*' | '#' | 'A'..='D' | 'a'..='d')
}

impl World {
    /// A telephone's key goes down; its tone, if it has one, begins now.
    pub(super) fn key_down(&mut self, uuid: &str, key: char, tone_ms: u64) {
        let Some(leg) = self.leg(uuid) else { return };
        if !matches!(leg.keys, Keys::InBand | Keys::Both) {
            return;
        }
        if leg.media == Media::Bypass || leg.media == Media::Proxy {
            self.sound_to_peer(uuid, Sound::Tone(key));
            return;
        }
        let (mut audible, mut detected) = (true, 0);
        let mut tones = Vec::new();
        for bug in &leg.bugs {
            match bug {
                Bug::Detector if audible => detected += 1,
                Bug::ToneDetect { name } if audible => tones.push(name.clone()),
                Bug::MuteRead => audible = false,
                _ => {}
            }
        }
        if audible {
            self.record_tone(uuid, key, tone_ms);
            self.sound_to_peer(uuid, Sound::Tone(key));
        }
        for name in tones {
            self.fire_leg("DETECTED_TONE", uuid, &[("Detected-Tone", &name)]);
        }
        for _ in 0..detected {
            let uuid = uuid.to_owned();
            let samples = samples(tone_ms);
            self.after(self.settings.detection_delay_ms, move |world| {
                world.receive(&uuid, key, samples, "INBAND_AUDIO", false);
            });
        }
    }

    /// The key comes up: an RFC 4733 event or a SIP INFO has arrived in full.
    pub(super) fn key_up(&mut self, uuid: &str, key: char, tone_ms: u64) {
        let Some(leg) = self.leg(uuid) else { return };
        let (keys, media, sensitive) = (leg.keys, leg.media, leg.is_sensitive());
        match keys {
            Keys::InBand => {}
            Keys::Info => {
                if self.is_wanted("RECV_INFO", Some(uuid)) {
                    let mut event = self.begin("RECV_INFO");
                    self.describe(uuid, &mut event);
                    event.body = Some(format!("Signal={key}\r\nDuration={tone_ms}\r\n"));
                    self.fire(event);
                }
                self.receive(uuid, key, samples(tone_ms), "ENDPOINT", false);
            }
            Keys::Rfc4733 | Keys::Both => {
                let passes = leg.is_true("pass_rfc2833") && leg.state == State::Bridged;
                if media != Media::Normal || passes {
                    self.sound_to_peer(uuid, Sound::TelephoneEvent(key));
                    return;
                }
                let samples = samples(tone_ms);
                if !sensitive {
                    let text = format!("RTP RECV DTMF {key}:{samples}");
                    self.write_log(Level::Debug, Some(uuid), "switch_rtp.c:7943", &text);
                }
                self.receive(uuid, key, samples, "RTP", false);
            }
        }
    }

    /// A digit arrives on a leg, from wherever.
    pub(super) fn receive(&mut self, uuid: &str, key: char, samples: u32, source: &'static str, skip: bool) {
        let Some(leg) = self.leg_mut(uuid) else { return };
        let sensitive = leg.is_sensitive();
        if !skip && let Some(machine) = leg.machine.as_mut() {
            let fed = machine.feed(key);
            let turn = machine.turn;
            self.act_on(uuid, fed);
            let uuid = uuid.to_owned();
            if self.leg(&uuid).is_some_and(|leg| leg.machine.as_ref().is_some_and(|it| it.turn == turn)) {
                self.after(DIGIT_TIMEOUT_MS, move |world| {
                    let Some(machine) = world.leg_mut(&uuid).and_then(|leg| leg.machine.as_mut()) else {
                        return;
                    };
                    let fed = machine.time_out(turn);
                    world.act_on(&uuid, fed);
                });
            }
            return;
        }
        if leg.digits.len() >= MAX_QUEUED_DIGITS {
            leg.digits.pop_front();
        }
        let samples = samples.max(SHORTEST_SAMPLES);
        leg.digits.push_back(Digit { key, samples, sensitive, source });
        if !sensitive {
            let text = format!("RECV DTMF {key}:{samples}");
            self.write_log(Level::Info, Some(uuid), "switch_channel.c:528", &text);
        }
        self.read_digits(uuid);
    }

    /// Whoever reads this leg's audio takes its digits: a bridge, a park or a prompt.
    pub(super) fn read_digits(&mut self, uuid: &str) {
        while let Some(leg) = self.leg_mut(uuid) {
            if !matches!(leg.state, State::Bridged | State::Parked | State::Controlled) {
                return;
            }
            let Some(digit) = leg.digits.pop_front() else { return };
            if digit.sensitive {
                continue;
            }
            if leg.dialled.len() < MAX_DIALLED {
                leg.dialled.push(digit.key);
            }
            let (diverted, peer) = (leg.diverted, leg.bridged_to.clone());
            if diverted || self.is_wanted("DTMF", Some(uuid)) {
                let mut event = self.begin("DTMF");
                self.describe(uuid, &mut event);
                let event = event
                    .with("DTMF-Digit", digit.key.to_string())
                    .with("DTMF-Duration", digit.samples.to_string())
                    .with("DTMF-Source", digit.source);
                if diverted { self.queue_event(uuid, event) } else { self.fire(event) }
            }
            if let Some(peer) = peer {
                self.send(&peer, digit.key, digit.samples, false);
            }
        }
    }

    /// Sends a digit out of a leg to whatever is at its far end. Between the halves of a loopback pair it
    /// keeps the mark of digits that go past a digit machine.
    pub(super) fn send(&mut self, uuid: &str, key: char, samples: u32, skip: bool) {
        let Some(leg) = self.leg(uuid) else { return };
        if leg.drop_dtmf {
            return;
        }
        let in_band = leg.keys == Keys::InBand;
        match leg.far.clone() {
            Far::Phone(phone) => {
                let what = if in_band { Sound::Tone(key) } else { Sound::TelephoneEvent(key) };
                self.sound(phone, what);
            }
            Far::Loopback(other) => self.receive(&other, key, samples, "RTP", skip),
            Far::Nothing => {}
        }
    }

    fn sound_to_peer(&mut self, uuid: &str, what: Sound) {
        let peer = self.leg(uuid).and_then(|leg| leg.bridged_to.as_ref()).and_then(|peer| self.leg(peer));
        let Some(peer) = peer else { return };
        if peer.write_muted() || peer.displaced() || !peer.playing.is_empty() {
            return;
        }
        if let Far::Phone(phone) = peer.far {
            self.sound(phone, what);
        }
    }

    fn record_tone(&mut self, uuid: &str, key: char, tone_ms: u64) {
        let now_ms = self.now_ms();
        let peer = self.leg(uuid).and_then(|leg| leg.bridged_to.clone());
        let mut paths = Vec::new();
        for side in [Some(uuid), peer.as_deref()].into_iter().flatten() {
            let Some(leg) = self.leg(side) else { continue };
            paths.extend(leg.bugs.iter().filter_map(|bug| match bug {
                Bug::Record { path, masked: false } => Some(path.clone()),
                _ => None,
            }));
        }
        for recording in self.recordings.iter_mut().filter(|it| it.running && paths.contains(&it.path)) {
            let span = Span { from_ms: now_ms, to_ms: now_ms + tone_ms, what: Recorded::Tone(key) };
            recording.spans.push(span);
        }
    }

    fn act_on(&mut self, uuid: &str, fed: Fed) {
        match fed {
            Fed::Waiting => {}
            Fed::Match(binding, digits) => self.matched(uuid, &binding, &digits),
            Fed::NoMatch(digits) => self.not_matched(uuid, &digits),
        }
    }

    fn matched(&mut self, uuid: &str, binding: &Binding, digits: &str) {
        let Some(leg) = self.leg_mut(uuid) else { return };
        leg.set("last_matching_digits", digits);
        let name = leg.name.clone();
        let what = format!("{name} Digit match binding [{}][{}]", binding.action, binding.value);
        self.write_log(Level::Debug, Some(uuid), "mod_dptools.c:184", &what);
        let (kind, command) = match (binding.action.strip_prefix("api:"), binding.action.strip_prefix("exec"))
        {
            (Some(command), _) => ("api", command),
            (None, Some(rest)) if rest.starts_with(':') => ("exec", &rest[1..]),
            (None, Some(rest)) if rest.starts_with('[') => match rest.split_once("]:") {
                Some((flags, command)) => (if flags.contains('i') { "inline" } else { "exec" }, command),
                None => ("", binding.action.as_str()),
            },
            _ => ("", binding.action.as_str()),
        };
        let mut event =
            Event::new("CHANNEL_DATA").with(command, binding.value.clone()).with("digits", digits);
        match kind {
            "exec" => event = event.with("execute", "non-blocking"),
            "inline" => event = event.with("execute", "blocking"),
            _ => {}
        }
        self.queue_event(uuid, event);
        match kind {
            "api" => {
                let answer = self.api(command, &binding.value);
                if let Some(leg) = self.leg_mut(uuid) {
                    leg.set("bind_digit_action_api_result", &answer);
                }
                let what = format!("{what} api executed, {answer}");
                self.write_log(Level::Debug, Some(uuid), "mod_dptools.c:243", &what);
            }
            "exec" | "inline" => self.execute(uuid, command, &binding.value, None),
            _ => {}
        }
    }

    /// Nothing can match: the digits go back around, past the machine.
    fn not_matched(&mut self, uuid: &str, digits: &str) {
        let Some(leg) = self.leg_mut(uuid) else { return };
        leg.set("last_non_matching_digits", digits);
        let name = leg.name.clone();
        let text = format!("{name} Digit NOT match binding [{digits}]");
        self.write_log(Level::Debug, Some(uuid), "mod_dptools.c:120", &text);
        self.queue_event(uuid, Event::new("CHANNEL_DATA").with("digits", digits));
        self.receive_string(uuid, digits);
    }

    /// `uuid_recv_dtmf` and digits that go around: `12@200`, with `~` first to go through the machine.
    pub(super) fn receive_string(&mut self, uuid: &str, text: &str) -> bool {
        let (skip, text) = match text.strip_prefix('~') {
            Some(text) => (false, text),
            None => (true, text),
        };
        let (keys, ms) = text.split_once('@').unwrap_or((text, "250"));
        let samples = samples(ms.parse().unwrap_or(250));
        let name = self.leg(uuid).map(|leg| leg.name.clone()).unwrap_or_default();
        let mut any = false;
        for key in keys.chars().filter(|key| is_key(*key)) {
            any = true;
            self.receive(uuid, key, samples, "APP", skip);
            // FreeSWITCH writes this even for a sensitive leg.
            let fed = !skip && self.leg(uuid).is_some_and(|leg| leg.machine.is_some());
            if !fed {
                let text = format!("{name} Queue dtmf\ndigit={key} ms={} samples={samples}", samples / 8);
                self.write_log(Level::Debug, Some(uuid), "switch_channel.c:610", &text);
            }
        }
        any
    }
}

fn samples(ms: u64) -> u32 {
    u32::try_from(ms.saturating_mul(SAMPLES_PER_MS)).unwrap_or(u32::MAX)
}
