//! References read out so that they can be written down: letters by the language's own telephone alphabet, because b, d,
//! p and t are one sound on a telephone, in groups with a pause between them.

use crate::call::Spelt;

use super::speech::Speech;

/// So much is remembered without writing: a pause follows.
const REMEMBERED_SIGNS: usize = 3;

/// Reads a reference out.
pub(super) fn say(speech: &mut Speech, reference: &Spelt) {
    let mut since_pause = 0;
    for group in reference.groups() {
        if since_pause >= REMEMBERED_SIGNS || (since_pause > 0 && group.chars().all(is_unspoken)) {
            speech.pause();
            since_pause = 0;
        }
        for sign in group.chars().filter(|sign| !is_unspoken(*sign)) {
            match sign.to_ascii_lowercase() {
                '-' => speech.say("dash"),
                '/' => speech.say("slash"),
                '.' => speech.say("point"),
                digit @ '0'..='9' => speech.say(&format!("number-{digit}")),
                letter => speech.say(&format!("spelt-{letter}")),
            }
            since_pause += 1;
        }
    }
}

/// A blank, and what has no name that everybody knows: a pause stands for it.
fn is_unspoken(sign: char) -> bool {
    !(sign.is_ascii_alphanumeric() || matches!(sign, '-' | '/' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{Phrase, SPELT_MAX};
    use crate::prompts::{Language, clips};

    /// As many files as both PBXs take in one sentence.
    const CLIPS_MAX: usize = 32;

    fn said(reference: &str, language: Language) -> String {
        let mut speech = Speech::new(language);
        say(&mut speech, &Spelt::of(reference).expect("it can be spelt"));
        speech.words()
    }

    #[test]
    fn a_reference_is_spelt_in_the_listeners_own_alphabet() {
        for (language, expected) in [
            (Language::English, "A for Alpha B for Bravo dash , four seven one one"),
            (Language::French, "A comme Anatole B comme Berthe tiret , quatre sept un un"),
            (Language::Spanish, "A de Antonio B de Barcelona guion , cuatro siete uno uno"),
            (Language::Italian, "A come Ancona B come Bologna trattino , quattro sette uno uno"),
            (Language::Portuguese, "A de amor B de bola hífen , quatro sete um um"),
            (Language::German, "A wie Anton B wie Berta Bindestrich , vier sieben eins eins"),
        ] {
            assert_eq!(said("Ab-4711", language), expected);
        }
        assert_eq!(said("7_8", Language::English), "seven , eight");
        assert_eq!(said("20261123", Language::English), "two zero two , six one one , two three");
        assert_eq!(said("A17", Language::English), "A for Alpha one seven");
    }

    #[test]
    fn every_letter_and_every_sign_has_a_clip_in_every_language() {
        for language in Language::ALL {
            let all: String = ('a'..='z').chain('0'..='9').chain("-/.".chars()).collect();
            let signs = all.as_bytes().chunks(8).map(|part| std::str::from_utf8(part).expect("ASCII"));
            let said: String = signs.map(|part| said(part, language)).collect::<Vec<_>>().join(" ");
            assert!(all.len() == 39 && !said.is_empty(), "{language}");
        }
    }

    #[test]
    fn the_longest_receipt_is_not_too_long_for_a_pbx() {
        let hardest = "A1-B2/C3.D4-E5/F";
        assert_eq!(hardest.len(), SPELT_MAX);
        let worst = Spelt::of(hardest).expect("it can be spelt");
        let date = jiff::civil::date(2027, 12, 27);
        for language in Language::ALL {
            let all = clips(Phrase::ReceiptAgain { reference: worst }, language);
            assert!(all.len() <= CLIPS_MAX, "{language}: {}", all.len());
            let all = clips(Phrase::Receipt { date, reference: worst }, language);
            assert!(all.len() <= CLIPS_MAX, "{language}: {}", all.len());
        }
    }
}
