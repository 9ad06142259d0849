//! The catalogue: every text of a language, cut into the clips it is recorded as.
//!
//! A text may have slots: `Your card ends in {last_four}. To go on, press 1.` Each stretch between slots that
//! has a letter in it is a clip of its own (`confirm-last-four-1`, `confirm-last-four-2`), so a translator
//! writes one line and puts the slots where the language wants them.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use crate::call::Party;

use super::language::Language;

/// How a line begins that heads a section.
const HEADING: &str = "# --- ";

/// Names one recording; the same name in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClipId(pub(super) &'static str);

/// Silence between the groups of a reference; nobody records it, [`super::SoundTree`] makes it.
pub(super) const PAUSE: ClipId = ClipId("pause");

impl ClipId {
    /// The name, which is also the file's without `.wav`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for ClipId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What a call fills in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Slot {
    Amount,
    LastFour,
    Brand,
    Date,
    Reference,
}

impl Slot {
    const ALL: [(&'static str, Slot); 5] = [
        ("{amount}", Slot::Amount),
        ("{last_four}", Slot::LastFour),
        ("{brand}", Slot::Brand),
        ("{date}", Slot::Date),
        ("{reference}", Slot::Reference),
    ];
}

/// One stretch of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Recorded words; `None` for punctuation alone, which is shown but not spoken.
    Words(Option<ClipId>, &'static str),
    /// To be filled in.
    Open(Slot),
}

/// One line of the catalogue.
#[derive(Debug)]
pub(super) struct Entry {
    /// Who hears it.
    pub(super) listener: Party,
    /// The whole text, slots included.
    pub(super) text: &'static str,
    /// The heading it stands under: who hears it and when, in English in every catalogue.
    pub(super) section: &'static str,
    /// What, in order.
    pub(super) pieces: Vec<Piece>,
}

/// All texts of a language.
#[derive(Debug)]
pub(super) struct Catalogue {
    entries: HashMap<&'static str, Entry>,
    /// The ids in the order of the lines.
    order: Vec<&'static str>,
}

/// A line of a catalogue that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the catalogue: {what}")]
pub(super) struct CatalogueError {
    line: usize,
    what: &'static str,
}

impl Catalogue {
    /// The catalogue of a language.
    pub(super) fn of(language: Language) -> &'static Catalogue {
        // In the order of `Language::ALL`, which is that of the variants; a test compares them.
        static CATALOGUES: LazyLock<[Catalogue; Language::ALL.len()]> =
            LazyLock::new(|| Language::ALL.map(Catalogue::embedded));
        &CATALOGUES[language as usize]
    }

    fn embedded(language: Language) -> Catalogue {
        // The text is part of this binary and a test reads it: no installation can make this fail.
        Catalogue::parse(language.catalogue_text())
            .unwrap_or_else(|error| panic!("the embedded catalogue {language}: {error}"))
    }

    /// Reads `id`, listener, text and, for the synthesiser alone, its pronunciation, separated by tabs.
    fn parse(text: &'static str) -> Result<Catalogue, CatalogueError> {
        let (mut entries, mut order) = (HashMap::new(), Vec::new());
        let mut section = "";
        for (at, row) in text.lines().enumerate() {
            let wrong = |what| CatalogueError { line: at + 1, what };
            if row.is_empty() || row.starts_with('#') {
                section = row.strip_prefix(HEADING).unwrap_or(section);
                continue;
            }
            let mut columns = row.split('\t');
            let (Some(id), Some(listener), Some(words)) = (columns.next(), columns.next(), columns.next())
            else {
                return Err(wrong("wants id, listener and text, separated by tabs"));
            };
            let listener = match listener {
                "customer" => Party::Customer,
                "agent" => Party::Agent,
                _ => return Err(wrong("the listener is `customer` or `agent`")),
            };
            if id.is_empty() || !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            {
                return Err(wrong("an id is of small letters, digits and hyphens"));
            }
            if !words.chars().any(char::is_alphanumeric) {
                return Err(wrong("nothing to say"));
            }
            let entry = Entry { listener, text: words, section, pieces: pieces(id, words) };
            if entry.pieces.iter().any(|p| matches!(p, Piece::Words(_, w) if w.contains(['{', '}']))) {
                return Err(wrong("the slots are {amount}, {last_four}, {brand}, {date} and {reference}"));
            }
            if entries.insert(id, entry).is_some() {
                return Err(wrong("this id stands twice"));
            }
            order.push(id);
        }
        Ok(Catalogue { entries, order })
    }

