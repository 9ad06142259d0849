//! What a carrier's answer, or that there is none, says about a message.

use crate::psp::http::{Came, Missed};

use super::{Fate, Probe, Sent};

const KEY: &str = "the account does not let us in: check the key, and that it may send SMS";
const CREDIT: &str = "the account has no credit left: top it up";
const ELSEWHERE: &str =
    "the carrier sends the request elsewhere, which is not followed: write the final address as `url`";
const THERE: &str = "look at the carrier's status page and at this machine's way to the internet";

/// Where carriers put their words.
const WORDS: [&str; 6] = ["code", "title", "message", "detail", "error.code", "error.message"];

/// The answer to a message. `taken` reads one that says yes: the carrier's name of it, or why it is a no after all.
pub(super) fn sent(
    came: Result<Came, Missed>,
    taken: impl FnOnce(&Came) -> Result<Option<String>, String>,
) -> Sent {
    let came = match came {
        Ok(came) => came,
        Err(missed) => return missing(missed),
    };
    let detail = told(&came);
    let refused = |remedy: Option<&str>| of(Fate::Refused, detail.clone(), remedy);
    match came.status {
        200..=299 if came.json.is_none() => of(Fate::Unknown, detail, None),
        200..=299 => match taken(&came) {
            Ok(name) => of(Fate::Taken(name), detail, None),
            Err(why) => of(Fate::Refused, format!("{detail}: {why}"), None),
        },
        401 | 403 => refused(Some(KEY)),
        402 => refused(Some(CREDIT)),
        429 => of(Fate::NotNow, detail, None),
        // The carrier lost patience with us, not we with it: it may have read all of it.
        408 => of(Fate::Unknown, detail, None),
        400..=499 => refused(None),
        _ => of(Fate::Unknown, detail, None),
    }
}

/// The answer to a question that sends nothing.
pub(super) fn probed(came: Result<Came, Missed>) -> Probe {
    match came {
        Ok(came) if came.is_success() => Probe::Answers,
        came => {
            let Sent { detail, remedy, .. } = sent(came, |_| Ok(None));
            Probe::Fault { what: detail, remedy: remedy.unwrap_or_else(|| THERE.to_owned()) }
        }
    }
}

fn missing(missed: Missed) -> Sent {
    match missed {
        Missed::NoConnection { cause, remedy } => of(Fate::NotNow, format!("no connection: {cause}"), remedy),
        Missed::NotSent { cause, remedy } => of(Fate::Refused, cause, remedy),
        Missed::Lost { cause } => of(Fate::Unknown, cause, None),
        Missed::Redirected { status: status @ (301 | 307 | 308) } => {
            of(Fate::Refused, format!("HTTP {status}"), Some(ELSEWHERE))
        }
        Missed::Redirected { status } => of(Fate::Unknown, format!("HTTP {status}"), Some(ELSEWHERE)),
    }
}

fn of(fate: Fate, detail: String, remedy: Option<&str>) -> Sent {
    Sent { fate, detail, remedy: remedy.map(str::to_owned) }
}

/// `HTTP 400`, then the carrier's own code and words, made harmless.
fn told(came: &Came) -> String {
    let words: Vec<String> = WORDS.into_iter().filter_map(|place| at(came, place)).collect();
    came.detail(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A text or a number of an answer, as text: carriers name messages by either.
pub(super) fn at(came: &Came, place: &str) -> Option<String> {
    let mut value = serde_json::Value::Object(came.json.clone()?);
    for name in place.split('.') {
        value = match name.parse::<usize>() {
            Ok(index) if value.is_array() => value.get_mut(index)?.take(),
            _ => value.get_mut(name)?.take(),
        };
    }
    match value {
        serde_json::Value::String(text) if !text.is_empty() => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
