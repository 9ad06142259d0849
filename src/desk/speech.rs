//! How people on a call are spoken to: which language, which recordings, which pace, how many words.
//!
//! The customer's language is that of the first who says one: the agent by key, during the payment; whoever asked for the
//! payment; the dialplan; the order; the number that was dialled; the country the customer calls from; the merchant.

use std::path::PathBuf;
use std::sync::Arc;

use crate::call::{Besides, Manner, Mode, Pace, Party, Phrase, Spelt, Wording};
use crate::config::{ReceiptChoice, WordingChoice, plain_number};
use crate::pbx::Offer;
use crate::prompts::{Language, SoundTree};
use crate::psp::Customer;
use crate::store::Order;

use super::Desk;
use super::country;
use super::merchant::Merchant;
use super::payment::Plan;

/// A merchant's wishes.
pub struct Speech {
    /// The language agents are whispered to in.
    pub agent_language: Language,
    /// Languages customers may be spoken to in besides the merchant's own.
    pub other_languages: Vec<Language>,
    /// Whether the caller's country chooses among those.
    pub by_country: bool,
    /// How many words.
    pub wording: WordingChoice,
    /// How fast.
    pub pace: Pace,
    /// Who hears a receipt.
    pub receipt: ReceiptChoice,
    /// What differs by the number that was dialled.
    pub lines: Vec<SpokenLine>,
}

/// What differs for those who dialled certain numbers.
pub struct SpokenLine {
    /// Which.
    pub numbers: Vec<String>,
    /// Their language.
    pub language: Option<Language>,
    /// What they hear.
    pub sounds: Option<Arc<SoundTree>>,
}

/// What one call is spoken to with.
#[derive(Clone)]
pub(super) struct Voice {
    /// The customer's languages: the first is spoken, the agent may change to the next.
    pub languages: Vec<Language>,
    pub agent_language: Language,
    pub sounds: Arc<SoundTree>,
}

impl Voice {
    /// The language of a party; `turn` counts how often the agent changed the customer's.
    pub(super) fn language(&self, to: Party, turn: usize) -> Language {
        match to {
            Party::Agent => self.agent_language,
            Party::Customer => {
                self.languages.get(turn % self.languages.len().max(1)).copied().unwrap_or(self.agent_language)
            }
        }
    }

    /// Makes ready what the call begins with. A language that cannot be spoken gives way to the merchant's.
    pub(super) async fn make_ready(&mut self, merchant: &Merchant) {
        if let Some(first) = self.languages.first_mut() {
            *first = merchant.ready_in(&self.sounds, *first).await;
        }
        self.agent_language = merchant.ready_in(&self.sounds, self.agent_language).await;
    }

    /// The recordings of a sentence.
    pub(super) async fn clips(
        &self,
        merchant: &Merchant,
        phrase: Phrase,
        language: Language,
        pace: Pace,
    ) -> Vec<PathBuf> {
        let clips = merchant.clips_in(&self.sounds, phrase, language).await;
        if !pace.is_slow() {
            return clips;
        }
        let (sounds, recorded) = (Arc::clone(&self.sounds), clips.clone());
        match tokio::task::spawn_blocking(move || sounds.slower(recorded)).await {
            Ok((slow, fault)) => {
                if let Some(fault) = fault {
                    tracing::warn!("slow speech could not be made, the normal pace is heard: {fault}");
                }
                slow
            }
            Err(_) => clips,
        }
    }
}

impl Merchant {
    /// The line that was dialled, if it is a special one.
    fn line(&self, offer: &Offer) -> Option<&SpokenLine> {
        let dialled = plain_number(offer.dialled_number.as_deref()?);
        self.speech.lines.iter().find(|line| line.numbers.iter().any(|own| plain_number(own) == dialled))
    }

    /// The language of a call that nobody named one for.
    fn language_of_call(&self, offer: &Offer) -> Language {
        let by_country = || {
            let spoken = country::language_of(offer.caller_number.as_deref()?)?;
            (spoken == self.language || self.speech.other_languages.contains(&spoken)).then_some(spoken)
        };
        let by_line = self.line(offer).and_then(|line| line.language);
        let by_country = self.speech.by_country.then(by_country).flatten();
        by_line.or(by_country).unwrap_or(self.language)
    }

    /// What a call is spoken to with; `named` is the language that somebody said.
    pub(super) fn voice(&self, offer: &Offer, named: Option<Language>) -> Voice {
        let first = named.unwrap_or_else(|| self.language_of_call(offer));
        let mut languages = vec![first];
        for language in std::iter::once(self.language).chain(self.speech.other_languages.iter().copied()) {
            if !languages.contains(&language) {
                languages.push(language);
            }
        }
        let sounds = self.line(offer).and_then(|line| line.sounds.as_ref()).unwrap_or(&self.sounds);
        Voice { languages, agent_language: self.speech.agent_language, sounds: Arc::clone(sounds) }
    }
}

/// The language that the dialplan says, or else the order.
pub(super) fn named(offer: &Offer, order: Option<&Order>) -> Option<Language> {
    let dialplan = offer.language.as_deref().and_then(|tag| tag.parse().ok());
    dialplan.or_else(|| order?.new.customer.language.as_deref()?.parse().ok())
}

impl Plan {
    /// How the customer is spoken to. Who is known to have paid before needs fewer words.
    pub(super) fn manner(&self, is_known: bool) -> Manner {
        let speech = &self.merchant.speech;
        let brief = match speech.wording {
            WordingChoice::Calm => false,
            WordingChoice::Brief => true,
            WordingChoice::ByExperience => is_known,
        };
        Manner {
            pace: self.pace.unwrap_or(speech.pace),
            wording: if brief { Wording::Brief } else { Wording::Calm },
            other_languages: u8::try_from(self.voice.languages.len().saturating_sub(1)).unwrap_or(u8::MAX),
        }
    }

    /// What the customer is told besides.
    pub(super) fn besides(&self, mode: Mode) -> Besides {
        let reference = self.reference.as_deref().and_then(Spelt::of);
        let noted = match self.merchant.speech.receipt {
            ReceiptChoice::Never => false,
            ReceiptChoice::Alone => mode == Mode::SelfService,
            ReceiptChoice::Always => true,
        };
        Besides {
            reference,
            due: self.due_on,
            today: Some(jiff::Zoned::now().date()),
            receipt: reference.filter(|_| noted),
        }
    }
}

impl Desk {
    /// Whether the customer is known to have paid this merchant before: the request says so, or this very number paid.
    /// Where that cannot be found out, they hear everything.
    pub(super) async fn knows(&self, plan: &Plan, offer: &Offer) -> bool {
        if plan.merchant.speech.wording != WordingChoice::ByExperience {
            return false;
        }
        if has_bought(&plan.customer) {
            return true;
        }
        let Some(number) = offer.caller_number.as_deref() else { return false };
        self.store.has_paid(&plan.merchant.id, number).await.unwrap_or_else(|fault| {
            tracing::warn!(payment = %plan.id, "whether the customer has paid before is not known: {fault}");
            false
        })
    }
}

fn has_bought(customer: &Customer) -> bool {
    customer
        .history
        .as_ref()
        .is_some_and(|history| history.orders.or(history.orders_six_months).unwrap_or(0) > 0)
}

#[cfg(test)]
pub(super) mod tests;
