//! Who hears whom, and what recordings get of it.

use super::leg::{Bug, Far, Media};
use super::phone::Sound;
use super::records::Recorded;
use super::world::World;

impl World {
    /// Works out who hears a voice on this leg and on the one it is bridged to, and what recordings get.
    pub(super) fn hear(&mut self, uuid: &str) {
        let peer = self.leg(uuid).and_then(|leg| leg.bridged_to.clone());
        for side in [Some(uuid), peer.as_deref()].into_iter().flatten() {
            let Some(leg) = self.leg(side) else { continue };
            let other = leg.bridged_to.as_ref().and_then(|other| self.leg(other));
            let by_pbx = leg.media == Media::Normal;
            let hears = other.is_some_and(|other| {
                !leg.held
                    && !other.held
                    && (!by_pbx
                        || (!leg.displaced()
                            && !leg.write_muted()
                            && leg.playing.is_empty()
                            && other.playing.is_empty()
                            && !other.read_muted()))
            });
            let far = leg.far.clone();
            let changed = leg.hears_voice != hears;
            let own = !leg.read_muted() && !leg.held && leg.playing.is_empty();
            if let Some(leg) = self.leg_mut(side) {
                leg.hears_voice = hears;
            }
            if changed && let Far::Phone(phone) = far {
                self.sound(phone, if hears { Sound::Voice } else { Sound::Silence });
            }
            self.note_recordings(side, own, hears);
        }
    }

    pub(super) fn hear_nothing(&mut self, far: &Far) {
        if let Far::Phone(phone) = far {
            self.sound(*phone, Sound::Silence);
        }
    }

    fn note_recordings(&mut self, uuid: &str, own: bool, other: bool) {
        let now_ms = self.now_ms();
        let Some(leg) = self.legs.get(uuid) else { return };
        for bug in &leg.bugs {
            let Bug::Record { path, masked } = bug else { continue };
            let what = if *masked { Recorded::Masked } else { Recorded::Voices { own, other } };
            if let Some(recording) =
                self.recordings.iter_mut().rev().find(|it| it.running && it.path == *path)
            {
                recording.go_on(now_ms, what);
            }
        }
    }
}
