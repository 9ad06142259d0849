//! A sentence on its way to the ear: clips one after another, and the words on them.

use super::catalogue::{Catalogue, ClipId, PAUSE};
use super::language::Language;

/// Clips in the order in which they are played.
pub(super) struct Speech {
    catalogue: &'static Catalogue,
    clips: Vec<ClipId>,
    words: Vec<&'static str>,
}

impl Speech {
    pub(super) fn new(language: Language) -> Speech {
        Speech { catalogue: Catalogue::of(language), clips: Vec::new(), words: Vec::new() }
    }

    /// Adds a clip by its name. A name that no catalogue has is left out: tests over all phrases and over
    /// the whole range of numbers see to it that there is none.
    pub(super) fn say(&mut self, id: &str) {
        if let Some((clip, words)) = self.catalogue.clip(id) {
            self.add(clip, words);
        } else {
            debug_assert!(false, "no clip `{id}` in the catalogue");
        }
    }

    /// Adds a moment in which a listener writes down what they heard.
    pub(super) fn pause(&mut self) {
        self.add(PAUSE, ",");
    }

    /// Adds a clip already found.
    pub(super) fn add(&mut self, clip: ClipId, words: &'static str) {
        self.clips.push(clip);
        self.words.push(words);
    }

    /// The clips.
    pub(super) fn clips(self) -> Vec<ClipId> {
        self.clips
    }

    /// What is to be heard, in words.
    #[cfg(test)]
    pub(super) fn words(&self) -> String {
        self.words.join(" ")
    }
}
