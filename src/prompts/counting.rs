//! Counting things: which grammar a language has, and what grammars share.

use super::language::Language;
use super::speech::Speech;
use super::{english, french, german, italian, portuguese, spanish};

/// The largest number of euros on one clip; the longer ones are understood in pieces.
const WITH_EUROS_MAX: u64 = 20;

/// What is counted: a currency's unit, or a hundredth of it.
pub(super) struct Noun {
    /// The clip "euro".
    pub(super) one: &'static str,
    /// The clip "euros".
    pub(super) many: &'static str,
    /// "une livre", "una libra", "una sterlina": in all Romance languages of ours the same.
    pub(super) feminine: bool,
}

impl Noun {
    /// The form of a number before this noun.
    pub(super) fn form(&self) -> Form {
        if self.feminine { Form::Feminine } else { Form::Masculine }
    }

    /// Says the noun alone.
    pub(super) fn say(&self, speech: &mut Speech, is_singular: bool) {
        speech.say(if is_singular { self.one } else { self.many });
    }

    /// Says the noun after a number: round millions of it are "millions d'euros", "millones de euros".
    pub(super) fn say_after(&self, speech: &mut Speech, n: u64, is_singular: bool) {
        if n > 0 && n.is_multiple_of(1_000_000) {
            speech.say(&format!("of-{}", self.many));
        } else {
            self.say(speech, is_singular);
        }
    }
}

/// What stands behind a number changes it: "uno", but "un euro" and "una libra".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing follows.
    Alone,
    /// A masculine noun follows, or a neuter one.
    Masculine,
    /// A feminine noun follows.
    Feminine,
}

impl Form {
    /// How the clips of this form end.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Form::Alone => "",
            Form::Masculine => "-masculine",
            Form::Feminine => "-feminine",
        }
    }
}

/// Millions, thousands, and what is left.
pub(super) fn groups(n: u64) -> (u64, u64, u64) {
    (n / 1_000_000, n / 1_000 % 1_000, n % 1_000)
}

/// Whether a number stands on one clip with its euros. Short numbers alone are hard to understand, and a payment is
/// often of a few euros.
fn is_with_euros(n: u64, noun: &Noun) -> bool {
    noun.many == "euros" && (2..=WITH_EUROS_MAX).contains(&n)
}

/// Says a number by itself, up to [`super::money::LARGEST_SPOKEN`].
pub(super) fn number(speech: &mut Speech, n: u64, language: Language) {
    match language {
        Language::English => english::number(speech, n),
        Language::French => french::number(speech, n),
        Language::Spanish => spanish::number(speech, n, Form::Alone),
        Language::Italian => italian::number(speech, n, Form::Alone),
        Language::Portuguese => portuguese::number(speech, n, Form::Alone),
        Language::German => german::number(speech, n, Form::Alone),
    }
}

/// Says so many of something: "veintiún euros".
pub(super) fn counted(speech: &mut Speech, n: u64, noun: &Noun, language: Language) {
    match language {
        Language::English => {
            english::number(speech, n);
            noun.say(speech, n == 1);
        }
        Language::French => french::counted(speech, n, noun),
        Language::Spanish | Language::Italian | Language::Portuguese if is_with_euros(n, noun) => {
            speech.say(&format!("{}-{n}", noun.many));
        }
        Language::Spanish => {
            spanish::number(speech, n, noun.form());
            noun.say_after(speech, n, n == 1);
        }
        Language::Italian => {
            italian::number(speech, n, noun.form());
            noun.say_after(speech, n, n == 1);
        }
        Language::Portuguese => {
            portuguese::number(speech, n, noun.form());
            noun.say_after(speech, n, n == 1);
        }
        // "ein Euro", "ein Pfund": no currency of ours is feminine. "eine Million Euro": no "von".
        Language::German => {
            german::number(speech, n, Form::Masculine);
            noun.say(speech, n == 1);
        }
    }
}
