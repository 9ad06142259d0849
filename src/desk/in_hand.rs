//! Attempts that this process is settling. Whoever looks for open attempts leaves them alone: "never seen" is no news of
//! a card that may be sent again the next moment.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::call::AttemptId;

/// The attempts; as many as charges under way.
#[derive(Clone, Default)]
pub(super) struct InHand(Arc<Mutex<BTreeSet<AttemptId>>>);

/// One attempt is being settled until this is dropped.
pub(super) struct Held {
    of: InHand,
    attempt: AttemptId,
}

impl InHand {
    pub(super) fn take(&self, attempt: AttemptId) -> Held {
        self.all().insert(attempt);
        Held { of: self.clone(), attempt }
    }

    pub(super) fn holds(&self, attempt: AttemptId) -> bool {
        self.all().contains(&attempt)
    }

    fn all(&self) -> MutexGuard<'_, BTreeSet<AttemptId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.of.all().remove(&self.attempt);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_is_in_hand_as_long_as_somebody_holds_it() {
        let in_hand = InHand::default();
        let (one, two) = (AttemptId { payment: 7, ordinal: 1 }, AttemptId { payment: 7, ordinal: 2 });
        let held = in_hand.take(one);
        assert!(in_hand.holds(one) && !in_hand.holds(two));
        drop(held);
        assert!(!in_hand.holds(one));
    }
}
