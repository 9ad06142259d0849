//! The last alarms, for whoever asks: the log has all of them, this daemon's life long and longer.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::redact;

/// Alarms kept; the oldest are forgotten.
const KEPT: usize = 256;

/// Longer sentences are cut: they may hold what a PBX or a provider wrote.
const MAX_WORDS_BYTES: usize = 500;

/// One for the whole process, as the log is: whatever fails must not need to be handed anything to say so.
static RAISED: Mutex<VecDeque<RaisedAlarm>> = Mutex::new(VecDeque::new());

/// An alarm as it was raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaisedAlarm {
    /// When.
    pub at: jiff::Timestamp,
    /// For machines; never changes.
    pub name: &'static str,
    /// The payment it belongs to.
    pub payment: Option<String>,
    /// What failed.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

pub(super) fn keep(name: &'static str, payment: Option<&str>, what: &str, remedy: &str) {
    let alarm = RaisedAlarm {
        at: jiff::Timestamp::now(),
        name,
        payment: payment.map(words),
        what: words(what),
        remedy: words(remedy),
    };
    let mut raised = RAISED.lock().unwrap_or_else(PoisonError::into_inner);
    if raised.len() == KEPT {
        raised.pop_front();
    }
    raised.push_back(alarm);
}

/// The alarms of this life of the daemon that are still kept, the youngest first.
#[must_use]
pub fn alarms() -> Vec<RaisedAlarm> {
    RAISED.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
}

fn words(text: &str) -> String {
    // Redacted first: a cut could leave a number that no longer looks like one.
    let bounded = &text[..text.floor_char_boundary(4 * MAX_WORDS_BYTES)];
    let redacted = redact(bounded);
    redacted[..redacted.floor_char_boundary(MAX_WORDS_BYTES)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_youngest_come_first_and_no_card_number_stays() {
        for n in 0..=KEPT {
            keep("pbx_down", None, &format!("no {n}: 4111 1111 1111 1111"), "look at it");
        }
        let kept = alarms();
        assert_eq!(kept.len(), KEPT);
        let place = kept.iter().position(|alarm| alarm.what == format!("no {KEPT}: xxxx xxxx xxxx 1111"));
        let before = kept.iter().position(|alarm| alarm.what.starts_with(&format!("no {}:", KEPT - 1)));
        assert!(place.is_some() && place < before, "{kept:?}");
    }
}
