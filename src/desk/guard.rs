//! Card testing is stopped: whoever tries one card after another waits longer each time, and then goes to a human.
//!
//! Counted is what stands in the store of the last hour, so that a restart forgets nothing. What cannot be counted is no
//! reason not to take a payment: the bank decides then, as ever.

use std::time::Duration;

use crate::call::AttemptId;
use crate::card::{Card, FingerprintKey};
use crate::config::{GuardSection, plain_number};
use crate::pbx::Offer;
use crate::psp::{Answer, plausible_phone};
use crate::store::{CardsTried, StoreError};

use super::Desk;

/// What an admin does about it.
const REMEDY: &str = "look at the payments of that number; block the caller ([guard] blocked_callers), or raise the \
     limit in [guard] if these were customers";

/// Why somebody is not asked for a card, or their card is not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Suspicion {
    /// The admin named the number.
    #[error("the caller is blocked ([guard] blocked_callers)")]
    Blocked,
    /// One caller, too many declined cards.
    #[error("{0} cards of this caller were declined within the hour")]
    CallerDeclines(u32),
    /// One caller, too many cards.
    #[error("this caller tried {0} different cards within the hour")]
    CallerCards(u32),
    /// One card, too many declines.
    #[error("this card was declined {0} times within the hour")]
    CardDeclines(u32),
    /// One dialled number, too many declines.
    #[error("{0} cards were declined on this number within the hour")]
    NumberDeclines(u32),
}

/// What it is done with.
pub struct Guard {
    /// The limits.
    pub limits: GuardSection,
    /// The installation's secret, which cards are known again by.
    pub key: FingerprintKey,
}

impl Guard {
    /// Whether a caller is on the admin's list.
    fn blocks(&self, caller: &str) -> bool {
        let caller = plain_number(caller);
        self.limits.blocked_callers.iter().any(|named| match named.strip_suffix('*') {
            Some(begin) => caller.starts_with(&plain_number(begin)),
            None => plain_number(named) == caller,
        })
    }

    fn of_caller(&self, tried: CardsTried) -> Option<Suspicion> {
        let limits = &self.limits;
        if reached(tried.declines, limits.caller_declines_per_hour) {
            return Some(Suspicion::CallerDeclines(tried.declines));
        }
        let over = limits.caller_cards_per_hour > 0 && tried.cards > limits.caller_cards_per_hour;
        over.then_some(Suspicion::CallerCards(tried.cards))
    }

    /// How long the next card of a caller waits.
    fn delay(&self, declines: u32) -> Duration {
        let Some(doublings) = declines.checked_sub(1) else { return Duration::ZERO };
        let grown_ms = self.limits.delay_first_ms.saturating_mul(1 << doublings.min(16));
        Duration::from_millis(grown_ms.min(self.limits.delay_longest_ms))
    }
}

fn reached(count: u32, limit: u32) -> bool {
    limit > 0 && count >= limit
}

impl Desk {
    /// Whether a caller without an agent is asked for a card at all.
    pub(super) async fn suspects(&self, offer: &Offer) -> Option<Suspicion> {
        if offer.agent.is_some() {
            return None;
        }
        let found = self.suspects_caller(offer).await;
        let suspicion = found.unwrap_or_else(|fault| {
            tracing::warn!("what a caller tried before cannot be counted: {fault}");
            None
        })?;
        let what = format!("a call from {} went to a human: {suspicion}", named(offer));
        crate::observe::alarm("card_testing", None, what, REMEDY);
        Some(suspicion)
    }

    async fn suspects_caller(&self, offer: &Offer) -> Result<Option<Suspicion>, StoreError> {
        let guard = &self.rules.guard;
        if let Some(caller) = &offer.caller_number {
            if guard.blocks(caller) {
                return Ok(Some(Suspicion::Blocked));
            }
            // Those who show no number are not one caller.
            if plausible_phone(caller).is_some()
                && let Some(suspicion) = guard.of_caller(self.store.tried_by_caller(caller).await?)
            {
                return Ok(Some(suspicion));
            }
        }
        let Some(dialled) = &offer.dialled_number else { return Ok(None) };
        let declines = self.store.tried_on_number(dialled).await?.declines;
        let reached = reached(declines, guard.limits.number_declines_per_hour);
        Ok(reached.then_some(Suspicion::NumberDeclines(declines)))
    }

