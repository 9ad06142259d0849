//! What is said: from a [`Phrase`] of the payment call to recordings in the listener's language.
//!
//! The texts stand in `sounds/catalogue/<language>.tsv`, one line each, with slots for what a call fills in. A
//! sentence is one recording wherever it can be: only amounts, digits and card brands are put together, by
//! a grammar written by hand for each language. [`clips`] says which recordings, [`text`] the same in words, and
//! [`SoundTree`] where the files are: the admin's own first, then ours as they were made ready for the PBX, never
//! another language's.
//!
//! A new language is a catalogue, a grammar beside `english.rs` and `french.rs`, and a line in [`Language`]; with
//! recordings it is spoken, which is a line in [`Language::VOICES`].

mod catalogue;
mod counting;
mod dates;
mod directory;
mod english;
mod fault;
mod fitness;
mod french;
mod german;
mod italian;
mod language;
mod layout;
mod lines;
mod made;
mod money;
mod portuguese;
mod ready;
mod recorded;
mod resample;
mod script;
mod slow;
mod spanish;
mod spelling;
mod speech;
mod studio;
mod tree;
mod wav;
#[cfg(test)]
mod shipped;

use crate::call::{Party, Phrase};

use catalogue::{Catalogue, Entry, Piece, Slot};
use speech::Speech;

pub use catalogue::ClipId;
pub use directory::find_default_directory;
pub use fault::SoundError;
pub use fitness::Unfit;
pub use language::{Language, UnknownLanguage};
pub use layout::{Layout, SampleRate};
pub use lines::Filling;
pub use recorded::{Recorded, look_through};
pub use script::{ScriptLine, clip_named, company_name, own_script, script};
pub use studio::produce;
pub use tree::{SoundTree, Told, Voices};

/// The recordings of a phrase, in the order in which they are played.
#[must_use]
pub fn clips(phrase: Phrase, language: Language) -> Vec<ClipId> {
    let lines = lines::lines(phrase);
    let entries = lines.ids.iter().filter_map(|id| Catalogue::of(language).entry(id));
    let mut speech = Speech::new(language);
    put_together(&mut speech, filled(entries, &lines.filling), language);
    speech.clips()
}

/// The recordings of whatever has that name in the catalogue: a sentence with its slots filled, one recording, or
/// `amount`, `date` or `reference` alone. None if nothing has.
#[must_use]
pub fn spoken(id: &str, filling: &Filling, language: Language) -> Option<Vec<ClipId>> {
    let catalogue = Catalogue::of(language);
    let mut speech = Speech::new(language);
    let alone = match id {
        "amount" => filling.amount.map(Filled::Amount),
        "date" => filling.date.map(Filled::Date),
        "reference" => filling.reference.map(Filled::Reference),
        _ => None,
    };
    if let Some(alone) = alone {
        put_together(&mut speech, vec![alone], language);
    } else if let Some(entry) = catalogue.entry(id) {
        put_together(&mut speech, filled([entry], filling), language);
    } else {
        let clip = catalogue.clips().into_iter().find(|clip| clip.name() == id)?;
        return Some(vec![clip]);
    }
    Some(speech.clips())
}

fn put_together(speech: &mut Speech, pieces: Vec<Filled>, language: Language) {
    for piece in pieces {
        match piece {
            Filled::Words(Some(clip), words) => speech.add(clip, words),
            Filled::Words(None, _) => {}
            Filled::Amount(amount) => money::say(speech, amount, language),
            Filled::LastFour(digits) => money::digits(speech, &digits),
            Filled::Brand(id) => speech.say(id),
            Filled::Date(date) => dates::say(speech, date, language),
            Filled::Reference(reference) => spelling::say(speech, &reference),
        }
    }
}

/// A phrase as it is shown on a screen: the same words, amounts in figures.
#[must_use]
pub fn text(phrase: Phrase, language: Language) -> String {
    let catalogue = Catalogue::of(language);
    let mut text = String::new();
    let lines = lines::lines(phrase);
    let entries = lines.ids.iter().filter_map(|id| catalogue.entry(id));
    for piece in filled(entries, &lines.filling) {
        match piece {
            // A whole sentence after another: the catalogue's entries do not begin with a space.
            Filled::Words(clip, words) => {
                if text.ends_with(['.', '!', '?']) && clip.is_some() && !words.starts_with([' ', '.']) {
                    text.push(' ');
                }
                text.push_str(words);
            }
            Filled::Amount(amount) => text.push_str(&money::show(amount, language)),
            Filled::LastFour(digits) => text.extend(digits.map(char::from)),
            Filled::Brand(id) => text.push_str(catalogue.clip(id).map_or("", |(_, name)| name)),
            Filled::Date(date) => text.push_str(&dates::show(date, language)),
            Filled::Reference(reference) => text.push_str(reference.as_str()),
        }
    }
    text
}

/// Who hears a phrase.
#[must_use]
pub fn listener(phrase: Phrase) -> Party {
    let first = lines::lines(phrase).ids.first();
    // The same in each language; a test compares them.
    first
        .and_then(|id| Catalogue::of(Language::English).entry(id))
        .map_or(Party::Agent, |entry| entry.listener)
}

/// A stretch of a text with its slot filled.
enum Filled {
    Words(Option<ClipId>, &'static str),
    Amount(crate::call::Money),
    LastFour([u8; 4]),
    Brand(&'static str),
    Date(jiff::civil::Date),
    Reference(crate::call::Spelt),
}

/// The stretches of some entries in their order.
fn filled<'a>(entries: impl IntoIterator<Item = &'a Entry>, filling: &Filling) -> Vec<Filled> {
    let fill = |piece: &Piece| match *piece {
        Piece::Words(clip, words) => Some(Filled::Words(clip, words)),
        Piece::Open(Slot::Amount) => filling.amount.map(Filled::Amount),
        Piece::Open(Slot::LastFour) => filling.last_four.map(Filled::LastFour),
        Piece::Open(Slot::Brand) => filling.brand.map(|brand| Filled::Brand(lines::brand_id(brand))),
        Piece::Open(Slot::Date) => filling.date.map(Filled::Date),
        Piece::Open(Slot::Reference) => filling.reference.map(Filled::Reference),
    };
    entries.into_iter().flat_map(|entry| &entry.pieces).filter_map(fill).collect()
}

#[cfg(test)]
mod tests;

/// The words of a recording of ours, by its path; what a demonstration shows as subtitle.
#[must_use]
pub fn words_of(recording: &std::path::Path) -> Option<&'static str> {
    let id = recording.file_stem()?.to_str()?;
    let language = recording.components().rev().find_map(|part| {
        let part = part.as_os_str().to_str()?;
        Language::ALL.into_iter().find(|language| language.code() == part)
    })?;
    Catalogue::of(language).words(id)
}
