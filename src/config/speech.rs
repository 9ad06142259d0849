//! `[merchant.speech]`: in which language, at which pace and in how many words people are spoken to.

use std::path::PathBuf;

use serde::Deserialize;

use super::merchant::plain_number;
use super::words::{list, words};

words! {
    /// How many words are made.
    #[derive(Default)]
    pub enum WordingChoice {
        /// Everything a first-time caller needs to hear, always.
        #[default]
        Calm = "calm",
        /// Short questions, always.
        Brief = "brief",
        /// Short ones for whoever is known to have paid this merchant before.
        ByExperience = "by-experience",
    }
}

words! {
    /// How fast customers are spoken to, and how long they are waited for, where nobody says otherwise.
    #[derive(Default)]
    pub enum PaceChoice {
        /// As recorded.
        #[default]
        Normal = "normal",
        /// Slower, with twice the time.
        Slow = "slow",
        /// Slower, with six times the time: calls that somebody relays as text.
        Relay = "relay",
    }
}

words! {
    /// Who hears the reference of a payment that was made, to note it.
    #[derive(Default)]
    pub enum ReceiptChoice {
        /// Nobody.
        Never = "never",
        /// Callers who are alone with the prompts.
        #[default]
        Alone = "alone",
        /// Everybody.
        Always = "always",
    }
}

/// `[merchant.speech]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpeechSection {
    /// The language agents are whispered to in; the merchant's own if none.
    pub agent_language: Option<String>,
    /// Languages that customers may be spoken to in besides `language`.
    #[serde(deserialize_with = "list")]
    pub other_languages: Vec<String>,
    /// Whether the country a customer calls from chooses among those.
    pub by_country: bool,
    /// How many words are made.
    pub wording: WordingChoice,
    /// How fast.
    pub pace: PaceChoice,
    /// Who hears the reference of a payment that was made.
    pub receipt: ReceiptChoice,
    /// What differs for those who dialled certain numbers.
    pub line: Vec<LineSection>,
}

impl SpeechSection {
    /// What differs for somebody who dialled this number.
    #[must_use]
    pub fn line_of(&self, dialled: Option<&str>) -> Option<&LineSection> {
        let dialled = plain_number(dialled?);
        self.line.iter().find(|line| line.numbers.iter().any(|own| plain_number(own) == dialled))
    }
}

/// `[[merchant.speech.line]]`: what differs for those who dialled these numbers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LineSection {
    /// As the PBX says them.
    #[serde(deserialize_with = "list")]
    pub numbers: Vec<String>,
    /// The language they are spoken to in.
    pub language: Option<String>,
    /// This line's own recordings, `<language>/<id>.wav`; each one replaces the merchant's.
    pub prompts_directory: Option<PathBuf>,
}
