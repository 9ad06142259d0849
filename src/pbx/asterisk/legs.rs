//! Which payment call follows which legs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use tracing::warn;

use super::event::{Arrival, Event, Happening, Heard};
use super::recorders::Recorders;

/// Events that may wait for one call; beyond, the call is told to look for itself.
const LEG_QUEUE_LENGTH: usize = 256;
/// Arrivals that may wait to be looked at.
const ARRIVAL_QUEUE_LENGTH: usize = 64;

/// The legs of all payment calls.
pub(super) struct Legs {
    /// Who else listens.
    pub recorders: Recorders,
    followers: Mutex<HashMap<String, Follower>>,
    arrivals: mpsc::Sender<Arrival>,
}

#[derive(Clone)]
struct Follower {
    events: mpsc::Sender<Event>,
    behind: Arc<AtomicBool>,
}

/// A call's view of its legs; dropping it ends the following.
pub(super) struct Following {
    legs: Arc<Legs>,
    names: Vec<String>,
    follower: Follower,
    events: mpsc::Receiver<Event>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Legs {
    /// Nobody follows anything; arrivals come out of the receiver.
    pub fn new() -> (Arc<Self>, mpsc::Receiver<Arrival>) {
        let (arrivals, receiver) = mpsc::channel(ARRIVAL_QUEUE_LENGTH);
        (Arc::new(Self { recorders: Recorders::default(), followers: Mutex::default(), arrivals }), receiver)
    }

    /// Follows these legs; none if one of them is followed already.
    pub fn follow(self: &Arc<Self>, names: Vec<String>) -> Option<Following> {
        let (sender, events) = mpsc::channel(LEG_QUEUE_LENGTH);
        let follower = Follower { events: sender, behind: Arc::new(AtomicBool::new(false)) };
        let mut followers = lock(&self.followers);
        if names.iter().any(|name| followers.contains_key(name)) {
            return None;
        }
        followers.extend(names.iter().map(|name| (name.clone(), follower.clone())));
        drop(followers);
        Some(Following { legs: Arc::clone(self), names, follower, events })
    }

    /// Whether a payment runs on this leg.
    pub fn is_followed(&self, leg: &str) -> bool {
        lock(&self.followers).contains_key(leg)
    }

    /// Hands on what was heard; true if another program took our application's name.
    pub fn hear(&self, heard: Heard) -> bool {
        match heard {
            Heard::Replaced => return true,
            Heard::Arrival(arrival) => {
                if self.arrivals.try_send(arrival).is_err() {
                    warn!("too many payments were asked for at once: one was not looked at");
                }
            }
            Heard::Event(event) => {
                if event.kind == Happening::Hangup {
                    self.recorders.gone(&event.leg);
                }
                self.hand_on(event);
            }
            Heard::Spies { channel, leg } => {
                self.recorders.spies(&channel, &leg);
                self.hand_on(Event { leg, kind: Happening::Overheard });
            }
            Heard::Recording { recording, began: true } => {
                if let Some(leg) = self.recorders.began(recording) {
                    self.hand_on(Event { leg, kind: Happening::Overheard });
                }
            }
            Heard::Recording { recording, began: false } => self.recorders.ended(&recording.name),
        }
        false
    }

    /// To whoever follows the leg; of strangers to whoever follows the bridge they come into.
    fn hand_on(&self, event: Event) {
        let followers = lock(&self.followers);
        let follower = followers.get(&event.leg).or_else(|| match &event.kind {
            Happening::Bridged(bridge) => followers.get(bridge),
            _ => None,
        });
        let follower = follower.cloned();
        drop(followers);
        if let Some(follower) = follower
            && follower.events.try_send(event).is_err()
        {
            follower.behind.store(true, Ordering::Relaxed);
        }
    }
}

impl Following {
    /// The next event on one of the legs.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Follows one more channel, one that whispers; or our bridge, for those who come into it.
    pub fn also(&mut self, name: &str) {
        self.names.push(name.to_owned());
        lock(&self.legs.followers).insert(name.to_owned(), self.follower.clone());
    }

    /// Follows a channel or bridge no longer.
    pub fn no_more(&mut self, name: &str) {
        self.names.retain(|kept| kept != name);
        lock(&self.legs.followers).remove(name);
    }

    /// Whether events were lost since this was last asked.
    pub fn fell_behind(&self) -> bool {
        self.follower.behind.swap(false, Ordering::Relaxed)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut followers = lock(&self.legs.followers);
        for name in &self.names {
            followers.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_leg_is_followed_by_one_call_and_told_what_was_lost() {
        let (legs, mut arrivals) = Legs::new();
        let mut call = legs.follow(vec!["1764.1".into(), "1764.2".into()]).unwrap();
        assert!(legs.follow(vec!["1764.2".into()]).is_none());
        call.also("whisper-1");
        let event_of = |leg: &str, kind| Heard::Event(Event { leg: leg.into(), kind });
        let event = |leg: &str| event_of(leg, Happening::Hangup);
        legs.hear(event("1764.9"));
        legs.hear(event("whisper-1"));
        assert_eq!(call.next().await.unwrap().leg, "whisper-1");
        call.no_more("whisper-1");
        call.also("tonegate-1");
        legs.hear(event_of("1764.9", Happening::Bridged("tonegate-1".into())));
        assert_eq!(call.next().await.unwrap().leg, "1764.9", "a stranger came into the bridge");
        for _ in 0..=LEG_QUEUE_LENGTH {
            legs.hear(event("1764.1"));
        }
        assert!(call.fell_behind() && !call.fell_behind());
        drop(call);
        assert!(!legs.is_followed("1764.1"));
        legs.hear(Heard::Arrival(Arrival::Direct("1764.3".into())));
        assert_eq!(arrivals.recv().await, Some(Arrival::Direct("1764.3".into())));
        assert!(legs.hear(Heard::Replaced));
    }
}
