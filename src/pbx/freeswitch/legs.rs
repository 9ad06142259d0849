//! Which payment call follows which legs.

use std::sync::Arc;

use tokio::sync::mpsc;
use tracing::warn;

use super::event::{Event, Happening};
use super::link::Listener;
use crate::pbx::followers::{self, Followers};

/// Feature codes that may wait to be looked at.
const CODE_QUEUE_LENGTH: usize = 64;

/// The legs of all payment calls.
pub(super) struct Legs {
    followers: Arc<Followers<Event>>,
    codes: mpsc::Sender<Event>,
}

/// A call's view of its legs.
pub(super) type Following = followers::Following<Event>;

impl Legs {
    /// Nobody follows anything; feature codes come out of the receiver.
    pub fn new() -> (Arc<Self>, mpsc::Receiver<Event>) {
        let (codes, receiver) = mpsc::channel(CODE_QUEUE_LENGTH);
        (Arc::new(Self { followers: Arc::default(), codes }), receiver)
    }

    /// Follows these legs; none if one of them is followed already.
    pub fn follow(&self, names: Vec<String>) -> Option<Following> {
        self.followers.follow(names)
    }

    /// Whether a payment runs on this leg.
    pub fn is_followed(&self, leg: &str) -> bool {
        self.followers.is_followed(leg)
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
        let leg = event.leg.clone();
        self.followers.hand_on(&[&leg], event);
    }

    fn lost_events(&self) {
        self.followers.lost_events();
    }
}
