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

/// Every ending there is; a new one does not compile until it is named here.
macro_rules! endings {
    ($($name:ident),+ $(,)?) => {
        const ENDINGS: &[Ending] = &[$(Ending::$name),+];
        const _: fn(Ending) = |ending| match ending { $(Ending::$name => (),)+ };
    };
}

endings!(
    Approved,
    Declined,
    Unknown,
    CancelledByAgent,
    CancelledByCustomer,
    OtherMeans,
    TooManyAttempts,
    TimedOut,
    CustomerLeft,
    AgentLeft,
    NotSealed,
    SealLost,
    PbxLost,
    Fault,
    Drained,
);

const MEANS: [Means; 3] = [Means::FeatureCode, Means::Api, Means::DirectNumber];

/// The word serde has for a value without content.
pub(super) fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Every ending there is.
pub fn endings() -> impl Iterator<Item = Ending> {
    ENDINGS.iter().copied()
}

pub(super) fn ending(text: &str) -> Option<Ending> {
    ENDINGS.iter().copied().find(|ending| word(ending) == text)
}

pub(super) fn means_word(means: Means) -> &'static str {
    match means {
        Means::FeatureCode => "feature_code",
        Means::Api => "api",
        Means::DirectNumber => "direct_number",
    }
}

pub(super) fn means(text: &str) -> Option<Means> {
    MEANS.into_iter().find(|means| means_word(*means) == text)
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
