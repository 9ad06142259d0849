//! Charging, beside the call: it goes on when everybody has hung up.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use uuid::Uuid;

use crate::call::{AttemptId, Outcome, Phrase};
use crate::card::Card;
use crate::pbx::{CallName, LegId, Offer};
use crate::psp::{self, Charge, Elsewhere, Reroute, Step, settle, settle_or_elsewhere};
use crate::store::{self, Settled, Settlement};

use super::Desk;
use super::event::EventBody;
use super::merchant::Merchant;
use super::payment::Plan;
use super::task::Answer;

/// Steps of one attempt that may wait to be written down; more are dropped and said so.
const STEP_QUEUE_LENGTH: usize = 64;

/// How long a whisper waits for a PBX that is not connected; then the feed has to do.
const PBX_WAIT_MS: u64 = 10_000;

/// Writes down, for one attempt, that it goes to another account.
struct Rerouting {
    desk: Arc<Desk>,
    attempt: AttemptId,
    /// Where the attempt is at this moment.
    at: String,
}

#[async_trait::async_trait]
impl Reroute for Rerouting {
    async fn reroute(&mut self, to: &str, because: &psp::Answer) -> bool {
        let payment = Uuid::from_u128(self.attempt.payment);
        if let Err(fault) = self.desk.store.reroute_attempt(self.attempt, &self.at, to, &because.detail).await
        {
            tracing::error!(%payment, "the card does not go to `{to}`, because that could not be written down: {fault}");
            return false;
        }
        let from = std::mem::replace(&mut self.at, to.to_owned());
        self.desk.raise_rerouted(payment, &from, to, because).await;
        true
    }
}

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
        let mut charge = Charge {
            attempt,
            key: attempt.key(),
            amount: plan.amount,
            description: plan.description.clone(),
            reference: plan.reference.clone(),
            caller_number: offer.caller_number.clone(),
            customer: plan.customer.clone(),
            parameters: plan.parameters.clone(),
        };
        if let Some(commanded) = &plan.commanded {
            commanded.complete(&mut card);
        }
        let stores_card = plan.stores_card();
        let (desk, merchant, offer) = (Arc::clone(self), Arc::clone(&plan.merchant), offer.clone());
        self.waiting.add(attempt, answers.clone());
        let held = self.in_hand.take(attempt);
        self.charges.spawn(async move {
            // What cannot be counted is not known; it is no reason not to charge.
            charge.customer.failures_this_call = desk.store.declines_on_leg(&offer.customer.0).await.ok();
            let at = || merchant.psp.name().to_owned();
            let (answer, psp) = if let Some(refused) = desk.guard(attempt, &card, &offer).await {
                drop(card);
                (refused, at())
            } else {
                match desk.store.attempt_step(attempt, store::Step::Sent, "").await {
                    // A card is stored where the merchant is paid: a token is of no use to another account.
                    Ok(()) if stores_card => {
                        (desk.store_card(merchant.psp.as_ref(), &charge, card).await, at())
                    }
                    Ok(()) => desk.settle(&merchant, &charge, card).await,
                    Err(fault) => {
                        drop(card);
                        (unsent(&fault), at())
                    }
                }
            };
            let news = desk.settled(attempt, &psp, &answer).await;
            drop(held);
            if answer.outcome == Outcome::Unknown {
                desk.look_soon.notify_one();
            }
            // What a webhook told before is not told again.
            if answers.send(Answer::Bank(attempt, answer.outcome.clone())).await.is_err() && news {
                desk.tell_late(attempt, answer.outcome).await;
            }
        });
    }

    /// Charges, and finds out what became of it; says at which account that is.
    async fn settle(
        self: &Arc<Self>,
        merchant: &Merchant,
        charge: &Charge,
        card: Card,
    ) -> (psp::Answer, String) {
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
        let (psp, bounds) = (merchant.psp.as_ref(), &self.rules.settle);
        let mut rerouting = Rerouting { desk: Arc::clone(self), attempt, at: psp.name().to_owned() };
        let answer = match &merchant.fallback {
            Some(second) => {
                let elsewhere = Elsewhere { psp: second.as_ref(), journal: &mut rerouting };
                settle_or_elsewhere(psp, elsewhere, charge, card, bounds, &mut progress).await
            }
            None => settle(psp, charge, card, bounds, &mut progress).await,
        };
        drop(progress);
        // The steps come before the settlement in the journal.
        if writing.await.is_err() {
            tracing::error!("the journal's writer ended early");
        }
        (answer, rerouting.at)
    }

    pub(super) async fn write_step(&self, attempt: AttemptId, step: &Step) {
        let (what, words) = match step {
            // The first was written before, and the last answer is the settlement.
            Step::Sending { ordinal: 1 } | Step::Answered { .. } | Step::Rerouted | Step::CardDropped => {
                return;
            }
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
        let settlement = Settlement { outcome: answer.outcome.clone(), detail: answer.detail.clone() };
        let settled = self.store.settle_attempt(attempt, &settlement).await;
        self.raise_fault_of(Uuid::from_u128(attempt.payment), psp, answer).await;
        match settled {
            Ok(settled) => settled == Settled::Recorded,
            Err(fault) => {
                tracing::error!(attempt = attempt.key(), "an outcome was not written down: {fault}");
                true
            }
        }
    }

    /// Nobody is on the call any more: the feed and the trail have to do.
    ///
    /// The whisper goes its own way: a provider that tells of an attempt is answered at once, whatever the PBX does.
    pub(super) async fn tell_late(self: &Arc<Self>, attempt: AttemptId, outcome: Outcome) {
        let payment = Uuid::from_u128(attempt.payment);
        let told = outcome.clone();
        let body = EventBody::Settled { attempt: attempt.ordinal, outcome };
        self.note(payment, "tonegate", &body).await;
        // It may have begun in a former life of the daemon: whose it is stands in the store.
        if self.feed.subject(payment).is_none()
            && let Ok(Some(payment)) = self.store.payment(payment).await
        {
            self.feed.recall((&payment).into());
        }
        self.feed.publish(payment, body);
        let desk = Arc::clone(self);
        self.charges.spawn(async move { desk.whisper_late(payment, &told).await });
    }

    /// Tells the agent, if the customer of that payment is still in a conversation with one. A conversation on which the
    /// next payment runs is not disturbed: the feed has to do.
    async fn whisper_late(&self, payment: Uuid, outcome: &Outcome) {
        let phrase = match outcome {
            Outcome::Approved { .. } => Phrase::WhisperApproved,
            Outcome::Declined(reason) => Phrase::WhisperDeclined(*reason),
            Outcome::NotCharged => Phrase::WhisperTechnical,
            Outcome::Unknown => return,
        };
        let Ok(Some(known)) = self.store.payment(payment).await else { return };
        let leg = LegId(known.begun.customer_leg);
        if self.live.is_busy_with_another(&leg, payment) {
            return;
        }
        // A daemon that has just come back may know the outcome before it has found the PBX.
        let mut down = self.pbx_down.subscribe();
        let up = tokio::time::timeout(Duration::from_millis(PBX_WAIT_MS), down.wait_for(Option::is_none));
        tokio::select! {
            found = up => if !matches!(found, Ok(Ok(_))) { return },
            () = self.draining.cancelled() => return,
        }
        match self.pbx.find(&CallName::Leg(leg.clone())).await {
            Ok(offer) if offer.customer == leg && offer.agent.is_some() => self.whisper(&offer, phrase).await,
            _ => tracing::info!(%payment, "what became of an attempt is known, and its call is over"),
        }
    }
}

/// The attempt could not be marked as sent, so it was not sent.
pub(super) fn unsent(fault: &store::StoreError) -> psp::Answer {
    psp::Answer::misconfigured(
        format!("not sent, because that could not be written down: {fault}"),
        "look at the store: disk space, permissions",
    )
}
