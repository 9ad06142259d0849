//! What a voice has to say: every recording of a language, in the order of the catalogue.

use crate::call::Party;

use super::catalogue::{Catalogue, ClipId, Piece};
use super::language::Language;

/// One recording to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScriptLine {
    /// Its name.
    pub id: ClipId,
    /// Who hears it.
    pub listener: Party,
    /// The words.
    pub text: &'static str,
    /// The sentence it is part of, with slots for what is put in between; the same as `text` if it is whole.
    pub sentence: &'static str,
    /// When it is heard.
    pub occasion: &'static str,
}

/// The company's greeting with its name: only a company can record it.
pub(super) const COMPANY_NAME: ClipId = ClipId("company-name");

/// What a company may record besides, and nobody misses.
#[must_use]
pub fn company_name() -> ScriptLine {
    let text =
        "Your greeting with your company's name, in your own words, for example: Example Limited, good day.";
    ScriptLine {
        id: COMPANY_NAME,
        listener: Party::Customer,
        text,
        sentence: text,
        occasion: "the customer alone with the prompts: before the welcome; leave it out if you like",
    }
}

/// Everything that a company can record: the script, and its name.
#[must_use]
pub fn own_script(language: Language) -> Vec<ScriptLine> {
    script(language).into_iter().chain([company_name()]).collect()
}

/// Everything that is recorded for a language.
#[must_use]
pub fn script(language: Language) -> Vec<ScriptLine> {
    let mut lines = Vec::new();
    for entry in Catalogue::of(language).entries() {
        for piece in &entry.pieces {
            let Piece::Words(Some(id), words) = *piece else { continue };
            lines.push(ScriptLine {
                id,
                listener: entry.listener,
                text: spoken(words),
                sentence: entry.text,
                occasion: entry.section,
            });
        }
    }
    lines
}

/// The clip whose recording somebody named so: as in the script, in any case, with a number of its own before it
/// and any mark between the words (`012 Welcome Self_Service`).
#[must_use]
pub fn clip_named(name: &str, language: Language) -> Option<ScriptLine> {
    let lower = name.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_number = |word: &&&str| word.bytes().all(|b| b.is_ascii_digit());
    let before = words.iter().take_while(is_number).count();
    let id = words[before..].join("-");
    own_script(language).into_iter().find(|line| line.id.name() == id)
}

/// What is left of a stretch of text when what only shows on a screen is taken away.
fn spoken(words: &'static str) -> &'static str {
    words.trim_start_matches([' ', '.', ',', ':', ';', '!', '?']).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_with_slots_is_recorded_in_pieces() {
        let script = script(Language::English);
        let of = |id: &str| *script.iter().find(|line| line.id.name() == id).expect("a line");
        let last = of("confirm-payment-3");
        assert_eq!(last.text, "To pay, press 1. To start again, press 2.");
        assert!(last.sentence.starts_with("You are about to pay {amount} with"));
        assert_eq!(of("goodbye").sentence, of("goodbye").text);
        assert_eq!(of("whisper-sealed").occasion, "the agent's whispers");
        assert_eq!(script[0].id.name(), "welcome");
        assert!(script.iter().all(|line| !line.occasion.is_empty() && !line.text.is_empty()));
    }

    #[test]
    fn a_studio_may_number_its_files_and_write_names_as_it_likes() {
        let found = |name| clip_named(name, Language::French).map(|line| line.id.name());
        assert_eq!(found("welcome"), Some("welcome"));
        assert_eq!(found("012 Welcome_Self-Service-1"), Some("welcome-self-service-1"));
        assert_eq!(found("0300-number-21"), Some("number-21"));
        assert_eq!(found("take two"), None);
        assert_eq!(found("17"), None);
    }
}
