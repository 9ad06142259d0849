//! A card that is stored with the provider instead of being charged.

use std::time::Duration;

use uuid::Uuid;

use crate::call::Outcome;
use crate::card::Card;
use crate::psp::{Agreement, Answer, Charge, Effect, Psp, Reply, StoredCard, Storing};

use super::Desk;

/// The free field in which whoever begins the payment names the customer, as the company knows them.
const SHOPPER_FIELD: &str = "shopper_reference";

impl Desk {
    /// Stores the card, once. What came of it is told like the outcome of a charge: approved, its reference being the
    /// token.
    pub(super) async fn store_card(&self, psp: &dyn Psp, charge: &Charge, card: Card) -> Answer {
        let payment = Uuid::from_u128(charge.attempt.payment);
        let named = charge.customer.shopper_reference.as_ref().or(charge.parameters.get(SHOPPER_FIELD));
        let storing = Storing {
            key: charge.key.clone(),
            shopper_reference: named.cloned().unwrap_or_else(|| payment.simple().to_string()),
            currency: charge.amount.currency,
            agreement: Agreement::default(),
            customer: charge.customer.clone(),
        };
        let held = Duration::from_millis(self.rules.settle.card_held_ms);
        let reply = tokio::time::timeout(held, psp.tokenise(&storing, &card)).await;
        drop(card);
        let reply = reply.unwrap_or_else(|_| Reply::unknown("no answer while the card may be kept"));
        let outcome = match reply.effect {
            Effect::Done(stored) | Effect::Taken(stored) => {
                self.keep(payment, psp.name(), &stored).await;
                Outcome::Approved { reference: stored.token }
            }
            Effect::Refused(reason) => Outcome::Declined(reason),
            Effect::NotDone => Outcome::NotCharged,
            Effect::Unknown => Outcome::Unknown,
        };
        Answer { outcome, detail: reply.detail, remedy: reply.remedy, may_retry: false, unavailable: false }
    }

    async fn keep(&self, payment: Uuid, psp: &str, stored: &StoredCard) {
        if let Err(fault) = self.store.keep_stored_card(payment, psp, stored).await {
            tracing::error!(%payment, "the token of a stored card was not written down: {fault}");
        }
    }
}
