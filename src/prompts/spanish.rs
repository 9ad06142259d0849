//! How Spanish counts: "uno" is cut short before a noun and before "mil" (un, veintiún), hundreds follow the
//! noun's gender, "cien" is "ciento" with something behind it, "mil" stands without "un".

use super::counting::{Form, groups};
use super::speech::Speech;

/// A whole number, up to [`super::money::LARGEST_SPOKEN`].
pub(super) fn number(speech: &mut Speech, n: u64, form: Form) {
    let (millions, thousands, rest) = groups(n);
    if millions > 0 {
        below_thousand(speech, millions, Form::Masculine);
        speech.say(if millions == 1 { "million" } else { "millions" });
    }
    if thousands > 1 {
        // "veintiún mil" by itself and before euros, "veintiuna mil libras".
        let form = if form == Form::Feminine { Form::Feminine } else { Form::Masculine };
        below_thousand(speech, thousands, form);
    }
    if thousands > 0 {
        speech.say("thousand");
    }
    if rest > 0 || n == 0 {
        below_thousand(speech, rest, form);
    }
}

fn below_thousand(speech: &mut Speech, n: u64, form: Form) {
    let (hundreds, rest) = (n / 100, n % 100);
    match hundreds {
        0 => {}
        1 if rest > 0 => speech.say("hundred-1-and"),
        2.. if form == Form::Feminine => speech.say(&format!("hundred-{hundreds}-feminine")),
        _ => speech.say(&format!("hundred-{hundreds}")),
    }
    if rest % 10 == 1 && rest != 11 {
        speech.say(&format!("number-{rest}{}", form.suffix()));
    } else if rest > 0 || hundreds == 0 {
        speech.say(&format!("number-{rest}"));
    }
}
