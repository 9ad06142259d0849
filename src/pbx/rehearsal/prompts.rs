//! Prompts and recordings: `playback`, `uuid_displace` and `uuid_record`, as lists of what is heard when.

use std::path::{Path, PathBuf};

use super::leg::{Bug, Far, MAX_NESTED, Playing, State};
use super::phone::Sound;
use super::records::{Recorded, Recording};
use super::world::{MAX_RECORDS, World};

/// Clips of one `file_string://a!b!c` list.
const MAX_CLIPS: usize = 128;
/// How long a tone or a file of unknown length lasts here.
const UNKNOWN_LENGTH_MS: u64 = 1_000;
/// Bytes a millisecond of 16-bit audio at 8 kHz, for files that are no WAV.
const BYTES_PER_MS: u64 = 16;

/// A clip and its length.
type Clip = (String, u64);

impl World {
    /// Plays to the leg alone. False if there is nothing to play.
    pub(super) fn play(&mut self, uuid: &str, list: &str, id: &str, scripted: bool) -> bool {
        let clips = self.clips(list);
        let ticket = self.next();
        let Some(leg) = self.leg_mut(uuid) else { return false };
        if leg.playing.len() >= MAX_NESTED {
            return false;
        }
        let Some(clips) = clips else {
            leg.set("playback_last_error", "FILE NOT FOUND");
            return false;
        };
        leg.playing.push(Playing { file: list.to_owned(), uuid: id.to_owned(), scripted, ticket });
        if scripted && leg.state == State::Routing {
            // A prompt reads the leg's keys as a park does.
            leg.state = State::Parked;
        }
        self.fire_leg("PLAYBACK_START", uuid, &[("Playback-File-Path", list)]);
        self.hear(uuid);
        let mut offset_ms = 0;
        for (clip, length_ms) in clips {
            let owner = uuid.to_owned();
            self.at(offset_ms, move |world| {
                let top = world.leg(&owner).and_then(|leg| leg.playing.last());
                if top.is_some_and(|top| top.ticket == ticket) {
                    world.prompt(&owner, &clip);
                }
            });
            offset_ms += length_ms;
        }
        let uuid = uuid.to_owned();
        self.after(offset_ms, move |world| world.played(&uuid, ticket, "done"));
        true
    }

    /// A prompt has come to its end, or was broken off.
    fn played(&mut self, uuid: &str, ticket: u64, status: &str) {
        let Some(leg) = self.leg_mut(uuid) else { return };
        let Some(place) = leg.playing.iter().position(|playing| playing.ticket == ticket) else { return };
        let playing = leg.playing.remove(place);
        let idle = leg.playing.is_empty();
        let headers = [("Playback-File-Path", playing.file.as_str()), ("Playback-Status", status)];
        self.fire_leg("PLAYBACK_STOP", uuid, &headers);
        let headers = [
            ("Application", "playback"),
            ("Application-Data", playing.file.as_str()),
            ("Application-Response", if status == "break" { "FILE PLAYED BREAK" } else { "FILE PLAYED" }),
            ("Application-UUID", playing.uuid.as_str()),
        ];
        self.fire_leg("CHANNEL_EXECUTE_COMPLETE", uuid, &headers);
        self.hear(uuid);
        if playing.scripted {
            if let Some(leg) = self.leg_mut(uuid) {
                leg.state = State::Routing;
            }
            self.run(uuid);
        } else if idle {
            let next = self.leg_mut(uuid).and_then(|leg| leg.queued.pop_front());
            if let Some((id, application, data)) = next {
                self.execute(uuid, &application, &data, Some(id));
            }
        }
    }

    /// `uuid_break`: ends the prompt, and with `all` those below it and what is queued.
    pub(super) fn break_off(&mut self, uuid: &str, all: bool) {
        if all && let Some(leg) = self.leg_mut(uuid) {
            leg.queued.clear();
        }
        while let Some(ticket) = self.leg(uuid).and_then(|leg| leg.playing.last()).map(|top| top.ticket) {
            self.played(uuid, ticket, "break");
            if !all {
                return;
            }
        }
    }

    /// `uuid_displace start`. False if the file is missing or already playing on the leg.
    pub(super) fn displace(&mut self, uuid: &str, list: &str, mux: bool) -> bool {
        let ticket = self.next();
        let clips = self.clips(list);
        let (Some(clips), Some(leg)) = (clips, self.leg_mut(uuid)) else { return false };
        let same = |bug: &Bug| matches!(bug, Bug::Displace { target, .. } if target == list);
        if leg.bugs.len() >= MAX_NESTED || leg.bugs.iter().any(same) {
            return false;
        }
        leg.bugs.push(Bug::Displace { target: list.to_owned(), mux, ticket });
        self.fire_leg(
            "MEDIA_BUG_START",
            uuid,
            &[("Media-Bug-Function", "displace"), ("Media-Bug-Target", list)],
        );
        self.hear(uuid);
        let mut offset_ms = 0;
        for (clip, length_ms) in clips {
            let owner = uuid.to_owned();
            self.at(offset_ms, move |world| {
                if world.leg(&owner).is_some_and(|leg| leg.bugs.iter().any(|bug| is_displace(bug, ticket))) {
                    world.prompt(&owner, &clip);
                }
            });
            offset_ms += length_ms;
        }
        let uuid = uuid.to_owned();
        self.after(offset_ms, move |world| {
            world.drop_bug(&uuid, "displace", |bug| is_displace(bug, ticket));
        });
        true
    }

