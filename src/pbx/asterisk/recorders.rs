//! Other programs that listen over ARI: channels that spy on a leg (`snoop`), and recordings of legs and bridges.
//!
//! Asterisk has no list of either. AMI tells of a channel that spies as it is made, with the leg in its name
//! (`Snoop/LEG-…`); ARI tells of a recording those who are subscribed to what it is made of, as we are to our own
//! legs and bridges. A recorder that taps an ordinary call does so on a channel that spies, and begins before
//! anybody could subscribe to that: so the channel itself is what we close.

use std::collections::HashMap;
use std::sync::Mutex;

use serde::Deserialize;

use super::ami::Action;
use super::call::Call;
use super::frames::Message;
use super::legs::lock;
use super::link::LinkError;
use super::words;

/// Channels and recordings that are remembered; of further ones nothing is known.
const KNOWN_MAX: usize = 4_096;
/// Longest name of a recording, in bytes.
const NAME_MAX_BYTES: usize = 512;

/// What AMI says if there is no such channel.
const NO_CHANNEL: &str = "No such channel";

/// What the name of a channel that spies begins with; the leg's unique id follows.
pub(super) const SNOOP: &str = "Snoop/";

/// A recording, as ARI's events tell of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct LiveRecording {
    /// Its name, which its maker chose.
    pub name: String,
    /// `channel:ID` or `bridge:ID`.
    pub target_uri: String,
}

/// The leg a channel listens to, by the channel's name; none if it does not spy.
pub(super) fn spied_on(channel: &str) -> Option<&str> {
    let (leg, _) = channel.strip_prefix(SNOOP)?.rsplit_once('-')?;
    words::is_leg(leg).then_some(leg)
}

/// Somebody who listens over ARI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Listener {
    /// This channel, which spies.
    Spy(String),
    /// The recording of this name.
    Recording(String),
}

/// Where a recording is ordered to be muted; none if its name is longer than any that is meant.
fn of_recording(name: &str) -> Option<String> {
    if name.is_empty() || name.len() > NAME_MAX_BYTES {
        return None;
    }
    let mut path = String::from("/recordings/live/");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path.push_str("/mute");
    Some(path)
}

/// Who listens to which leg or bridge.
#[derive(Default)]
pub(super) struct Recorders(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Channels that spy, and the leg of each.
    spies: HashMap<String, String>,
    /// Recordings, and the channel or bridge of each.
    recordings: HashMap<String, String>,
}

impl Recorders {
    /// A channel began to spy on a leg.
    pub fn spies(&self, channel: &str, leg: &str) {
        let mut known = lock(&self.0);
        if known.spies.len() < KNOWN_MAX {
            known.spies.insert(channel.to_owned(), leg.to_owned());
        }
    }

    /// These are all channels there are.
    pub fn found(&self, rows: &[Message]) {
        lock(&self.0).spies.clear();
        for row in rows {
            let channel = row.get("Uniqueid");
            if let Some(leg) = spied_on(row.get("Channel"))
                && words::is_leg(channel)
                && !channel.starts_with(super::WHISPER)
            {
                self.spies(channel, leg);
            }
        }
    }

    /// A channel hung up.
    pub fn gone(&self, channel: &str) {
        lock(&self.0).spies.remove(channel);
    }

    /// A recording began; the leg or bridge whose voices it holds.
    pub fn began(&self, recording: LiveRecording) -> Option<String> {
        let (_, target) = recording.target_uri.split_once(':')?;
        let mut known = lock(&self.0);
        if !words::is_leg(target) || known.recordings.len() >= KNOWN_MAX {
            return None;
        }
        known.recordings.insert(recording.name, target.to_owned());
        Some(target.to_owned())
    }

    /// A recording ended.
    pub fn ended(&self, name: &str) {
        lock(&self.0).recordings.remove(name);
    }