    /// Every entry, in the order of the lines.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.order.iter().filter_map(|id| self.entry(id))
    }

    /// The entry of that id.
    pub(super) fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// The only clip of an entry without slots.
    pub(super) fn clip(&self, id: &str) -> Option<(ClipId, &'static str)> {
        match self.entry(id)?.pieces[..] {
            [Piece::Words(Some(clip), words)] => Some((clip, words)),
            _ => None,
        }
    }

    /// The words of a clip.
    pub(super) fn words(&self, name: &str) -> Option<&'static str> {
        let pieces = self.entries.values().flat_map(|entry| &entry.pieces);
        pieces.into_iter().find_map(|piece| match piece {
            Piece::Words(Some(clip), words) if clip.name() == name => Some(*words),
            _ => None,
        })
    }

    /// Every clip that has to exist as a recording, in the order of their names.
    pub(super) fn clips(&self) -> Vec<ClipId> {
        let pieces = self.entries.values().flat_map(|entry| &entry.pieces);
        let mut clips: Vec<ClipId> =
            pieces.filter_map(|p| if let Piece::Words(clip, _) = p { *clip } else { None }).collect();
        clips.sort_unstable();
        clips
    }
}

/// Cuts a text at its slots.
fn pieces(id: &'static str, text: &'static str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut spoken = 0;
    let mut words = |words: &'static str, whole: bool| {
        let clip = if whole {
            Some(ClipId(id))
        } else if words.chars().any(char::is_alphanumeric) {
            spoken += 1;
            // A handful per language, made once and used for as long as the process lives.
            Some(ClipId(Box::leak(format!("{id}-{spoken}").into_boxed_str())))
        } else {
            None
        };
        Piece::Words(clip, words)
    };
    while let Some((at, name, slot)) = next_slot(rest) {
        if at > 0 {
            pieces.push(words(&rest[..at], false));
        }
        pieces.push(Piece::Open(slot));
        rest = &rest[at + name.len()..];
    }
    if !rest.is_empty() {
        let whole = pieces.is_empty();
        pieces.push(words(rest, whole));
    }
    pieces
}

/// Where the next slot begins, how it is written and which it is.
fn next_slot(text: &str) -> Option<(usize, &'static str, Slot)> {
    let found = Slot::ALL.into_iter().filter_map(|(name, slot)| Some((text.find(name)?, name, slot)));
    found.min_by_key(|&(at, ..)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_its_slots() {
        let text = "Pay {amount} with {last_four}.";
        let expected = [
            Piece::Words(Some(ClipId("pay-1")), "Pay "),
            Piece::Open(Slot::Amount),
            Piece::Words(Some(ClipId("pay-2")), " with "),
            Piece::Open(Slot::LastFour),
            Piece::Words(None, "."),
        ];
        assert_eq!(pieces("pay", text), expected);
        assert_eq!(pieces("bye", "Goodbye."), [Piece::Words(Some(ClipId("bye")), "Goodbye.")]);
    }

    #[test]
    fn a_translator_is_told_the_line() {
        let at = |text| Catalogue::parse(text).unwrap_err().to_string();
        assert!(at("# head\n\nbye\tcustomer\n").starts_with("line 3 of the catalogue: wants id"));
        assert!(at("bye\tnobody\tGoodbye.").contains("`customer` or `agent`"));
        assert!(at("Bye\tagent\tGoodbye.").contains("small letters"));
        assert!(at("bye\tagent\t…").contains("nothing to say"));
        assert!(at("bye\tagent\tGoodbye {name}.").contains("{amount}"));
        assert!(at("bye\tagent\tGoodbye.\nbye\tagent\tGoodbye.").starts_with("line 2"));
    }

    #[test]
    fn no_two_texts_of_a_language_share_a_clip() {
        for (at, language) in Language::ALL.into_iter().enumerate() {
            assert_eq!(language as usize, at, "{language}");
            let clips = Catalogue::of(language).clips();
            assert!(clips.windows(2).all(|pair| pair[0] < pair[1]), "{language}");
            assert!(clips.len() > 200, "{language}");
        }
    }
}
