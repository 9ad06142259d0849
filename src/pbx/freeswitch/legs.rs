//! Which payment call follows which legs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;
use tracing::warn;

use super::door::lock;
use super::event::{Event, Happening};
use super::link::Listener;

/// Events that may wait for one call; beyond, the call is told to look for itself.
const LEG_QUEUE_LENGTH: usize = 256;
/// Feature codes that may wait to be looked at.
const CODE_QUEUE_LENGTH: usize = 64;

/// The legs of all payment calls.
pub(super) struct Legs {
    followers: Mutex<HashMap<String, Follower>>,
    codes: mpsc::Sender<Event>,
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
    events: mpsc::Receiver<Event>,
    behind: Arc<AtomicBool>,
}

impl Legs {
    /// Nobody follows anything; feature codes come out of the receiver.
    pub fn new() -> (Arc<Self>, mpsc::Receiver<Event>) {
        let (codes, receiver) = mpsc::channel(CODE_QUEUE_LENGTH);
        (Arc::new(Self { followers: Mutex::default(), codes }), receiver)
    }

    /// Follows these legs; none if one of them is followed already.
    pub fn follow(self: &Arc<Self>, names: Vec<String>) -> Option<Following> {
        let (sender, events) = mpsc::channel(LEG_QUEUE_LENGTH);
        let behind = Arc::new(AtomicBool::new(false));
        let mut followers = lock(&self.followers);
        if names.iter().any(|name| followers.contains_key(name)) {
            return None;
        }
        for name in &names {
            followers.insert(name.clone(), Follower { events: sender.clone(), behind: Arc::clone(&behind) });
        }
        drop(followers);
        Some(Following { legs: Arc::clone(self), names, events, behind })
    }

    /// Whether a payment runs on this leg.
    pub fn is_followed(&self, leg: &str) -> bool {
        lock(&self.followers).contains_key(leg)
    }
}

impl Listener for Legs {
    fn hear(&self, event: Event) {
        if event.kind == Happening::Code {
            if self.codes.try_send(event).is_err() {
                warn!("too many feature codes at once: one was not looked at");
            }
            return;
        }
        let follower = lock(&self.followers).get(&event.leg).cloned();
        if let Some(follower) = follower
            && follower.events.try_send(event).is_err()
        {
            follower.behind.store(true, Ordering::Relaxed);
        }
    }

    fn lost_events(&self) {
        lock(&self.followers).values().for_each(|f| f.behind.store(true, Ordering::Relaxed));
    }
}

impl Following {
    /// The next event on one of the legs.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Whether events were lost since this was last asked.
    pub fn fell_behind(&self) -> bool {
        self.behind.swap(false, Ordering::Relaxed)
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
