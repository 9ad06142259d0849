//! Telephones: people who press keys, hang up, and hear what the PBX lets them hear.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;

use super::keys::is_key;
use super::leg::Keys;
use super::world::{Core, MAX_PHONES, World};

/// What one telephone remembers having heard; older things are forgotten.
pub const MAX_HEARD: usize = 4_096;
/// What may wait for one live listener before it misses something.
pub const MAX_WAITING_SOUNDS: usize = 256;
/// Keys pressed in one go.
const MAX_KEYS: usize = 256;

/// Something a telephone hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sound {
    /// From now on, the other person's voice.
    Voice,
    /// From now on, no voice.
    Silence,
    /// A prompt file begins.
    Prompt(PathBuf),
    /// An RFC 4733 telephone event: the key can be read by this telephone.
    TelephoneEvent(char),
    /// The tone of a key in the audio.
    Tone(char),
}

/// Something heard, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Since the rehearsal began.
    pub at_ms: u64,
    /// What it was.
    pub what: Sound,
}

/// A telephone as the world keeps it.
pub(super) struct Phone {
    pub(super) name: String,
    pub(super) leg: Option<String>,
    heard: VecDeque<Heard>,
    live: Option<broadcast::Sender<Heard>>,
}

impl World {
    /// A new telephone; when there are too many, the last one is shared.
    pub(super) fn add_phone(&mut self, name: &str) -> usize {
        if self.phones.len() < MAX_PHONES {
            self.phones.push(Phone { name: name.to_owned(), leg: None, heard: VecDeque::new(), live: None });
        }
        self.phones.len() - 1
    }

    pub(super) fn sound(&mut self, phone: usize, what: Sound) {
        let at_ms = self.now_ms();
        let Some(phone) = self.phones.get_mut(phone) else { return };
        let heard = Heard { at_ms, what };
        if let Some(live) = &phone.live {
            // Nobody listening any more is no error.
            let _ = live.send(heard.clone());
        }
        if phone.heard.len() >= MAX_HEARD {
            phone.heard.pop_front();
        }
        phone.heard.push_back(heard);
    }
}

/// A person at a telephone.
#[derive(Clone)]
pub struct PhoneHandle {
    pub(super) core: Arc<Core>,
    pub(super) phone: usize,
}

impl PhoneHandle {
    /// Who it is: a number or an extension.
    #[must_use]
    pub fn name(&self) -> String {
        self.core.world().phones[self.phone].name.clone()
    }

    /// The leg the telephone is on, as the PBX names it; none once it is over.
    #[must_use]
    pub fn leg(&self) -> Option<String> {
        let world = self.core.world();
        world.phones[self.phone].leg.clone().filter(|leg| world.legs.contains_key(leg))
    }

    /// Presses keys one after another: `tone_ms` down, `gap_ms` up. Anything that is no key is skipped.
    pub async fn key(&self, keys: &str, tone_ms: u64, gap_ms: u64) {
        for key in keys.chars().filter(|key| is_key(*key)).take(MAX_KEYS) {
            let Some(leg) = self.leg() else { return };
            self.core.world().key_down(&leg, key, tone_ms);
            tokio::time::sleep(Duration::from_millis(tone_ms)).await;
            self.core.world().key_up(&leg, key, tone_ms);
            tokio::time::sleep(Duration::from_millis(gap_ms)).await;
        }
    }

    /// How this telephone sends its keys from now on.
    pub fn send_keys_as(&self, keys: Keys) {
        let Some(leg) = self.leg() else { return };
        let mut world = self.core.world();
        if let Some(leg) = world.leg_mut(&leg) {
            leg.keys = keys;
        }
    }

    /// Puts the receiver down.
    pub fn hang_up(&self) {
        if let Some(leg) = self.leg() {
            self.core.world().hang_up(&leg, "NORMAL_CLEARING");
        }
    }

    /// Puts the other person on hold.
    pub fn hold(&self) {
        self.set_held(true);
    }

    /// Takes the other person back.
    pub fn resume(&self) {
        self.set_held(false);
    }

    fn set_held(&self, held: bool) {
        let Some(uuid) = self.leg() else { return };
        let mut world = self.core.world();
        let Some(leg) = world.leg_mut(&uuid) else { return };
        if leg.held != held {
            leg.held = held;
            world.fire_leg(if held { "CHANNEL_HOLD" } else { "CHANNEL_UNHOLD" }, &uuid, &[]);
            world.hear(&uuid);
        }
    }

    /// Sends the other person to another number and leaves the call (SIP REFER).
    pub fn transfer(&self, to: &str) {
        let Some(uuid) = self.leg() else { return };
        let mut world = self.core.world();
        let Some(other) = world.unbridge(&uuid) else { return };
        world.hang_up(&uuid, "BLIND_TRANSFER");
        world.answer(&other);
        world.route(&other, to, "XML", "");
    }

    /// Everything heard so far, oldest first.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.core.world().phones[self.phone].heard.iter().cloned().collect()
    }

    /// The keys this telephone could read or hear: telephone events and tones.
    #[must_use]
    pub fn keys_heard(&self) -> String {
        let key = |heard: &Heard| match heard.what {
            Sound::TelephoneEvent(key) | Sound::Tone(key) => Some(key),
            _ => None,
        };
        self.core.world().phones[self.phone].heard.iter().filter_map(key).collect()
    }

    /// True while the other person's voice reaches this telephone.
    #[must_use]
    pub fn hears_voice(&self) -> bool {
        let leg = self.leg();
        leg.is_some_and(|leg| self.core.world().leg(&leg).is_some_and(|leg| leg.hears_voice))
    }

    /// What is heard from now on; a slow listener misses the oldest.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Heard> {
        let mut world = self.core.world();
        let phone = &mut world.phones[self.phone];
        phone.live.get_or_insert_with(|| broadcast::channel(MAX_WAITING_SOUNDS).0).subscribe()
    }
}
