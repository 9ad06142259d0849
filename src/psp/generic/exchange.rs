//! From what came over the wire, or did not, to an [`Answer`].

use reqwest::StatusCode;
use serde_json::{Map, Value};

use crate::call::{DeclineReason, Outcome};
use crate::psp::Answer;
use crate::psp::codes::{Meaning, meaning};
use crate::psp::http::{Came, Missed, harmless};

/// Longest reference of a provider that is kept.
const REFERENCE_MAX_CHARS: usize = 255;
/// Longest error code that is kept for the journal.
const CODE_MAX_CHARS: usize = 64;
/// Longest text of a provider that is kept for the journal.
const DETAIL_MAX_CHARS: usize = 240;

/// What was asked: the same words mean less when they answer a query.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked<'a> {
    /// To charge; says whether the connector deduplicates.
    Charge { deduplicates: bool },
    /// What became of this transaction.
    Query { transaction_id: &'a str },
}

impl Asked<'_> {
    /// It may have been charged.
    pub(super) fn unknown(self, detail: impl Into<String>, remedy: Option<&str>) -> Answer {
        let may_retry = matches!(self, Asked::Charge { deduplicates: true });
        Answer { remedy: remedy.map(Into::into), ..Answer::unknown(detail).retryable(may_retry) }
    }

    /// Nothing was charged, if that was the question; a query that failed tells nothing.
    fn not_charged(self, detail: String, remedy: Option<&str>) -> Answer {
        match self {
            Asked::Charge { .. } => Answer { remedy: remedy.map(Into::into), ..Answer::not_charged(detail) },
            Asked::Query { .. } => self.unknown(detail, remedy),
        }
    }
}

/// There was no answer.
pub(super) fn lost(asked: Asked<'_>, missed: Missed) -> Answer {
    match asked {
        Asked::Charge { deduplicates } => missed.answer(deduplicates),
        Asked::Query { .. } => missed.query_answer(),
    }
}

/// Says what an answer means.
pub(super) fn understand(asked: Asked<'_>, came: &Came) -> Answer {
    match StatusCode::from_u16(came.status) {
        Ok(status) => judge(asked, status, came.json.as_ref()),
        Err(_) => asked.unknown(format!("HTTP {}", came.status), None),
    }
}

fn judge(asked: Asked<'_>, status: StatusCode, reply: Option<&Map<String, Value>>) -> Answer {
    let code = reply.and_then(|fields| text(fields, "error_code"));
    let message = reply.and_then(|fields| text(fields, "error_message")).unwrap_or_default();
    let detail = match &code {
        Some(code) => {
            let (code, message) = (harmless(code, CODE_MAX_CHARS), harmless(&message, DETAIL_MAX_CHARS));
            format!("HTTP {status}: {code} {message}").trim_end().to_owned()
        }
        None => format!("HTTP {status}"),
    };
    let known = code.as_deref().filter(|code| !code.is_empty()).and_then(|code| meaning(code, &message));
    match status.as_u16() {
        200..=299 => {}
        // Only the provider's own word that it never saw the transaction, or a plain decline, outweighs these.
        401 | 403 | 404 | 405 | 407 | 410 | 415 => match known {
            Some(Meaning::Declined(_) | Meaning::NeverSeen | Meaning::Configuration(_)) => {}
            _ => return asked.not_charged(detail, Some(remedy_of(status))),
        },
        408 | 409 | 425 if code.is_none() => return asked.unknown(detail, None),
        429 if code.is_none() => return asked.not_charged(detail, None),
        400..=499 if code.is_none() => return asked.not_charged(detail, Some(remedy_of(status))),
        400..=499 => {}
        // Whatever a broken server says, it may have charged before it broke.
        _ => return asked.unknown(detail, None),
    }
    let Some(reply) = reply else {
        return asked.unknown(format!("{detail}: the answer is not a JSON object"), None);
    };
    match code {
        None if status.is_success() => approved(asked, reply, detail),
        None => asked.unknown(detail, None),
        Some(code) if code.is_empty() => asked.unknown(
            format!("{detail}: `error_code` is empty"),
            Some("the connector must send null as `error_code` of an approved charge"),
        ),
        Some(_) => refused(asked, reply, known, detail),
    }
}

fn approved(asked: Asked<'_>, reply: &Map<String, Value>, detail: String) -> Answer {
    // A card that was stored has a token in place of a charge.
    match text(reply, "charge_id").or_else(|| text(reply, "token_id")).filter(|id| !id.trim().is_empty()) {
        Some(id) => {
            let reference: String =
                id.chars().filter(|c| !c.is_control()).take(REFERENCE_MAX_CHARS).collect();
            Answer::approved(reference, detail)
        }
        None => asked.unknown(format!("{detail}: neither `charge_id`, `token_id` nor `error_code`"), None),
    }
}

fn refused(asked: Asked<'_>, reply: &Map<String, Value>, known: Option<Meaning>, detail: String) -> Answer {
    // A query may fail with a code of its own. Unless the answer names our transaction, only a decline that is
    // known as one is taken for the transaction's.
    let ours = match asked {
        Asked::Charge { .. } => true,
        Asked::Query { transaction_id } => text(reply, "transaction_id").as_deref() == Some(transaction_id),
    };
    let told = |outcome, remedy: Option<&str>| Answer {
        outcome,
        detail: detail.clone(),
        remedy: remedy.map(Into::into),
        may_retry: false,
        unavailable: false,
    };
    match known {
        Some(Meaning::Declined(reason)) => told(Outcome::Declined(reason), None),
        Some(Meaning::NeverSeen) if matches!(asked, Asked::Query { .. }) => told(Outcome::NotCharged, None),
        // Sending it again would get the same answer: only a query can tell.
        Some(Meaning::Open | Meaning::NeverSeen) => told(Outcome::Unknown, None),
        Some(Meaning::Fault) if ours => told(Outcome::NotCharged, None),
        Some(Meaning::Configuration(remedy)) if ours => told(Outcome::NotCharged, Some(remedy)),
        Some(Meaning::Configuration(remedy)) => asked.unknown(detail, Some(remedy)),
        None if ours => told(Outcome::Declined(DeclineReason::Generic), None),
        Some(Meaning::Fault) | None => asked.unknown(detail, None),
    }
}

fn remedy_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 | 407 => "the provider refuses the account: check `user`, the password and the `headers`",
        404 | 405 | 410 => "there is no pay connector at this address: check `url` or `query_url`",
        415 => "the connector takes no JSON: check `url`",
        _ => "the connector refuses the request: check `url`, `profile` and `parameters`",
    }
}

/// A field as text; a number counts, null and missing do not.
fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    match fields.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null => None,
        other => Some(if other.is_object() || other.is_array() { "?".into() } else { other.to_string() }),
    }
}

#[cfg(test)]
mod tests;
