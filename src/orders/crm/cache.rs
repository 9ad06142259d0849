//! Answers that are used again while the call goes on: the desk that shows an order and the payment that begins for it
//! ask the same.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Found, Question};

/// Answers kept; the oldest go first.
const KEPT_MAX: usize = 1_000;

/// Merchant, kind of question, what it was asked by.
type Key = (String, u8, String);

/// Answers, each for a while.
pub(super) struct Cache {
    kept_for: Duration,
    kept: Mutex<HashMap<Key, (Instant, Vec<Found>)>>,
}

fn key(merchant: &str, asked: Question<'_>) -> Key {
    let (kind, text) = match asked {
        Question::Reference(reference) => (0, reference),
        Question::Keyed(digits) => (1, digits),
        Question::Phone(phone) => (2, phone),
    };
    (merchant.to_owned(), kind, text.to_owned())
}

impl Cache {
    pub(super) fn new(kept_for: Duration) -> Self {
        Self { kept_for, kept: Mutex::default() }
    }

    pub(super) fn get(&self, merchant: &str, asked: Question<'_>) -> Option<Vec<Found>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, found) = kept.get(&key(merchant, asked))?;
        (since.elapsed() < self.kept_for).then(|| found.clone())
    }

    pub(super) fn put(&self, merchant: &str, asked: Question<'_>, found: &[Found]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.retain(|_, (since, _)| since.elapsed() < self.kept_for);
        }
        if kept.len() >= KEPT_MAX
            && let Some(oldest) = kept.iter().min_by_key(|(_, (since, _))| *since).map(|(key, _)| key.clone())
        {
            kept.remove(&oldest);
        }
        kept.insert(key(merchant, asked), (Instant::now(), found.to_vec()));
    }
}
