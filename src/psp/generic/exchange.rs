//! From what came over the wire, or did not, to an [`Answer`].

use reqwest::{Response, StatusCode};
use serde_json::{Map, Value};
use std::error::Error;
use zeroize::Zeroizing;

use super::codes::{Meaning, meaning};
use crate::call::{DeclineReason, Outcome};
use crate::psp::Answer;

/// Largest answer read. The contract's own are a few hundred bytes.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Longest reference of a provider that is kept.
const REFERENCE_MAX_CHARS: usize = 255;
/// Longest error code that is kept for the journal.
const CODE_MAX_CHARS: usize = 64;
/// Longest text of a provider that is kept for the journal.
const DETAIL_MAX_CHARS: usize = 240;
/// From this many digits on, a number in a provider's text is struck out: it could be the card's.
const DIGITS_HIDDEN_FROM: usize = 9;

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
        Answer { outcome: Outcome::Unknown, detail: detail.into(), remedy: remedy.map(Into::into), may_retry }
    }

    /// Nothing was charged, if that was the question; a query that failed tells nothing.
    fn not_charged(self, detail: String, remedy: Option<&str>) -> Answer {
        match self {
            Asked::Charge { .. } => {
                let remedy = remedy.map(Into::into);
                Answer { outcome: Outcome::NotCharged, detail, remedy, may_retry: false }
            }
            Asked::Query { .. } => self.unknown(detail, remedy),
        }
    }
}

/// The request failed before an answer began.
pub(super) fn lost(asked: Asked<'_>, fault: &reqwest::Error) -> Answer {
    let cause = cause(fault);
    if fault.is_builder() {
        return asked.not_charged(format!("the request could not be made: {cause}"), None);
    }
    if !fault.is_connect() {
        let what = if fault.is_timeout() { "no answer in time" } else { "the connection broke" };
        return asked.unknown(format!("{what}: {cause}"), None);
    }
    // No connection was ever made: nothing was sent.
    let remedy = if fault.is_dns() {
        Some("the name of the provider's host cannot be looked up: check `url` and this machine's DNS")
    } else if cause.contains("certificate") {
        Some(
            "the provider's certificate is not trusted: check the host in `url`, this machine's clock, and \
             `ca_file` if the connector has a certificate of your own authority",
        )
    } else {
        None
    };
    let mut answer = asked.not_charged(format!("no connection: {cause}"), remedy);
    // Trying again is safe even where nothing is deduplicated; a certificate will not heal in seconds.
    answer.may_retry |= remedy.is_none() && answer.outcome == Outcome::NotCharged;
    answer
}

/// The innermost cause in words, without the address.
pub(super) fn cause(fault: &reqwest::Error) -> String {
    let mut inner: &dyn Error = fault;
    while let Some(source) = inner.source() {
        inner = source;
    }
    if inner.is::<reqwest::Error>() {
        return if fault.is_timeout() { "timed out".into() } else { "the request failed".into() };
    }
    harmless(&inner.to_string(), DETAIL_MAX_CHARS)
}

/// Reads the answer and says what it means.
pub(super) async fn understand(asked: Asked<'_>, mut response: Response) -> Answer {
    let status = response.status();
    let mut bytes = Zeroizing::new(Vec::with_capacity(1024));
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > MAX_ANSWER_BYTES => {
                let detail = format!("HTTP {status}: more than {MAX_ANSWER_BYTES} bytes of answer");
                return asked.unknown(detail, None);
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(fault) => {
                let detail = format!("HTTP {status}: the answer broke off: {}", cause(&fault));
                return asked.unknown(detail, None);
            }
        }
    }
    // The reader's own words are left out: they may quote the answer.
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(Value::Object(reply)) => judge(asked, status, Some(&reply)),
        _ => judge(asked, status, None),
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
        301 | 307 | 308 => return asked.not_charged(detail, Some(REDIRECTED)),
        // Other redirects may be the answer to a charge that was made, as browsers know it.
        300..=399 => return asked.unknown(detail, Some(REDIRECTED)),
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
    match text(reply, "charge_id").filter(|id| !id.trim().is_empty()) {
        Some(id) => {
            let reference = id.chars().filter(|c| !c.is_control()).take(REFERENCE_MAX_CHARS).collect();
            Answer { outcome: Outcome::Approved { reference }, detail, remedy: None, may_retry: false }
        }
        None => asked.unknown(format!("{detail}: neither `charge_id` nor `error_code`"), None),
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

const REDIRECTED: &str = "the connector sends the request elsewhere, and card data follows no redirect: write the \
                          final address";

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

/// A provider's words without control characters or anything that could be a card number, and cut to `chars_max`.
fn harmless(words: &str, chars_max: usize) -> String {
    let mut kept: Vec<char> =
        words.chars().take(chars_max).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let (mut start, mut digits) = (0, 0);
    for place in 0..=kept.len() {
        match kept.get(place) {
            Some(c) if c.is_ascii_digit() => {
                if digits == 0 {
                    start = place;
                }
                digits += 1;
            }
            Some(' ' | '-' | '.') if digits > 0 => {}
            _ => {
                if digits >= DIGITS_HIDDEN_FROM {
                    kept[start..place].iter_mut().filter(|c| c.is_ascii_digit()).for_each(|c| *c = 'x');
                }
                digits = 0;
            }
        }
    }
    kept.into_iter().collect()
}

#[cfg(test)]
mod tests;
