//! How English counts: "one hundred and five", "two thousand and twelve".

use super::counting::groups;
use super::speech::Speech;

/// A whole number, up to [`super::money::LARGEST_SPOKEN`].
pub(super) fn number(speech: &mut Speech, n: u64) {
    let (millions, thousands, rest) = groups(n);
    if millions > 0 {
        below_thousand(speech, millions);
        let and = thousands == 0 && (1..100).contains(&rest);
        speech.say(if and { "million-and" } else { "million" });
    }
    if thousands > 0 {
        below_thousand(speech, thousands);
        speech.say(if (1..100).contains(&rest) { "thousand-and" } else { "thousand" });
    }
    if rest > 0 || n == 0 {
        below_thousand(speech, rest);
    }
}

fn below_thousand(speech: &mut Speech, n: u64) {
    let (hundreds, rest) = (n / 100, n % 100);
    match (hundreds, rest) {
        (0, _) => {}
        (_, 0) => speech.say(&format!("hundred-{hundreds}")),
        _ => speech.say(&format!("hundred-{hundreds}-and")),
    }
    if rest > 0 || hundreds == 0 {
        speech.say(&format!("number-{rest}"));
    }
}