    /// Writes down which card an attempt is made with, and says what came of it if it is not to be sent. Before that,
    /// a caller who was declined waits.
    pub(super) async fn guard(&self, attempt: AttemptId, card: &Card, offer: &Offer) -> Option<Answer> {
        match self.guarded(attempt, card, offer).await {
            Ok(None) => None,
            Ok(Some(suspicion)) => {
                let payment = uuid::Uuid::from_u128(attempt.payment);
                let what = format!("a card of {} was not sent: {suspicion}", named(offer));
                self.raise(payment, "card_testing", what, REMEDY).await;
                Some(Answer::not_charged(format!("not sent: {suspicion}")))
            }
            Err(fault) => {
                tracing::warn!(attempt = attempt.key(), "what was tried before cannot be counted: {fault}");
                None
            }
        }
    }

    async fn guarded(
        &self,
        attempt: AttemptId,
        card: &Card,
        offer: &Offer,
    ) -> Result<Option<Suspicion>, StoreError> {
        let guard = &self.rules.guard;
        let print = guard.key.of_card(&card.pan);
        self.store.attempt_with(attempt, print).await?;
        let of_card = self.store.tried_with_card(print).await?.declines;
        if reached(of_card, guard.limits.card_declines_per_hour) {
            return Ok(Some(Suspicion::CardDeclines(of_card)));
        }
        let caller = offer.caller_number.as_deref().filter(|number| plausible_phone(number).is_some());
        let Some(caller) = caller.filter(|_| offer.agent.is_none()) else { return Ok(None) };
        let tried = self.store.tried_by_caller(caller).await?;
        if let Some(suspicion) = guard.of_caller(tried) {
            return Ok(Some(suspicion));
        }
        tokio::time::sleep(guard.delay(tried.declines)).await;
        Ok(None)
    }
}

fn named(offer: &Offer) -> &str {
    offer.caller_number.as_deref().unwrap_or("a caller without a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(limits: GuardSection) -> Guard {
        Guard { limits, key: FingerprintKey::of_hex(&"5".repeat(64)).expect("a secret") }
    }

    #[test]
    fn delays_double_up_to_the_longest_and_limits_of_nought_are_none() {
        let usual = guard(GuardSection::default());
        let delays: Vec<u128> = (0..7).map(|declines| usual.delay(declines).as_millis()).collect();
        assert_eq!(delays, [0, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
        let declines = |declines| usual.of_caller(CardsTried { cards: 1, declines });
        assert_eq!(declines(5), None);
        assert_eq!(declines(6), Some(Suspicion::CallerDeclines(6)));
        let cards = |cards| usual.of_caller(CardsTried { cards, declines: 0 });
        assert_eq!((cards(5), cards(6)), (None, Some(Suspicion::CallerCards(6))));
        let open =
            GuardSection { caller_declines_per_hour: 0, caller_cards_per_hour: 0, ..GuardSection::default() };
        assert_eq!(guard(open).of_caller(CardsTried { cards: 900, declines: 900 }), None);
    }

    #[test]
    fn a_caller_is_blocked_by_number_and_by_beginning() {
        let blocked_callers = vec!["+225*".to_owned(), "+33 6 00 00 00 01".to_owned()];
        let guard = guard(GuardSection { blocked_callers, ..GuardSection::default() });
        for (caller, blocked) in
            [("+2250102030405", true), ("+33600000001", true), ("+33600000002", false), ("22501", true)]
        {
            assert_eq!(guard.blocks(caller), blocked, "{caller}");
        }
    }
}
