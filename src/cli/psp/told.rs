//! What came of a try, for people and for machines.

use std::fmt::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use crate::call::Outcome;
use crate::psp::http::Seen;
use crate::psp::{Answer, Effect, Link, Reply, StoredCard};

/// The outcome of one operation.
pub(super) struct Told {
    operation: &'static str,
    /// `approved`, `declined`, …
    outcome: &'static str,
    /// The provider's reference, token or link; or the reason of a decline.
    what: Option<String>,
    detail: String,
    remedy: Option<String>,
    may_retry: bool,
    /// Whether it came out as hoped.
    pub(super) good: bool,
}

/// What an operation makes, in words.
pub(super) trait Made {
    fn words(self) -> String;
}

impl Made for String {
    fn words(self) -> String {
        self
    }
}

impl Made for StoredCard {
    fn words(self) -> String {
        format!("token {} of shopper {}", self.token, self.shopper)
    }
}

impl Made for Link {
    fn words(self) -> String {
        format!("{}, {}, named {}", self.state.word(), self.url.unwrap_or_default(), self.id)
    }
}

impl Told {
    pub(super) fn answer(operation: &'static str, answer: Answer) -> Told {
        let good = matches!(answer.outcome, Outcome::Approved { .. });
        let (outcome, what) = match answer.outcome {
            Outcome::Approved { reference } => ("approved", Some(reference)),
            Outcome::Declined(reason) => ("declined", Some(reason_word(reason))),
            Outcome::NotCharged => ("not_charged", None),
            Outcome::Unknown => ("unknown", None),
        };
        let Answer { detail, remedy, may_retry, .. } = answer;
        Told { operation, outcome, what, detail, remedy, may_retry, good }
    }

    pub(super) fn reply<T: Made>(operation: &'static str, reply: Reply<T>) -> Told {
        let (outcome, what, good) = match reply.effect {
            Effect::Done(made) => ("done", Some(made.words()), true),
            Effect::Taken(made) => ("taken", Some(made.words()), true),
            Effect::Refused(reason) => ("refused", Some(reason_word(reason)), false),
            Effect::NotDone => ("not_done", None, false),
            Effect::Unknown => ("unknown", None, false),
        };
        let Reply { detail, remedy, may_retry, .. } = reply;
        Told { operation, outcome, what, detail, remedy, may_retry, good }
    }

    /// An operation that the account cannot do, and was not asked for.
    pub(super) fn cannot(operation: &'static str, reason: &str) -> Told {
        Told {
            operation,
            outcome: "not_possible",
            what: None,
            detail: reason.into(),
            remedy: None,
            may_retry: false,
            good: false,
        }
    }

    /// The outcome, for people.
    fn phrase(&self) -> &'static str {
        match self.outcome {
            "not_charged" => "not charged",
            "unknown" => "unknown, it may have been done",
            "taken" => "taken, and a webhook will tell whether it succeeds",
            "not_done" => "not done",
            "not_possible" => "not possible with this account, and not asked for",
            outcome => outcome,
        }
    }

    pub(super) fn text(&self, exchanges: &[Seen], took: Duration) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        for seen in exchanges {
            let _ = writeln!(text, "> {}", seen.request);
            for line in seen.sent.lines() {
                let _ = writeln!(text, "> {line}");
            }
            let _ = writeln!(text, "< {} ({} ms)", seen.status, seen.took.as_millis());
            for line in seen.received.lines() {
                let _ = writeln!(text, "< {line}");
            }
        }
        if !exchanges.is_empty() {
            text.push('\n');
        }
        let _ = writeln!(text, "{self}");
        if let Some(remedy) = &self.remedy {
            let _ = writeln!(text, "what to do: {remedy}");
        }
        if self.may_retry {
            let _ = writeln!(text, "the same key may be sent again");
        }
        let _ = writeln!(text, "took {} ms", took.as_millis());
        text
    }

    pub(super) fn json(&self, name: &str, exchanges: &[Seen], took: Duration) -> Value {
        let exchanges: Vec<Value> = exchanges
            .iter()
            .map(|seen| {
                json!({ "request": seen.request, "sent": seen.sent, "status": seen.status,
                    "received": seen.received, "took_ms": milliseconds(seen.took) })
            })
            .collect();
        json!({ "name": name, "operation": self.operation, "outcome": self.outcome, "what": self.what,
            "detail": self.detail, "remedy": self.remedy, "may_retry": self.may_retry,
            "took_ms": milliseconds(took), "exchanges": exchanges })
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.operation, self.phrase())?;
        if let Some(what) = &self.what {
            write!(f, " ({what})")?;
        }
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

fn reason_word(reason: crate::call::DeclineReason) -> String {
    serde_json::to_value(reason).ok().and_then(|word| word.as_str().map(Into::into)).unwrap_or_default()
}

/// With three digits after the point.
fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::DeclineReason;

    #[test]
    fn machines_and_people_are_told_the_same() {
        let told =
            Told::answer("authorise", Answer::declined(DeclineReason::InsufficientFunds, "HTTP 402 no"));
        let took = Duration::from_micros(1_500);
        let seen = Seen {
            request: "POST https://pay.example/".into(),
            sent: "{}".into(),
            status: "HTTP 402".into(),
            received: String::new(),
            took,
        };
        assert_eq!(
            told.text(std::slice::from_ref(&seen), took),
            "> POST https://pay.example/\n> {}\n< HTTP 402 (1 ms)\n\n\
             authorise: declined (insufficient_funds): HTTP 402 no\ntook 1 ms\n"
        );
        let json = told.json("shop", &[seen], took);
        assert_eq!((&json["outcome"], &json["what"]), (&json!("declined"), &json!("insufficient_funds")));
        assert_eq!((&json["took_ms"], &json["exchanges"][0]["status"]), (&json!(1.5), &json!("HTTP 402")));
        assert!(!told.good);
    }

    #[test]
    fn what_is_not_over_is_said_in_words() {
        let text = |told: Told| told.text(&[], Duration::from_millis(2));
        let taken = Told::reply("refund", Reply::taken("re_1".to_owned(), "HTTP 202"));
        assert_eq!(
            text(taken),
            "refund: taken, and a webhook will tell whether it succeeds (re_1): HTTP 202\ntook 2 ms\n"
        );
        let lost = Answer::unknown("no answer").with_remedy("look").retryable(true);
        assert_eq!(
            text(Told::answer("authorise", lost)),
            "authorise: unknown, it may have been done: no answer\nwhat to do: look\n\
             the same key may be sent again\ntook 2 ms\n"
        );
    }
}
