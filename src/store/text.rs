//! How values stand in a row.

use serde::Serialize;
use uuid::Uuid;

use crate::call::Ending;
use crate::observe::redact;
use crate::pbx::Means;

/// A name, number or reference longer than this is cut: it came from outside.
pub(super) const MAX_FIELD_BYTES: usize = 256;

/// Free text longer than this is cut.
pub(super) const MAX_DETAIL_BYTES: usize = 2_000;

const ENDINGS: [Ending; 15] = [
    Ending::Approved,
    Ending::Declined,
    Ending::Unknown,
    Ending::CancelledByAgent,
    Ending::CancelledByCustomer,
    Ending::OtherMeans,
    Ending::TooManyAttempts,
    Ending::TimedOut,
    Ending::CustomerLeft,
    Ending::AgentLeft,
    Ending::NotSealed,
    Ending::SealLost,
    Ending::PbxLost,
    Ending::Fault,
    Ending::Drained,
];

const MEANS: [(Means, &str); 3] =
    [(Means::FeatureCode, "feature_code"), (Means::Api, "api"), (Means::DirectNumber, "direct_number")];

/// The word serde has for a value without content.
pub(super) fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

pub(super) fn ending(text: &str) -> Option<Ending> {
    ENDINGS.into_iter().find(|ending| word(ending) == text)
}

pub(super) fn means_word(means: Means) -> &'static str {
    MEANS.iter().find(|(known, _)| *known == means).map_or("api", |(_, word)| word)
}

pub(super) fn means(text: &str) -> Option<Means> {
    MEANS.iter().find(|(_, word)| *word == text).map(|(means, _)| *means)
}

/// A payment's number as it stands everywhere outside of the core.
pub(super) fn payment_text(payment: u128) -> String {
    Uuid::from_u128(payment).to_string()
}

/// At most so many bytes, whole letters.
pub(super) fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

pub(super) fn field(text: &str) -> &str {
    cut(text, MAX_FIELD_BYTES)
}

/// Words from outside: cut, and without anything that looks like a card number.
pub(super) fn detail(text: &str) -> String {
    // Redacted first: a cut could leave a number that no longer looks like one.
    let bounded = cut(text, 4 * MAX_DETAIL_BYTES);
    cut(&redact(bounded), MAX_DETAIL_BYTES).to_owned()
}
