//! The live feed: everything that happens, in order, for consoles and integrators.
//!
//! Events stand in one ring, and a listener is no more than a place in it: nothing is kept for one who does not
//! read. Whom the ring has overtaken loses events and is told so; nothing waits for anybody. Beside the ring
//! stands the [`Board`]: what is under way, brought up to date by the same events, so that who reads it and then
//! listens from its number on has missed nothing.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;
use uuid::Uuid;

use super::board::{Board, Standing, Subject};
use super::event::EventBody;
use super::told::Event;

/// Events kept for those who are slow, or come back and name the last one they saw.
pub const KEPT_EVENTS: usize = 4_096;

/// Events handed to a listener under one lock.
const BATCH_EVENTS: usize = 64;

/// Where events go. Cheap to clone; all clones are one feed.
#[derive(Clone)]
pub struct Feed(Arc<Shared>);

#[derive(Default)]
struct Shared(Mutex<State>);

struct State {
    next: u64,
    ring: VecDeque<Arc<Event>>,
    board: Board,
    ears: HashMap<u64, Ear>,
    next_ear: u64,
}

/// One listener's place.
struct Ear {
    wanted: Wanted,
    /// The first event it may not have seen.
    at: u64,
    bell: Arc<Notify>,
}

/// Which events a listener wants; what is not set does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of this payment alone.
    pub payment: Option<Uuid>,
    /// Of this agent's calls alone, by extension.
    pub agent: Option<String>,
}

/// One who listens.
pub struct Listener {
    feed: Weak<Shared>,
    ear: u64,
    bell: Arc<Notify>,
    batch: std::vec::IntoIter<Arc<Event>>,
    /// Some events after the named one are no longer kept.
    pub gap: bool,
}

/// Why there is no next event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// The listener was too slow; at most this many events are lost to it.
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

impl Default for State {
    fn default() -> Self {
        let ring = VecDeque::with_capacity(KEPT_EVENTS);
        Self { next: 1, ring, board: Board::default(), ears: HashMap::new(), next_ear: 0 }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Feed {
    /// An empty feed.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::default())
    }

    /// Names whose payment it is and on which call, before its first event.
    pub fn enter(&self, subject: Subject) {
        self.0.state().board.enter(subject);
    }

    /// What a payment that is under way is for, once that is known.
    pub fn concerns(&self, subject: Subject) {
        self.0.state().board.concerns(subject);
    }

    /// Whose payment it is, as long as that is known here: under way, or ended not long ago.
    #[must_use]
    pub fn subject(&self, payment: Uuid) -> Option<Subject> {
        self.0.state().board.of(payment).map(|standing| standing.subject.clone())
    }

    /// Names a payment whose call is over and which still has something to tell.
    pub fn recall(&self, subject: Subject) {
        self.0.state().board.recall(subject);
    }

    /// Adds an event; numbers rise by one without a gap.
    pub fn publish(&self, payment: Uuid, body: EventBody) {
        let mut state = self.0.state();
        let state = &mut *state;
        let subject = state.board.of(payment).map(|standing| &standing.subject);
        let (agent, call) =
            subject.map_or((None, None), |subject| (subject.agent.clone(), Some(subject.call.clone())));
        let event = Arc::new(Event::new(state.next, payment, agent, call, body));
        state.board.apply(&event);
        state.next += 1;
        if state.ring.len() == KEPT_EVENTS {
            state.ring.pop_front();
        }
        state.ring.push_back(Arc::clone(&event));
        for ear in state.ears.values_mut() {
            if ear.wanted.is(&event) {
                ear.bell.notify_one();
            } else if ear.at == event.seq {
                // Nothing of its own waits, so it must not be overtaken by other people's events.
                ear.at += 1;
            }
        }
    }

    /// Listens to everything from now on; with `after`, first what came after that event and is still kept.
    #[must_use]
    pub fn listen(&self, after: Option<u64>) -> Listener {
        self.listen_to(Wanted::default(), after)
    }

    /// As [`Feed::listen`], to some events alone.
    #[must_use]
    pub fn listen_to(&self, wanted: Wanted, after: Option<u64>) -> Listener {
        let mut state = self.0.state();
        let first_kept = state.first_kept();
        let (at, gap) = match after {
            None => (state.next, false),
            // A number from the future is one of a former life of the daemon.
            Some(after) if after >= state.next => (state.next, true),
            Some(after) => (first_kept.max(after + 1), first_kept > after + 1),
        };
        let bell = Arc::new(Notify::new());
        let ear = state.next_ear;
        state.next_ear += 1;
        state.ears.insert(ear, Ear { wanted, at, bell: Arc::clone(&bell) });
        Listener { feed: Arc::downgrade(&self.0), ear, bell, batch: Vec::new().into_iter(), gap }
    }

    /// What is under way, and the number of the last event that this takes into account: listen after it.
    #[must_use]
    pub fn standing(&self) -> (u64, Vec<Standing>) {
        let state = self.0.state();
        (state.next - 1, state.board.under_way())
    }
}

impl State {
    fn first_kept(&self) -> u64 {
        self.ring.front().map_or(self.next, |event| event.seq)
    }

    /// What this listener has not seen yet, at most a batch of it.
    fn take(&mut self, ear: u64) -> Result<Vec<Arc<Event>>, FeedError> {
        let first_kept = self.first_kept();
        let ear = self.ears.get_mut(&ear).ok_or(FeedError::Ended)?;
        if ear.at < first_kept {
            let lost = first_kept - ear.at;
            ear.at = first_kept;
            return Err(FeedError::Lagged(lost));
        }
        let mut batch = Vec::new();
        let skipped = usize::try_from(ear.at - first_kept).unwrap_or(usize::MAX);
        for event in self.ring.iter().skip(skipped) {
            if ear.wanted.is(event) {
                if batch.len() == BATCH_EVENTS {
                    break;
                }
                batch.push(Arc::clone(event));
            }
            ear.at = event.seq + 1;
        }
        Ok(batch)
    }
}

impl Wanted {
    fn is(&self, event: &Event) -> bool {
        self.payment.is_none_or(|wanted| wanted == event.payment)
            && (self.agent.is_none() || self.agent == event.agent)
    }
}

impl Listener {
    /// The next event.
    ///
    /// # Errors
    /// If events were lost, or the feed has ended.
    pub async fn next(&mut self) -> Result<Arc<Event>, FeedError> {
        loop {
            if let Some(event) = self.batch.next() {
                return Ok(event);
            }
            let batch = self.feed.upgrade().ok_or(FeedError::Ended)?.state().take(self.ear)?;
            if batch.is_empty() {
                // What is told between look and wait leaves its mark on the bell.
                self.bell.notified().await;
            } else {
                self.batch = batch.into_iter();
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(feed) = self.feed.upgrade() {
            feed.state().ears.remove(&self.ear);
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let state = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.ears.values().for_each(|ear| ear.bell.notify_one());
    }
}

#[cfg(test)]
mod tests;