    /// Whoever listens to one of these legs and bridges.
    pub fn of(&self, places: &[&str]) -> Vec<Listener> {
        let known = lock(&self.0);
        let listens = |(_, place): &(&String, &String)| places.contains(&place.as_str());
        let spies = known.spies.iter().filter(listens).map(|(channel, _)| Listener::Spy(channel.clone()));
        let recordings =
            known.recordings.iter().filter(listens).map(|(name, _)| Listener::Recording(name.clone()));
        spies.chain(recordings).collect()
    }
}

impl Call {
    /// Whoever listens to the two legs and to our bridge.
    pub fn listeners(&self) -> Vec<Listener> {
        let places = [Some(self.customer.as_str()), self.agent.as_deref(), self.bridge()];
        let places: Vec<&str> = places.into_iter().flatten().collect();
        self.shared.legs.recorders.of(&places)
    }

    /// Whoever listens over ARI hears nothing until [`Call::let_hear`].
    pub async fn deafen(&mut self) -> Result<(), LinkError> {
        for listener in self.listeners() {
            if !self.shield.deaf.contains(&listener) && self.mute_listener(&listener, true).await? {
                self.shield.deaf.push(listener);
            }
        }
        Ok(())
    }

    /// They hear again.
    pub async fn let_hear(&mut self) -> Result<(), LinkError> {
        while let Some(listener) = self.shield.deaf.last() {
            self.mute_listener(listener, false).await?;
            self.shield.deaf.pop();
        }
        Ok(())
    }

    /// Mutes what somebody hears, or opens it; false if they do not listen any more.
    async fn mute_listener(&self, listener: &Listener, on: bool) -> Result<bool, LinkError> {
        let done = match listener {
            // Not by ARI: it would wait there until a recording on the channel has ended.
            Listener::Spy(channel) => {
                let mute = Action::new("MuteAudio").with("Channel", channel).with("Direction", "in");
                self.link.one(mute.with("State", if on { "on" } else { "off" })).await.map(drop)
            }
            Listener::Recording(name) => match of_recording(name) {
                Some(path) if on => self.link.post(&path).await.map(drop),
                Some(path) => self.link.delete(&path).await.map(drop),
                None => Ok(()),
            },
        };
        match done {
            Ok(()) => Ok(true),
            Err(LinkError::Gone) => Ok(false),
            Err(LinkError::Refused(why)) if why.contains(NO_CHANNEL) || !on => Ok(false),
            Err(why) => Err(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(name: &str, target: &str) -> LiveRecording {
        LiveRecording { name: name.into(), target_uri: target.into() }
    }

    #[test]
    fn who_listens_is_known_by_what_they_listen_to() {
        let recorders = Recorders::default();
        assert_eq!(spied_on("Snoop/pbx1-1764.1-0000002a"), Some("pbx1-1764.1"));
        assert_eq!(spied_on("PJSIP/1001-0000002a"), None);
        recorders.spies("1764.5", "1764.1");
        assert_eq!(recorders.began(recording("ours", "bridge:tonegate-1")).as_deref(), Some("tonegate-1"));
        assert_eq!(recorders.began(recording("odd", "channel:a/../b")), None);
        assert_eq!(recorders.of(&["1764.1"]), [Listener::Spy("1764.5".into())]);
        assert_eq!(recorders.of(&["1764.2", "tonegate-1"]), [Listener::Recording("ours".into())]);
        recorders.ended("ours");
        recorders.gone("1764.5");
        assert!(recorders.of(&["1764.1", "tonegate-1"]).is_empty());
    }

    #[test]
    fn whatever_a_recording_is_called_its_name_stays_one_part_of_the_path() {
        let path = of_recording("2026/11 22?a=%2f#é").unwrap();
        assert_eq!(path, "/recordings/live/2026%2F11%2022%3Fa%3D%252f%23%C3%A9/mute");
        assert_eq!((of_recording(""), of_recording(&"x".repeat(NAME_MAX_BYTES + 1))), (None, None));
    }
}
