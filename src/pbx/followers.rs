//! Which payment call follows which legs, and what it is told of them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

/// Events that may wait for one call; beyond, the call is told to look for itself.
pub(super) const LEG_QUEUE_LENGTH: usize = 256;

/// The legs of all payment calls.
#[derive(Debug)]
pub(super) struct Followers<E>(Mutex<HashMap<String, Follower<E>>>);

#[derive(Debug)]
struct Follower<E> {
    events: mpsc::Sender<E>,
    behind: Arc<AtomicBool>,
}

// Derived, it would ask for events that can be cloned.
impl<E> Clone for Follower<E> {
    fn clone(&self) -> Self {
        Self { events: self.events.clone(), behind: Arc::clone(&self.behind) }
    }
}

/// A call's view of its legs; dropping it ends the following.
pub(super) struct Following<E> {
    followers: Arc<Followers<E>>,
    names: Vec<String>,
    follower: Follower<E>,
    events: mpsc::Receiver<E>,
}

impl<E> Default for Followers<E> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<E> Followers<E> {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Follower<E>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows these legs; none if one of them is followed already.
    pub fn follow(self: &Arc<Self>, names: Vec<String>) -> Option<Following<E>> {
        let (sender, events) = mpsc::channel(LEG_QUEUE_LENGTH);
        let follower = Follower { events: sender, behind: Arc::new(AtomicBool::new(false)) };
        let mut all = self.lock();
        if names.iter().any(|name| all.contains_key(name)) {
            return None;
        }
        all.extend(names.iter().map(|name| (name.clone(), follower.clone())));
        drop(all);
        Some(Following { followers: Arc::clone(self), names, follower, events })
    }

    /// Whether a payment runs on this leg.
    pub fn is_followed(&self, leg: &str) -> bool {
        self.lock().contains_key(leg)
    }

    /// Hands an event to whoever follows the first of these names that is followed. A call that does not keep up
    /// is told so.
    pub fn hand_on(&self, names: &[&str], event: E) {
        let all = self.lock();
        let follower = names.iter().find_map(|name| all.get(*name)).cloned();
        drop(all);
        if let Some(follower) = follower
            && follower.events.try_send(event).is_err()
        {
            follower.behind.store(true, Ordering::Relaxed);
        }
    }

    /// Events were lost before anybody looked at whose they were.
    pub fn lost_events(&self) {
        self.lock().values().for_each(|follower| follower.behind.store(true, Ordering::Relaxed));
    }
}

impl<E> Following<E> {
    /// The next event on one of the legs.
    pub async fn next(&mut self) -> Option<E> {
        self.events.recv().await
    }

    /// Follows one more name.
    pub fn also(&mut self, name: &str) {
        self.names.push(name.to_owned());
        self.followers.lock().insert(name.to_owned(), self.follower.clone());
    }

    /// Follows a name no longer.
    pub fn no_more(&mut self, name: &str) {
        self.names.retain(|kept| kept != name);
        self.followers.lock().remove(name);
    }

    /// Whether events were lost since this was last asked.
    pub fn fell_behind(&self) -> bool {
        self.follower.behind.swap(false, Ordering::Relaxed)
    }
}

impl<E> Drop for Following<E> {
    fn drop(&mut self) {
        let mut all = self.followers.lock();
        for name in &self.names {
            all.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_leg_is_followed_by_one_call_and_told_what_was_lost() {
        let followers = Arc::new(Followers::default());
        let mut call = followers.follow(vec!["1764.1".into(), "1764.2".into()]).unwrap();
        assert!(followers.follow(vec!["1764.2".into()]).is_none());
        call.also("whisper-1");
        followers.hand_on(&["1764.9"], 9);
        followers.hand_on(&["1764.9", "whisper-1"], 1);
        assert_eq!(call.next().await, Some(1), "the first name that is followed");
        call.no_more("whisper-1");
        for n in 0..=LEG_QUEUE_LENGTH {
            followers.hand_on(&["1764.1"], n);
        }
        assert!(call.fell_behind() && !call.fell_behind());
        followers.lost_events();
        assert!(call.fell_behind());
        drop(call);
        assert!(!followers.is_followed("1764.1"));
    }
}
