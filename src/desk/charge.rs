//! Charging, beside the call: it goes on when everybody has hung up.

use std::sync::Arc;

use tokio::sync::mpsc;
use uuid::Uuid;

use crate::call::{AttemptId, Outcome};
use crate::card::Card;
use crate::pbx::Offer;
use crate::psp::resolve::{Step, settle};
use crate::psp::{self, Charge, Customer, Psp};
use crate::store::{self, Settled, Settlement};

use super::Desk;
use super::event::EventBody;
use super::payment::Plan;
use super::task::Answer;

/// Steps of one attempt that may wait to be written down; more are dropped and said so.
const STEP_QUEUE_LENGTH: usize = 64;

impl Desk {
    /// Sends the card in a task of its own. Journalled before.
    pub(super) fn charge(
        self: &Arc<Self>,
        attempt: AttemptId,
        mut card: Card,
        plan: &Arc<Plan>,
        offer: &Offer,
        answers: mpsc::Sender<Answer>,
    ) {
        let charge = Charge {
            attempt,
            key: attempt.key(),
            amount: plan.amount,
            description: plan.description.clone(),
            reference: plan.reference.clone(),
            caller_number: offer.caller_number.clone(),
            customer: Customer::default(),
            parameters: plan.parameters.clone(),
        };
        if let Some(commanded) = &plan.commanded {
            commanded.complete(&mut card);
        }
        let stores_card = plan.stores_card();
        let (desk, psp) = (Arc::clone(self), Arc::clone(&plan.merchant.psp));
        self.waiting.add(attempt, answers.clone());
        self.charges.spawn(async move {
            let answer = match desk.store.attempt_step(attempt, store::Step::Sent, "").await {
                Ok(()) if stores_card => desk.store_card(psp.as_ref(), &charge, card).await,
                Ok(()) => desk.settle(psp.as_ref(), &charge, card).await,
                Err(fault) => {
                    drop(card);
                    unsent(&fault)
                }
            };
            let news = desk.settled(attempt, psp.name(), &answer).await;
            // What a webhook told before is not told again.
            if answers.send(Answer::Bank(attempt, answer.outcome.clone())).await.is_err() && news {
                desk.tell_late(attempt, answer.outcome).await;
            }
        });
    }

    async fn settle(self: &Arc<Self>, psp: &dyn Psp, charge: &Charge, card: Card) -> psp::Answer {
        let (steps, mut written) = mpsc::channel::<Step>(STEP_QUEUE_LENGTH);
        let scribe = Arc::clone(self);
        let attempt = charge.attempt;
        let writing = self.charges.spawn(async move {
            while let Some(step) = written.recv().await {
                scribe.write_step(attempt, &step).await;
            }
        });
        let mut progress = move |step: Step| {
            if steps.try_send(step).is_err() {
                tracing::warn!("the journal does not keep up: a step of an attempt is not written down");
            }
        };
        let answer = settle(psp, charge, card, &self.rules.settle, &mut progress).await;
        drop(progress);
        // The steps come before the settlement in the journal.
        if writing.await.is_err() {
            tracing::error!("the journal's writer ended early");
        }
        answer
    }

    pub(super) async fn write_step(&self, attempt: AttemptId, step: &Step) {
        let (what, words) = match step {
            // The first was written before, and the last answer is the settlement.
            Step::Sending { ordinal: 1 } | Step::Answered { .. } | Step::CardDropped => return,
            Step::Sending { ordinal } => (store::Step::Retried, format!("{ordinal}")),
            Step::Asking { ordinal } => (store::Step::Queried, format!("{ordinal}")),
            Step::Told { ordinal, answer } => (store::Step::Queried, format!("{ordinal}: {}", answer.detail)),
        };
        if let Err(fault) = self.store.attempt_step(attempt, what, &words).await {
            tracing::error!(attempt = attempt.key(), "a step of an attempt was not written down: {fault}");
        }
    }

    /// Writes down what became of an attempt, and tells the admin if it is theirs to mend. Whether it was news: what
    /// could not be written down is.
    pub(super) async fn settled(&self, attempt: AttemptId, psp: &str, answer: &psp::Answer) -> bool {
        if let Some(remedy) = &answer.remedy {
            tracing::error!(
                psp,
                attempt = attempt.key(),
                "the provider did not take the charge: {}. {remedy}",
                answer.detail
            );
        }
        let settlement = Settlement { outcome: answer.outcome.clone(), detail: answer.detail.clone() };
        match self.store.settle_attempt(attempt, &settlement).await {
            Ok(settled) => settled == Settled::Recorded,
            Err(fault) => {
                tracing::error!(attempt = attempt.key(), "an outcome was not written down: {fault}");
                true
            }
        }
    }

    /// Nobody is on the call any more: the feed and the trail have to do.
    pub(super) async fn tell_late(&self, attempt: AttemptId, outcome: Outcome) {
        let payment = Uuid::from_u128(attempt.payment);
        let body = EventBody::Settled { attempt: attempt.ordinal, outcome };
        self.note(payment, "tonegate", &body).await;
        self.feed.publish(payment, body);
    }
}

/// The attempt could not be marked as sent, so it was not sent.
fn unsent(fault: &store::StoreError) -> psp::Answer {
    psp::Answer {
        outcome: Outcome::NotCharged,
        detail: format!("not sent, because that could not be written down: {fault}"),
        remedy: Some("look at the store: disk space, permissions".into()),
        may_retry: false,
    }
}
