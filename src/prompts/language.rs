//! The languages that can be spoken, and whose voice speaks them.

use std::fmt;
use std::str::FromStr;

/// A language with a complete catalogue, a number grammar and a voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// British English.
    English,
    /// French of France.
    French,
}

/// A language we have no voice for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are no prompts in `{0}`; write `en` or `fr`")]
pub struct UnknownLanguage(String);

impl UnknownLanguage {
    /// What was asked for.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.0
    }
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 2] = [Language::English, Language::French];

    /// The ISO 639-1 code, which is also the name of its directory under `sounds/`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::French => "fr",
        }
    }

    /// The voice that ships with tonegate: the directory below the language's.
    #[must_use]
    pub fn voice(self) -> &'static str {
        match self {
            Language::English => "bf_emma",
            Language::French => "ff_siwis",
        }
    }

    /// The catalogue of texts, as it stands in the repository.
    pub(super) fn catalogue_text(self) -> &'static str {
        match self {
            Language::English => include_str!("../../sounds/catalogue/en.tsv"),
            Language::French => include_str!("../../sounds/catalogue/fr.tsv"),
        }
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// Reads `fr`, and also `fr-FR` or `fr_FR.UTF-8`: the region changes nothing.
    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        let code = text.split(['-', '_']).next().unwrap_or_default();
        Language::ALL
            .into_iter()
            .find(|language| language.code().eq_ignore_ascii_case(code))
            .ok_or_else(|| UnknownLanguage(text.chars().take(20).collect()))
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
        assert_eq!("EN_gb.UTF-8".parse(), Ok(Language::English));
        assert!("de".parse::<Language>().unwrap_err().to_string().contains("`de`"));
        assert!("".parse::<Language>().is_err());
    }
}
