//! People and keys, a line each.

use jiff::Timestamp;

use crate::orders::OrderView;
use crate::people::{Account, KeyRecord};

fn when(at_ms: Option<i64>) -> String {
    let at = at_ms.and_then(|at| Timestamp::from_millisecond(at).ok());
    at.map_or_else(|| "never".into(), |at| format!("{at:.0}"))
}

fn words<T: std::fmt::Display>(words: &[T]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

pub(super) fn person(one: &Account) -> String {
    let mut line = format!("{:<20} {:<28} last login {}", one.name, words(&one.roles), when(one.seen_at_ms));
    for (holds, word) in [
        (one.shut_out, "locked by an admin"),
        (one.locked && !one.shut_out, "locked for wrong tries"),
        (one.must_change, "has to choose a password"),
        (one.codes, "one-time codes"),
        (one.by_provider, "by the identity provider"),
    ] {
        if holds {
            line.push_str(", ");
            line.push_str(word);
        }
    }
    line
}

pub(super) fn key(one: &KeyRecord) -> String {
    let mut line = format!("{:<20} {:<40} last used {}", one.name, words(&one.scopes), when(one.used_at_ms));
    if one.expires_at_ms.is_some() {
        line.push_str(&format!(", ends {}", when(one.expires_at_ms)));
    }
    if one.revoked_at_ms.is_some() {
        line.push_str(&format!(", taken back {}", when(one.revoked_at_ms)));
    }
    line
}

pub(super) fn order(one: &OrderView) -> String {
    let OrderView { reference, merchant, state, currency, .. } = one;
    let mut line = format!("{reference:<20} {merchant:<12} {state:<12} {:>14} {currency}", one.amount);
    if state == "partly_paid" {
        line.push_str(&format!(", {} left", one.owed));
    }
    let known = [&one.customer.name, &one.customer.phone, &one.customer.email, &one.due];
    for (what, word) in known.into_iter().zip(["", "", "", "due "]) {
        if let Some(what) = what {
            line.push_str(&format!(", {word}{what}"));
        }
    }
    line
}
