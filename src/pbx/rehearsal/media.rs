//! `api` commands about a leg's audio: taps, mutes, recordings, prompts, the way it takes.

use super::api::{NO_SESSION, OK, SUCCESS};
use super::leg::{Bug, MAX_NESTED, Media};
use super::world::World;

impl World {
    pub(super) fn api_media(&mut self, words: &[&str]) -> String {
        let (off, uuid) = match words {
            ["off", uuid, ..] => (true, *uuid),
            [uuid, ..] => (false, *uuid),
            [] => return "-USAGE: [off] <uuid>\n".to_owned(),
        };
        let failed = "-ERR Operation failed\n".to_owned();
        let Some((now, other)) = self.leg(uuid).map(|leg| (leg.media, leg.bridged_to.clone())) else {
            return failed;
        };
        let then = match (now, off) {
            (Media::Bypass, false) => Media::Normal,
            (Media::Normal, true) if other.is_some() => Media::Bypass,
            _ => return failed,
        };
        for side in [Some(uuid), other.as_deref()].into_iter().flatten() {
            if let Some(leg) = self.leg_mut(side) {
                leg.media = then;
                leg.set("bypass_media", if off { "true" } else { "" });
                leg.set("local_media_port", if off { "" } else { "31792" });
            }
        }
        self.hear(uuid);
        SUCCESS.to_owned()
    }

    pub(super) fn api_buglist(&self, uuid: &str) -> String {
        let Some(leg) = self.leg(uuid) else { return "-ERR no reply\n".to_owned() };
        let mut text = "<media-bugs>\n".to_owned();
        for bug in &leg.bugs {
            let (function, target) = match bug {
                Bug::Record { path, .. } => ("session_record", path.as_str()),
                Bug::Displace { target, .. } => ("displace", target.as_str()),
                Bug::MuteRead | Bug::MuteWrite => ("audio", "mute"),
                Bug::Detector => ("spandsp_dtmf_detect", ""),
                Bug::ToneDetect { .. } => ("tone_detect", ""),
            };
            text.push_str(&format!(
                " <media-bug>\n  <function>{function}</function>\n  <target>{target}</target>\n  \
                 <thread-locked>0</thread-locked>\n </media-bug>\n"
            ));
        }
        text.push_str("</media-bugs>\n");
        text
    }

    pub(super) fn api_displace(&mut self, words: &[&str]) -> String {
        let [uuid, action, file, rest @ ..] = words else {
            return "-USAGE: <uuid> [start|stop] <path> [<limit>] [mux]\n".to_owned();
        };
        if !self.legs.contains_key(*uuid) {
            return NO_SESSION.to_owned();
        }
        match *action {
            "start" if self.displace(uuid, file, rest.contains(&"mux") || rest.contains(&"m")) => {
                SUCCESS.to_owned()
            }
            "start" => "-ERR Cannot displace session!\n".to_owned(),
            "stop" => {
                let is = |bug: &Bug| matches!(bug, Bug::Displace { target, .. } if target == file);
                if self.drop_bug(uuid, "displace", is) {
                    SUCCESS.to_owned()
                } else {
                    "-ERR Cannot stop displace session!\n".to_owned()
                }
            }
            _ => "-USAGE: <uuid> [start|stop] <path> [<limit>] [mux]\n".to_owned(),
        }
    }

    pub(super) fn api_record(&mut self, uuid: &str, args: &str) -> String {
        let usage = "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n";
        let mut parts = args.splitn(3, ' ').skip(1);
        let (action, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let path = rest.split_whitespace().next().unwrap_or_default();
        if !matches!(action, "start" | "stop" | "mask" | "unmask") || path.is_empty() {
            return usage.to_owned();
        }
        if !self.legs.contains_key(uuid) {
            return NO_SESSION.to_owned();
        }
        let (done, failed) = match action {
            "start" => (self.start_recording(uuid, path), "-ERR Cannot record session!\n"),
            "stop" => (self.stop_recording(uuid, path), "-ERR Cannot stop record session!\n"),
            "mask" => (self.mask_recording(uuid, path, true), "-ERR Cannot mask recording session!\n"),
            _ => (self.mask_recording(uuid, path, false), "-ERR Cannot unmask recording session!\n"),
        };
        if done { SUCCESS.to_owned() } else { failed.to_owned() }
    }

    pub(super) fn api_audio(&mut self, words: &[&str]) -> String {
        let is_mute = |bug: &Bug| matches!(bug, Bug::MuteRead | Bug::MuteWrite);
        match *words {
            [uuid, "stop", ..] => {
                self.drop_bug(uuid, "audio", is_mute);
            }
            [uuid, "start", side @ ("read" | "write"), "mute", level, ..] => {
                self.drop_bug(uuid, "audio", is_mute);
                let bug = if side == "read" { Bug::MuteRead } else { Bug::MuteWrite };
                if level != "0"
                    && let Some(leg) = self.leg_mut(uuid)
                    && leg.bugs.len() < MAX_NESTED
                {
                    leg.bugs.push(bug);
                    let headers = [("Media-Bug-Function", "audio"), ("Media-Bug-Target", "mute")];
                    self.fire_leg("MEDIA_BUG_START", uuid, &headers);
                    self.hear(uuid);
                }
            }
            [_, "start", "read" | "write", "level", _, ..] => {}
            _ => return "-USAGE: <uuid> [start [read|write] [mute|level <level>]|stop]\n".to_owned(),
        }
        OK.to_owned()
    }

    pub(super) fn api_broadcast(&mut self, words: &[&str]) -> String {
        let (uuid, what) = (words[0], words.get(1).copied().unwrap_or_default());
        if what.is_empty() {
            return "-USAGE: <uuid> <path> [aleg|bleg|holdb|both]\n".to_owned();
        }
        let (application, data) = what.split_once("::").unwrap_or(("playback", what));
        let other = self.leg(uuid).and_then(|leg| leg.bridged_to.clone());
        let legs = match words.get(2).copied().unwrap_or("aleg") {
            "bleg" => vec![other],
            "both" => vec![Some(uuid.to_owned()), other],
            _ => vec![Some(uuid.to_owned())],
        };
        for leg in legs.into_iter().flatten() {
            self.execute(&leg, application, data, None);
        }
        "+OK Message sent\n".to_owned()
    }
}
