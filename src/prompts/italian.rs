//! How Italian counts: "un euro" and "una sterlina", but "ventuno euro"; "mille", but "duemila"; "un milione e
//! duecentomila".

use super::counting::{Form, groups};
use super::speech::Speech;

/// A whole number, up to [`super::money::LARGEST_SPOKEN`].
pub(super) fn number(speech: &mut Speech, n: u64, form: Form) {
    if n == 1 {
        // Only one by itself bends: "ventuno sterline", "centouno euro".
        return speech.say(&format!("number-1{}", form.suffix()));
    }
    let (millions, thousands, rest) = groups(n);
    match millions {
        0 => {}
        1 => {
            speech.say("number-1-masculine");
            speech.say("million");
        }
        _ => {
            below_thousand(speech, millions);
            speech.say("millions");
        }
    }
    if millions > 0 && (thousands > 0 || rest > 0) {
        speech.say("and");
    }
    match thousands {
        0 => {}
        1 => speech.say("thousand"),
        _ => {
            below_thousand(speech, thousands);
            speech.say("thousands");
        }
    }
    if rest > 0 || n == 0 {
        below_thousand(speech, rest);
    }
}

fn below_thousand(speech: &mut Speech, n: u64) {
    let (hundreds, rest) = (n / 100, n % 100);
    if hundreds > 0 {
        speech.say(&format!("hundred-{hundreds}"));
    }
    if rest > 0 || hundreds == 0 {
        speech.say(&format!("number-{rest}"));
    }
}
