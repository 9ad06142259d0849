//! How French counts: "mille" without "un", a liaison before "euros", feminine pounds, millions "d'euros".

use super::counting::Noun;
use super::speech::Speech;

/// The numbers below a hundred that end in "un", which becomes "une": not 71 (onze) nor 91.
const ENDS_IN_ONE: [u64; 7] = [1, 21, 31, 41, 51, 61, 81];

/// A whole number, up to [`super::money::LARGEST_SPOKEN`].
pub(super) fn number(speech: &mut Speech, n: u64) {
    above_thousand(speech, n);
    let rest = n % 1_000;
    if rest > 0 || n == 0 {
        below_thousand(speech, rest, false);
    }
}

/// So many of something, with its noun: "deux millions d'euros", but "deux millions cent euros".
pub(super) fn counted(speech: &mut Speech, n: u64, noun: &Noun) {
    let rest = n % 1_000;
    above_thousand(speech, n);
    if noun.many == "euros" && (rest > 0 || n == 0) {
        return euros(speech, rest);
    }
    if rest > 0 || n == 0 {
        below_thousand(speech, rest, noun.feminine);
    }
    noun.say_after(speech, n, is_singular(n));
}

/// The number and its euros stand on one clip, so that the liaison is heard: "vingt-t-euros".
fn euros(speech: &mut Speech, n: u64) {
    let (hundreds, rest) = (n / 100, n % 100);
    if hundreds > 0 && rest == 0 {
        return speech.say(&format!("euros-{n}"));
    }
    if hundreds > 0 {
        speech.say(&format!("hundred-{hundreds}"));
    }
    // "cent un euros" and "un euro" sound the same at their ends.
    speech.say(&format!("euros-{rest}"));
}

/// Millions and thousands.
fn above_thousand(speech: &mut Speech, n: u64) {
    let (millions, thousands) = (n / 1_000_000, n / 1_000 % 1_000);
    if millions > 0 {
        below_thousand(speech, millions, false);
        speech.say(if is_singular(millions) { "million" } else { "millions" });
    }
    if thousands > 1 {
        below_thousand(speech, thousands, false);
    }
    if thousands > 0 {
        speech.say("thousand");
    }
}

fn below_thousand(speech: &mut Speech, n: u64, feminine: bool) {
    let (hundreds, rest) = (n / 100, n % 100);
    if hundreds > 0 {
        speech.say(&format!("hundred-{hundreds}"));
    }
    if feminine && ENDS_IN_ONE.contains(&rest) {
        speech.say(&format!("number-{rest}-feminine"));
    } else if rest > 0 || hundreds == 0 {
        speech.say(&format!("number-{rest}"));
    }
}

/// Below two, so also zero, is singular.
fn is_singular(n: u64) -> bool {
    n < 2
}