    /// Takes a tap off a leg and says so. False if there was none.
    pub(super) fn drop_bug(&mut self, uuid: &str, function: &str, which: impl Fn(&Bug) -> bool) -> bool {
        let Some(leg) = self.leg_mut(uuid) else { return false };
        let Some(place) = leg.bugs.iter().position(which) else { return false };
        let target = match leg.bugs.remove(place) {
            Bug::Displace { target, .. } => target,
            Bug::Record { path, .. } => path,
            Bug::MuteRead | Bug::MuteWrite => "mute".to_owned(),
            Bug::Detector | Bug::ToneDetect { .. } => String::new(),
        };
        let headers = [("Media-Bug-Function", function), ("Media-Bug-Target", target.as_str())];
        self.fire_leg("MEDIA_BUG_STOP", uuid, &headers);
        self.hear(uuid);
        true
    }

    pub(super) fn start_recording(&mut self, uuid: &str, path: &str) -> bool {
        let Some(leg) = self.leg_mut(uuid) else { return false };
        let same = |bug: &Bug| matches!(bug, Bug::Record { path: known, .. } if known == path);
        if path.is_empty() || leg.bugs.len() >= MAX_NESTED || leg.bugs.iter().any(same) {
            return false;
        }
        leg.bugs.push(Bug::Record { path: path.to_owned(), masked: false });
        if self.recordings.len() >= MAX_RECORDS {
            self.recordings.pop_front();
        }
        let recording =
            Recording { path: path.to_owned(), leg: uuid.to_owned(), spans: Vec::new(), running: true };
        self.recordings.push_back(recording);
        self.fire_leg("RECORD_START", uuid, &[("Record-File-Path", path)]);
        self.hear(uuid);
        true
    }

    pub(super) fn stop_recording(&mut self, uuid: &str, path: &str) -> bool {
        self.hear(uuid);
        let now_ms = self.now_ms();
        let is = |bug: &Bug| matches!(bug, Bug::Record { path: known, .. } if known == path);
        if !self.drop_bug(uuid, "session_record", is) {
            return false;
        }
        let open =
            self.recordings.iter_mut().rev().find(|it| it.running && it.path == path && it.leg == uuid);
        if let Some(recording) = open {
            let last = recording.spans.iter().rev().find(|span| !matches!(span.what, Recorded::Tone(_)));
            if let Some(what) = last.map(|span| span.what) {
                recording.go_on(now_ms, what);
            }
            recording.running = false;
        }
        self.fire_leg("RECORD_STOP", uuid, &[("Record-File-Path", path)]);
        true
    }

    /// `uuid_record mask|unmask` with the exact path; `all` is no path, as on FreeSWITCH.
    pub(super) fn mask_recording(&mut self, uuid: &str, path: &str, mask: bool) -> bool {
        let Some(leg) = self.leg_mut(uuid) else { return false };
        let found = leg.bugs.iter_mut().find_map(|bug| match bug {
            Bug::Record { path: known, masked } if known == path => Some(masked),
            _ => None,
        });
        let Some(masked) = found else { return false };
        *masked = mask;
        self.hear(uuid);
        true
    }

    fn prompt(&mut self, uuid: &str, clip: &str) {
        let Some(Far::Phone(phone)) = self.leg(uuid).map(|leg| leg.far.clone()) else { return };
        if !clip.starts_with("silence_stream://") {
            self.sound(phone, Sound::Prompt(PathBuf::from(clip)));
        }
    }

    /// Now, if it is now; else later.
    fn at(&mut self, delay_ms: u64, what: impl FnOnce(&mut World) + Send + 'static) {
        if delay_ms == 0 { what(self) } else { self.after(delay_ms, what) }
    }

    /// The clips of a prompt; none if the first of them does not exist.
    fn clips(&self, list: &str) -> Option<Vec<Clip>> {
        let most_ms = self.settings.longest_prompt_ms;
        let list =
            list.strip_prefix("file_string://").map_or_else(|| vec![list], |it| it.split('!').collect());
        let mut clips = Vec::new();
        for (place, clip) in list.into_iter().take(MAX_CLIPS).enumerate() {
            match length_ms(clip) {
                Some(length_ms) => clips.push((clip.to_owned(), length_ms.min(most_ms))),
                None if place == 0 => return None,
                None => {}
            }
        }
        Some(clips)
    }
}

fn is_displace(bug: &Bug, wanted: u64) -> bool {
    matches!(bug, Bug::Displace { ticket, .. } if *ticket == wanted)
}

fn length_ms(clip: &str) -> Option<u64> {
    if let Some(stream) = clip.strip_prefix("silence_stream://") {
        return stream.split(',').next().and_then(|ms| ms.parse().ok()).or(Some(u64::MAX));
    }
    if clip.starts_with("tone_stream://") {
        return Some(UNKNOWN_LENGTH_MS);
    }
    let path = Path::new(clip);
    if let Ok(reader) = hound::WavReader::open(path) {
        return Some(u64::from(reader.duration()) * 1_000 / u64::from(reader.spec().sample_rate.max(1)));
    }
    std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|it| it.len() / BYTES_PER_MS)
}
