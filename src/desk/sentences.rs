//! What is being said on a call, and to whom: listeners are told the words.

use uuid::Uuid;

use crate::call::{Party, Phrase, SayId};
use crate::prompts::{self, Language};

use super::event::{EventBody, party_word};
use super::feed::Feed;

/// Sentences that have not ended. The core has one for each party; more are let go.
const SENTENCES_MAX: usize = 8;

/// Sentences that have begun and not ended.
#[derive(Default)]
pub(super) struct Sentences(Vec<(SayId, Party)>);

impl Sentences {
    /// A sentence goes out.
    pub(super) fn begins(
        &mut self,
        feed: &Feed,
        payment: Uuid,
        (id, to): (SayId, Party),
        phrase: Phrase,
        language: Language,
    ) {
        if self.0.len() == SENTENCES_MAX {
            self.0.remove(0);
        }
        self.0.push((id, to));
        let words = prompts::text(phrase, language);
        feed.publish(payment, EventBody::Says { to: party_word(to), words, language: language.code() });
    }

    /// It was heard to its end, or broken off.
    pub(super) fn ends(&mut self, feed: &Feed, payment: Uuid, id: SayId) {
        let Some(place) = self.0.iter().position(|(said, _)| *said == id) else { return };
        let (_, to) = self.0.remove(place);
        // Another sentence to the same party has taken its place.
        if self.0.iter().all(|(_, other)| *other != to) {
            feed.publish(payment, EventBody::Said { to: party_word(to) });
        }
    }
}
