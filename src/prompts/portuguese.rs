//! How Portuguese counts: "cento e um", "mil e um", "mil e duzentos", but "mil duzentos e um"; one, two and the
//! hundreds follow the noun's gender ("duas libras", "duzentas mil libras"); "mil" stands without "um".
//!
//! The words are Brazil's ("dezesseis"); the grammar is the same in Portugal.

use super::counting::{Form, groups};
use super::speech::Speech;

/// A whole number, up to [`super::money::LARGEST_SPOKEN`].
pub(super) fn number(speech: &mut Speech, n: u64, form: Form) {
    let (millions, thousands, rest) = groups(n);
    if millions > 0 {
        below_thousand(speech, millions, Form::Masculine);
        let plural = if millions > 1 { "s" } else { "" };
        let and = if is_joined(thousands, rest) { "-and" } else { "" };
        speech.say(&format!("million{plural}{and}"));
    }
    if thousands > 1 {
        below_thousand(speech, thousands, form);
    }
    if thousands > 0 {
        speech.say(if is_joined(rest, 0) { "thousand-and" } else { "thousand" });
    }
    if rest > 0 || n == 0 {
        below_thousand(speech, rest, form);
    }
}

/// Whether "e" stands before the last group of a number, where the next two are `group` and `after`: if it is
/// below a hundred, or round hundreds.
fn is_joined(group: u64, after: u64) -> bool {
    let last = match (group, after) {
        (0, last) | (last, 0) => last,
        _ => return false,
    };
    last > 0 && (last < 100 || last.is_multiple_of(100))
}

fn below_thousand(speech: &mut Speech, n: u64, form: Form) {
    let (hundreds, rest) = (n / 100, n % 100);
    let feminine = if form == Form::Feminine { "-feminine" } else { "" };
    match (hundreds, rest) {
        (0, _) => {}
        (1, 0) => speech.say("hundred-1"),
        (1, _) => speech.say("hundred-1-and"),
        (_, 0) => speech.say(&format!("hundred-{hundreds}{feminine}")),
        _ => speech.say(&format!("hundred-{hundreds}-and{feminine}")),
    }
    if matches!(rest % 10, 1 | 2) && !matches!(rest, 11 | 12) {
        speech.say(&format!("number-{rest}{feminine}"));
    } else if rest > 0 || hundreds == 0 {
        speech.say(&format!("number-{rest}"));
    }
}
