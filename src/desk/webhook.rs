//! What providers tell on their own: the end of many an unknown outcome.
//!
//! News name one attempt or operation by its key, or a charge by the provider's reference, and touch no other. What is known already, what comes late, doubled or out of
//! order, and what is about another amount changes nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use uuid::Uuid;

use crate::call::{AttemptId, Outcome};
use crate::observe::alarm;
use crate::psp::{Event, Link, LinkState, News, Webhook, WebhookFault};
use crate::store::{
    AttemptState, HeardChange, OperationId, OperationKind, OperationOutcome, OperationState, Payment,
    Settled, Settlement, Teller,
};

use super::Desk;
use super::task::Answer;

/// Why a webhook is not taken.
#[derive(Debug, thiserror::Error)]
pub enum HookFault {
    /// There is no account of this name.
    #[error("no account has this name here; the address ends with the `name` of a [[psp]]")]
    NoSuchAccount,
    /// It is not the provider's.
    #[error(transparent)]
    NotBelieved(#[from] WebhookFault),
    /// It could not be written down now.
    #[error("the store cannot be written to now; send it again later")]
    NotWritten,
}

/// Calls that may still hear of their attempts.
#[derive(Default)]
pub(super) struct Waiting(Mutex<HashMap<AttemptId, mpsc::Sender<Answer>>>);

impl Waiting {
    /// The call that this attempt is part of. Those of calls that are over are forgotten here, so that there are
    /// never more than calls under way.
    pub(super) fn add(&self, attempt: AttemptId, answers: mpsc::Sender<Answer>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, answers| !answers.is_closed());
        waiting.insert(attempt, answers);
    }

    fn of(&self, attempt: AttemptId) -> Option<mpsc::Sender<Answer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&attempt).cloned()
    }
}

/// What news mean for an attempt that is written down.
#[derive(Debug, PartialEq, Eq)]
enum Weight {
    /// It came to this.
    Settles(Outcome),
    /// Nothing to do.
    Nothing,
    /// About another amount than was charged: for a person to look at.
    OtherAmount,
    /// Charged at an account that the attempt is not at. If it was once, the customer may have been charged there too.
    Elsewhere,
}

/// Weighs news about a charge against the payment they name.
fn weigh(payment: &Payment, attempt: AttemptId, psp: &str, news: &News) -> Weight {
    let Event::Charge(outcome) = &news.event else { return Weight::Nothing };
    let Some(known) = payment.attempts.iter().find(|known| known.attempt == attempt) else {
        return Weight::Nothing;
    };
    // Another account may be told of the same company's payments; it does not settle ours.
    if known.psp != psp {
        let charged = matches!(outcome, Outcome::Approved { .. });
        return if charged { Weight::Elsewhere } else { Weight::Nothing };
    }
    let other = news.amount.is_some_and(|amount| amount != payment.begun.amount);
    match (outcome, known.state) {
        (Outcome::Unknown, _) => Weight::Nothing,
        (Outcome::Approved { .. }, _) if other => Weight::OtherAmount,
        // A refusal that was told at once as a fault of the way is told by webhook as a refusal: nothing was
        // charged either way.
        (Outcome::Declined(_) | Outcome::NotCharged, AttemptState::Declined | AttemptState::NotCharged) => {
            Weight::Nothing
        }
        (outcome, _) => Weight::Settles(outcome.clone()),
    }
}

impl Desk {
    /// Hears a webhook for the account called `name`. Returns what the provider wants to be answered.
    ///
    /// # Errors
    /// If the account is not ours, the signature does not fit, or the store fails.
    pub async fn hear_from_provider(
        self: &Arc<Self>,
        name: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<&'static str, HookFault> {
        let psp = self.account(name).ok_or(HookFault::NoSuchAccount)?;
        let now_s = jiff::Timestamp::now().as_second();
        let verified = psp.verify_webhook(&Webhook { headers, body, now_s })?;
        for news in &verified.news {
            self.learn(psp.name(), news).await?;
        }
        Ok(verified.reply)
    }

