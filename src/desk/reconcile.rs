//! What a former life of the daemon left open: attempts whose outcome is not known.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::call::Outcome;
use crate::observe::alarm;
use crate::psp::resolve::{Step, reconcile};
use crate::psp::{Answer, Charge, Customer, Operation};
use crate::store::{AttemptRecord, AttemptState, OpenAttempt};

use super::Desk;

/// From one look at the open attempts to the next.
const LOOK_INTERVAL_MS: u64 = 60_000;

/// From the moment an outcome stays unknown to the next look: the agent may still be talking with the customer.
const LOOK_SOON_INTERVAL_MS: u64 = 5_000;

/// Accounts that are told as missing.
const ACCOUNTS_MISSED_MAX: usize = 100;

impl Desk {
    /// Looks after open attempts until the desk drains: asks the provider, never sends a card.
    pub fn watch_open_attempts(self: &Arc<Self>) {
        let desk = Arc::clone(self);
        self.charges.spawn(async move {
            desk.tell_of_messages_left().await;
            loop {
                tokio::select! {
                    () = desk.look_at_what_is_open() => {}
                    () = desk.draining.cancelled() => return,
                }
                let soon = async {
                    desk.look_soon.notified().await;
                    tokio::time::sleep(Duration::from_millis(LOOK_SOON_INTERVAL_MS)).await;
                };
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(LOOK_INTERVAL_MS)) => {}
                    () = soon => {}
                    () = desk.draining.cancelled() => return,
                }
            }
        });
    }

    async fn look_at_what_is_open(self: &Arc<Self>) {
        self.look_at_open_attempts().await;
        self.look_at_open_operations().await;
        self.send_what_waits().await;
    }

    async fn look_at_open_attempts(self: &Arc<Self>) {
        let open = match self.store.open_attempts().await {
            Ok(open) => open,
            Err(fault) => return tracing::error!("open attempts cannot be looked up: {fault}"),
        };
        for attempt in open {
            let payment = attempt.payment.begun.id;
            if self.live.is_live(payment) || self.in_hand.holds(attempt.attempt.attempt) {
                continue;
            }
            self.look_at(attempt).await;
        }
    }

    async fn look_at(self: &Arc<Self>, open: OpenAttempt) {
        let attempt = open.attempt.attempt;
        if open.attempt.state == AttemptState::Journalled {
            return self.never_sent(&open.attempt).await;
        }
        // Another provider would truthfully say that it never saw the key.
        let Some(psp) = self.account(&open.attempt.psp) else { return self.missed(&open.attempt) };
        if !psp.capabilities().can(Operation::Query) {
            return;
        }
        let charge = Charge {
            attempt,
            key: attempt.key(),
            amount: open.payment.begun.amount,
            description: String::new(),
            reference: open.payment.begun.reference,
            caller_number: None,
            customer: Customer::default(),
            parameters: BTreeMap::new(),
        };
        let mut steps = Vec::new();
        let mut progress = |step: Step| steps.push(step);
        let answer = reconcile(psp.as_ref(), &charge, &self.rules.settle, &mut progress).await;
        for step in &steps {
            self.write_step(attempt, step).await;
        }
        if answer.outcome == Outcome::Unknown {
            return;
        }
        self.settled(attempt, &open.attempt.psp, &answer).await;
        self.tell_late(attempt, answer.outcome).await;
    }

    /// The account is configured no more: that is said once for each, not every minute.
    fn missed(&self, open: &AttemptRecord) {
        let mut missed = self.accounts_missed.lock().unwrap_or_else(PoisonError::into_inner);
        if missed.len() < ACCOUNTS_MISSED_MAX && missed.insert(open.psp.clone()) {
            let what = format!(
                "open attempts, {} for one, went to an account that is configured no more",
                open.attempt.key()
            );
            let remedy =
                format!("write the [[psp]] `{}` again, or look its attempts up at the provider", open.psp);
            alarm("psp_missing", None, what, &remedy);
        }
    }

    /// What was written down and not marked as sent did not leave the house.
    async fn never_sent(self: &Arc<Self>, open: &AttemptRecord) {
        let answer = Answer::not_charged("the daemon stopped before it was sent");
        self.settled(open.attempt, &open.psp, &answer).await;
        self.tell_late(open.attempt, answer.outcome).await;
    }
}
