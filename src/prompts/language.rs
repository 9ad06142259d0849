//! The languages there are texts for, and whose voice speaks them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A language with a complete catalogue and a number grammar. Those in [`Language::VOICES`] can be spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// British English.
    English,
    /// French of France.
    French,
    /// Spanish of Spain.
    Spanish,
    /// Italian.
    Italian,
    /// Portuguese of Brazil, worded so that Portugal understands it.
    Portuguese,
    /// German; provisional.
    German,
}

/// A language that cannot be spoken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}; {}", self.what(), self.remedy())]
pub struct UnknownLanguage {
    tag: String,
    is_written: bool,
}

impl UnknownLanguage {
    /// What is wrong.
    #[must_use]
    pub fn what(&self) -> String {
        if self.is_written {
            format!("there are texts in `{}`, but no recordings yet", self.tag)
        } else {
            format!("there are no prompts in `{}`", self.tag)
        }
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> String {
        let spoken: Vec<String> = Language::VOICES.map(|(language, _)| format!("\"{language}\"")).into();
        match spoken.split_last() {
            Some((last, others)) if !others.is_empty() => format!("write {} or {last}", others.join(", ")),
            _ => format!("write {}", spoken.concat()),
        }
    }
}

impl Language {
    /// Every language there are texts for.
    pub const ALL: [Language; 6] = [
        Language::English,
        Language::French,
        Language::Spanish,
        Language::Italian,
        Language::Portuguese,
        Language::German,
    ];

    /// The languages with recordings that ship with tonegate, and whose voice it is: the directory below the
    /// language's.
    pub const VOICES: [(Language, &'static str); 5] = [
        (Language::English, "bf_emma"),
        (Language::French, "ff_siwis"),
        (Language::Spanish, "em_alex"),
        (Language::Italian, "im_nicola"),
        (Language::Portuguese, "pf_dora"),
    ];

    /// The ISO 639-1 code, which is also the name of its directory under `sounds/`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::French => "fr",
            Language::Spanish => "es",
            Language::Italian => "it",
            Language::Portuguese => "pt",
            Language::German => "de",
        }
    }

    /// The voice that ships with tonegate, if one does.
    #[must_use]
    pub fn voice(self) -> Option<&'static str> {
        Self::VOICES.into_iter().find_map(|(language, voice)| (language == self).then_some(voice))
    }

    /// Where our recordings of a spoken language are below a directory of sounds: `fr/ff_siwis`.
    pub(super) fn voice_directory((language, voice): (Language, &'static str)) -> PathBuf {
        PathBuf::from(language.code()).join(voice)
    }

    /// The language of a tag (`fr`, `fr-FR`, `fr_FR.UTF-8`: the region changes nothing), whether it can be spoken
    /// or is only written.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Language> {
        let code = tag.split(['-', '_']).next().unwrap_or_default();
        Language::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(code))
    }

    /// The catalogue of texts, as it stands in the repository.
    pub(super) fn catalogue_text(self) -> &'static str {
        match self {
            Language::English => include_str!("../../sounds/catalogue/en.tsv"),
            Language::French => include_str!("../../sounds/catalogue/fr.tsv"),
            Language::Spanish => include_str!("../../sounds/catalogue/es.tsv"),
            Language::Italian => include_str!("../../sounds/catalogue/it.tsv"),
            Language::Portuguese => include_str!("../../sounds/catalogue/pt.tsv"),
            Language::German => include_str!("../../sounds/catalogue/de.tsv"),
        }
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// Reads the tag of a language that can be spoken.
    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        let written = Language::of_tag(text);
        written.filter(|language| language.voice().is_some()).ok_or_else(|| UnknownLanguage {
            tag: text.chars().take(20).collect(),
            is_written: written.is_some(),
        })
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_does_not_hide_the_language() {
        assert_eq!("fr".parse(), Ok(Language::French));
        assert_eq!("fr-CA".parse(), Ok(Language::French));
        assert_eq!("es-MX".parse(), Ok(Language::Spanish));
        assert_eq!("EN_gb.UTF-8".parse(), Ok(Language::English));
        assert!("".parse::<Language>().is_err());
    }

    #[test]
    fn a_language_without_a_voice_is_not_spoken_and_the_reason_is_told() {
        let refused = |tag: &str| tag.parse::<Language>().unwrap_err().to_string();
        assert_eq!(
            refused("nl"),
            "there are no prompts in `nl`; write \"en\", \"fr\", \"es\", \"it\" or \"pt\""
        );
        assert!(refused("de-AT").starts_with("there are texts in `de-AT`, but no recordings yet; write"));
        assert_eq!(Language::of_tag("es-MX"), Some(Language::Spanish));
        assert_eq!(Language::of_tag("nl"), None);
    }
}