    pub(super) async fn learn(self: &Arc<Self>, psp: &str, news: &News) -> Result<(), HookFault> {
        let key = news.key.as_deref();
        if let Some(operation) = key.and_then(OperationId::of_key) {
            match &news.event {
                Event::Charge(Outcome::Approved { .. }) | Event::Link(true) => {
                    return self.link_told(psp, operation, LinkState::Paid, news).await;
                }
                Event::Link(false) => return self.link_told(psp, operation, LinkState::Ended, news).await,
                // The customer may try another card on the same page.
                Event::Charge(_) => return Ok(()),
                _ => {}
            }
        }
        let (kind, success) = match &news.event {
            Event::Charge(_) => return self.learn_charge(psp, news).await,
            Event::Link(_) => return Ok(()),
            Event::Captured(success) => (OperationKind::Capture, *success),
            Event::Cancelled(success) => (OperationKind::Cancel, *success),
            Event::Refunded(success) => (OperationKind::Refund, *success),
            Event::Chargeback => (OperationKind::Chargeback, true),
        };
        let heard = HeardChange {
            psp: psp.to_owned(),
            kind,
            operation: key.and_then(OperationId::of_key),
            attempt: key.and_then(AttemptId::of_key),
            charge_reference: news.reference.clone(),
            psp_reference: news.change.clone(),
            amount: news.amount,
            success,
            detail: news.detail.clone(),
        };
        if let Some(operation) = self.store.hear_change(&heard).await.map_err(not_written)? {
            self.tell_operation(&operation);
        }
        Ok(())
    }

    /// A link was paid, or ended.
    async fn link_told(
        &self,
        psp: &str,
        id: OperationId,
        state: LinkState,
        news: &News,
    ) -> Result<(), HookFault> {
        let known = self.store.operation(id).await.map_err(not_written)?;
        let ours = known.filter(|known| known.psp == psp && known.kind == OperationKind::Link);
        let Some(known) = ours else { return Ok(()) };
        if news.amount.is_some_and(|amount| amount != known.amount) {
            let id = known.payment.unwrap_or(id.0).to_string();
            let what = "the provider tells of a payment link of another amount than was asked for";
            alarm("other_amount", Some(&id), what, "look the payment up at the provider");
            return Ok(());
        }
        // It says that the link is there, whatever became of the answer to our request.
        let made = OperationOutcome {
            state: OperationState::Done,
            psp_reference: None,
            detail: format!("webhook: {}", news.detail),
            may_resend: false,
        };
        self.store.settle_operation(id, &made, Teller::Webhook).await.map_err(not_written)?;
        let link = Link { id: String::new(), url: None, state };
        let told = self.link_is(known, &link, news.reference.as_deref()).await;
        told.map(|_| ()).map_err(|fault| {
            tracing::error!("a webhook could not be written down: {fault}");
            HookFault::NotWritten
        })
    }

    async fn learn_charge(self: &Arc<Self>, psp: &str, news: &News) -> Result<(), HookFault> {
        let Some(attempt) = news.key.as_deref().and_then(AttemptId::of_key) else { return Ok(()) };
        let payment = self.store.payment(Uuid::from_u128(attempt.payment)).await.map_err(not_written)?;
        // Of another installation that shares the provider's account.
        let Some(payment) = payment else { return Ok(()) };
        let outcome = match weigh(&payment, attempt, psp, news) {
            Weight::Nothing => return Ok(()),
            Weight::OtherAmount => {
                let id = payment.begun.id.to_string();
                let what = "the provider tells of a charge of another amount than was asked for";
                alarm("other_amount", Some(&id), what, "look the charge up at the provider");
                return Ok(());
            }
            Weight::Elsewhere => {
                if self.store.attempt_left(attempt, psp).await.map_err(not_written)? {
                    self.raise_charged_elsewhere(payment.begun.id, psp, news).await;
                }
                return Ok(());
            }
            Weight::Settles(outcome) => outcome,
        };
        let settlement = Settlement { outcome: outcome.clone(), detail: format!("webhook: {}", news.detail) };
        let settled = self.store.settle_attempt(attempt, &settlement).await.map_err(not_written)?;
        if settled == Settled::Recorded {
            self.tell(attempt, outcome).await;
        }
        Ok(())
    }

    /// Tells whoever is still on the call; or else the feed and the trail.
    async fn tell(self: &Arc<Self>, attempt: AttemptId, outcome: Outcome) {
        let told = match self.waiting.of(attempt) {
            Some(answers) => answers.send(Answer::Bank(attempt, outcome.clone())).await.is_ok(),
            None => false,
        };
        if !told {
            self.tell_late(attempt, outcome).await;
        }
    }
}

fn not_written(fault: crate::store::StoreError) -> HookFault {
    tracing::error!("a webhook could not be written down: {fault}");
    HookFault::NotWritten
}

#[cfg(test)]
mod tests;
