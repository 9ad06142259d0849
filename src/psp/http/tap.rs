//! Looking on: what went over the wire, as a person may see it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Exchanges kept; an operation has two or three.
const SEEN_MAX: usize = 32;

/// One exchange, with all card data struck out and no credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// `POST https://…`
    pub request: String,
    /// The request's body.
    pub sent: String,
    /// `HTTP 200`, or what went wrong.
    pub status: String,
    /// The answer's body.
    pub received: String,
    /// From the first byte of the request to the last of the answer.
    pub took: Duration,
}

/// Keeps what an account's client exchanges with its provider.
#[derive(Debug, Default)]
pub struct Tap(Mutex<Vec<Seen>>);

impl Tap {
    /// What was seen since the last time.
    #[must_use]
    pub fn take(&self) -> Vec<Seen> {
        // No step under this lock panics half-way.
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn keep(&self, seen: Seen) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < SEEN_MAX {
            kept.push(seen);
        }
    }
}
