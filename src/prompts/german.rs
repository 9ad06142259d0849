//! How German counts: "ein Euro" and "eintausend", but "hunderteins Euro"; "eine Million", "zwei Millionen". What
//! turns tens and ones round (einundzwanzig) is inside the clips.

use super::counting::{Form, groups};
use super::speech::Speech;

/// A whole number, up to [`super::money::LARGEST_SPOKEN`].
pub(super) fn number(speech: &mut Speech, n: u64, form: Form) {
    let (millions, thousands, rest) = groups(n);
    if millions > 0 {
        below_thousand(speech, millions, Form::Feminine);
        speech.say(if millions == 1 { "million" } else { "millions" });
    }
    if thousands > 0 {
        below_thousand(speech, thousands, Form::Masculine);
        speech.say("thousand");
    }
    if rest > 0 || n == 0 {
        // Only one by itself bends before a noun: "einhunderteins Euro".
        below_thousand(speech, rest, if n == 1 { form } else { Form::Alone });
    }
}

fn below_thousand(speech: &mut Speech, n: u64, form: Form) {
    let (hundreds, rest) = (n / 100, n % 100);
    if hundreds > 0 {
        speech.say(&format!("hundred-{hundreds}"));
    }
    if rest == 1 {
        speech.say(&format!("number-1{}", form.suffix()));
    } else if rest > 0 || hundreds == 0 {
        speech.say(&format!("number-{rest}"));
    }
}
