//! The live feed: everything that happens, in order, for consoles and integrators.
//!
//! A listener that does not keep up loses events and is told so; nothing waits for it and nothing is kept
//! for it beyond the ring.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::broadcast;
use uuid::Uuid;

use super::event::{Event, EventBody};

/// Events kept for those who come back and name the last one they saw.
pub const REPLAY_EVENTS: usize = 4_096;

/// Events a listener may lag behind before it loses some.
pub const LISTENER_LAG_EVENTS: usize = 4_096;

/// Where events go.
pub struct Feed {
    live: broadcast::Sender<Event>,
    past: Mutex<Past>,
}

struct Past {
    next: u64,
    ring: VecDeque<Event>,
}

/// One who listens.
pub struct Listener {
    /// Events that were missed while away, oldest first.
    pub missed: Vec<Event>,
    /// Some events after the named one are no longer kept.
    pub gap: bool,
    live: broadcast::Receiver<Event>,
}

/// Why there is no next event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// The listener was too slow; this many events are lost to it.
    #[error("{0} events were lost because they were not read in time; look the payments up again")]
    Lagged(u64),
    /// The daemon is stopping.
    #[error("the feed has ended")]
    Ended,
}

impl Default for Feed {
    fn default() -> Self {
        Self::new()
    }
}

impl Feed {
    /// An empty feed.
    #[must_use]
    pub fn new() -> Self {
        let past = Past { next: 1, ring: VecDeque::with_capacity(REPLAY_EVENTS) };
        Self { live: broadcast::Sender::new(LISTENER_LAG_EVENTS), past: Mutex::new(past) }
    }

    /// Adds an event; numbers rise by one without a gap.
    pub fn publish(&self, payment: Uuid, body: EventBody) {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let event = Event { seq: past.next, at: jiff::Timestamp::now(), payment, body };
        past.next += 1;
        if past.ring.len() == REPLAY_EVENTS {
            past.ring.pop_front();
        }
        past.ring.push_back(event.clone());
        // Under the lock, so that nobody sees two events in the wrong order. Nobody listening is no fault.
        let _ = self.live.send(event);
    }

    /// Listens from now on; with `after`, first what came after that event and is still kept.
    #[must_use]
    pub fn listen(&self, after: Option<u64>) -> Listener {
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let live = self.live.subscribe();
        let Some(after) = after else {
            return Listener { missed: Vec::new(), gap: false, live };
        };
        let missed: Vec<_> = past.ring.iter().filter(|event| event.seq > after).cloned().collect();
        let first_kept = past.ring.front().map_or(past.next, |event| event.seq);
        // A number from the future is one of a former life of the daemon.
        let gap = first_kept > after.saturating_add(1) || after >= past.next;
        Listener { missed, gap, live }
    }
}

impl Listener {
    /// The next event.
    ///
    /// # Errors
    /// If events were lost, or the feed has ended.
    pub async fn next(&mut self) -> Result<Event, FeedError> {
        self.live.recv().await.map_err(|fault| match fault {
            broadcast::error::RecvError::Lagged(lost) => FeedError::Lagged(lost),
            broadcast::error::RecvError::Closed => FeedError::Ended,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{Ending, Notice};

    fn body() -> EventBody {
        EventBody::of(&Notice::Ended(Ending::Approved))
    }

    #[tokio::test]
    async fn who_comes_back_gets_what_was_missed_and_a_gap_is_told() {
        let feed = Feed::new();
        let id = Uuid::nil();
        for _ in 0..3 {
            feed.publish(id, body());
        }
        let back = feed.listen(Some(1));
        assert_eq!(back.missed.iter().map(|e| e.seq).collect::<Vec<_>>(), [2, 3]);
        assert!(!back.gap);
        for _ in 0..REPLAY_EVENTS {
            feed.publish(id, body());
        }
        assert!(feed.listen(Some(1)).gap);
        assert!(feed.listen(Some(1_000_000)).gap, "a number of a former life");
    }

    #[tokio::test]
    async fn a_slow_listener_is_told_how_much_it_lost() {
        let feed = Feed::new();
        let mut slow = feed.listen(None);
        for _ in 0..LISTENER_LAG_EVENTS + 10 {
            feed.publish(Uuid::nil(), body());
        }
        assert_eq!(slow.next().await.unwrap_err(), FeedError::Lagged(10));
        assert_eq!(slow.next().await.unwrap().seq, 11);
    }
}
