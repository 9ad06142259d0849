//! Which payment call follows which legs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use tracing::warn;

use super::event::{Arrival, Event, Happening, Heard};
use super::recorders::Recorders;
use crate::pbx::followers::{self, Followers};

/// Arrivals that may wait to be looked at.
const ARRIVAL_QUEUE_LENGTH: usize = 64;

/// The legs of all payment calls.
pub(super) struct Legs {
    /// Who else listens.
    pub recorders: Recorders,
    followers: Arc<Followers<Event>>,
    arrivals: mpsc::Sender<Arrival>,
}

/// A call's view of its legs, of the channels that whisper to them, and of its bridge.
pub(super) type Following = followers::Following<Event>;

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Legs {
    /// Nobody follows anything; arrivals come out of the receiver.
    pub fn new() -> (Arc<Self>, mpsc::Receiver<Arrival>) {
        let (arrivals, receiver) = mpsc::channel(ARRIVAL_QUEUE_LENGTH);
        (Arc::new(Self { recorders: Recorders::default(), followers: Arc::default(), arrivals }), receiver)
    }

    /// Follows these legs; none if one of them is followed already.
    pub fn follow(&self, names: Vec<String>) -> Option<Following> {
        self.followers.follow(names)
    }

    /// Whether a payment runs on this leg.
    pub fn is_followed(&self, leg: &str) -> bool {
        self.followers.is_followed(leg)
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
        let leg = event.leg.clone();
        match event.kind.clone() {
            Happening::Bridged(bridge) => self.followers.hand_on(&[&leg, &bridge], event),
            _ => self.followers.hand_on(&[&leg], event),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn arrivals_and_strangers_in_a_bridge_find_whom_they_concern() {
        let (legs, mut arrivals) = Legs::new();
        let mut call = legs.follow(vec!["1764.1".into()]).unwrap();
        call.also("tonegate-1");
        let came = |bridge: &str| Event { leg: "1764.9".into(), kind: Happening::Bridged(bridge.into()) };
        legs.hear(Heard::Event(came("another")));
        legs.hear(Heard::Event(came("tonegate-1")));
        assert_eq!(call.next().await, Some(came("tonegate-1")));
        legs.hear(Heard::Arrival(Arrival::Direct("1764.3".into())));
        assert_eq!(arrivals.recv().await, Some(Arrival::Direct("1764.3".into())));
        assert!(legs.hear(Heard::Replaced));
    }
}
