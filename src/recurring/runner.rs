//! Who charges what is due: claims it, has it charged, writes down what follows.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::after::{Outcome, Retries, Standing, after};
use super::rhythm::Rhythm;
use super::told::{became, refused, tell, told};
use crate::config::RecurringSection;
use crate::desk::{Desk, StartError, TokenCharge, TokenFault};
use crate::psp::Agreement;
use crate::store::{DuePlan, OrderFault, Plan, StoreError};

/// Charges that are under way at once: a bank takes more, the store is shared with those who pay by telephone.
const MAX_AT_ONCE: usize = 32;

/// The longest from one look at the calendar to the next.
const LOOK_INTERVAL_MS: u64 = 15_000;

/// How often, and how far apart, a store that does not take what became of a charge is asked again.
const SETTLE_TRIES: u32 = 60;
const SETTLE_PAUSE_MS: u64 = 5_000;

/// Unsettled charges that are looked at in one go.
const MAX_UNSETTLED: u32 = 1_000;

/// How plans are charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// When what was declined is tried again.
    pub retries: Retries,
    /// A charge that could not be made for so long waits for somebody.
    pub late_max_days: u16,
}

impl From<&RecurringSection> for Policy {
    fn from(section: &RecurringSection) -> Self {
        let retries = Retries { after_days: section.retry_after_days.clone() };
        Self { retries, late_max_days: section.late_max_days }
    }
}

struct Runner {
    desk: Arc<Desk>,
    policy: Policy,
    /// Payments that this process is making just now.
    in_hand: Mutex<HashSet<Uuid>>,
}

/// Charges plans when they are due, until the desk drains; what is under way then is waited for.
pub fn watch(desk: &Arc<Desk>, policy: Policy) {
    let runner = Arc::new(Runner { desk: Arc::clone(desk), policy, in_hand: Mutex::default() });
    desk.charges.spawn(async move { runner.run().await });
}

impl Runner {
    async fn run(self: Arc<Self>) {
        let mut under_way = JoinSet::new();
        let mut looked = None::<tokio::time::Instant>;
        let pause = Duration::from_millis(LOOK_INTERVAL_MS);
        while !self.desk.draining.is_cancelled() {
            // What an earlier life left, and what nobody knows yet.
            if looked.is_none_or(|at| at.elapsed() >= pause) {
                looked = Some(tokio::time::Instant::now());
                self.look_at_unsettled().await;
            }
            let free = (MAX_AT_ONCE - under_way.len()) as u32;
            let due = match self.desk.store().claim_due_plans(Timestamp::now().as_millisecond(), free).await {
                Ok(due) => due,
                Err(fault) => {
                    tracing::error!("plans that are due cannot be looked up: {fault}");
                    Vec::new()
                }
            };
            for due in due {
                let runner = Arc::clone(&self);
                runner.hands().insert(due.payment);
                under_way.spawn(async move {
                    runner.charge(&due).await;
                    runner.hands().remove(&due.payment);
                });
            }
            tokio::select! {
                Some(_) = under_way.join_next() => while under_way.try_join_next().is_some() {},
                () = tokio::time::sleep(self.until_next().await), if under_way.len() < MAX_AT_ONCE => {}
                () = self.desk.draining.cancelled() => break,
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    fn hands(&self) -> std::sync::MutexGuard<'_, HashSet<Uuid>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn until_next(&self) -> Duration {
        let next = self.desk.store().next_plan_at().await.ok().flatten();
        let left = next.map_or(LOOK_INTERVAL_MS, |at| {
            u64::try_from(at.saturating_sub(Timestamp::now().as_millisecond())).unwrap_or(0)
        });
        // Not without a breath: what cannot be claimed is not asked for in circles.
        Duration::from_millis(left.clamp(50, LOOK_INTERVAL_MS))
    }

    async fn charge(&self, due: &DuePlan) {
        let plan = &due.plan;
        if let Some(why) = self.too_late(plan) {
            return self.settle(due, &Outcome::Impossible(why)).await;
        }
        let outcome = match self.wanted(plan).await {
            Ok(wanted) => match self.desk.charge_token_as(due.payment, wanted).await {
                Ok(_)
                | Err(TokenFault::Interrupted(_))
                | Err(TokenFault::Start(StartError::Store(StoreError::PaymentExists(_)))) => {
                    return self.look_at(due).await;
                }
                Err(fault) => refused(&fault),
            },
            Err(outcome) => outcome,
        };
        // Nothing was sent.
        self.settle(due, &outcome).await;
    }

    /// It waited for longer than a customer would expect.
    fn too_late(&self, plan: &Plan) -> Option<String> {
        let late_ms = Timestamp::now().as_millisecond().saturating_sub(plan.next_at_ms);
        let bound_ms = i64::from(self.policy.late_max_days) * 24 * 60 * 60 * 1_000;
        (late_ms > bound_ms).then(|| {
            format!(
                "charge {} is more than {} days late; resume the plan with or without what was missed",
                plan.ordinal + 1,
                self.policy.late_max_days
            )
        })
    }

    /// What is to be charged: of an order never more than is owed.
    async fn wanted(&self, plan: &Plan) -> Result<TokenCharge, Outcome> {
        let mut amount = plan.takes();
        if let Some(order) = plan.new.order {
            let order = self.desk.store().order_numbered(order).await;
            let order = order.map_err(|fault| Outcome::Fault(fault.to_string()))?;
            let order = order.ok_or_else(|| Outcome::Impossible("its order is gone".into()))?;
            match order.takes(amount) {
                Err(OrderFault::Paid(_)) => return Err(Outcome::NothingOwed),
                Err(OrderFault::TooMuch { owed, .. }) => amount = owed,
                Err(fault) => return Err(Outcome::Impossible(fault.to_string())),
                Ok(()) => {}
            }
            return Ok(self.charge_of(plan, amount, Some(order.new.reference), None));
        }
        Ok(self.charge_of(plan, amount, None, Some(plan.new.reference.clone())))
    }

    fn charge_of(
        &self,
        plan: &Plan,
        amount: crate::call::Money,
        order: Option<String>,
        reference: Option<String>,
    ) -> TokenCharge {
        let words = plan.new.description.clone();
        TokenCharge {
            token: plan.new.token,
            amount: Some(amount),
            order,
            reference,
            description: Some(words).filter(|words| !words.is_empty()),
            agreement: Agreement::Subscription,
            actor: format!("plan:{}", plan.id),
        }
    }

    /// Claimed charges that nobody is making: they were left by an earlier life, or their outcome was not known.
    async fn look_at_unsettled(&self) {
        let charging = match self.desk.store().charging_plans(MAX_UNSETTLED).await {
            Ok(charging) => charging,
            Err(fault) => return tracing::error!("charges of plans cannot be looked up: {fault}"),
        };
        for due in charging {
            if !self.hands().contains(&due.payment) {
                self.look_at(&due).await;
            }
        }
    }

    /// What became of its payment, if that is known.
    async fn look_at(&self, due: &DuePlan) {
        match self.desk.store().payment(due.payment).await {
            Ok(payment) => {
                if let Some(outcome) = became(payment.as_ref(), due.is_own) {
                    self.settle(due, &outcome).await;
                }
            }
            Err(fault) => tracing::error!(payment = %due.payment, "a plan's payment cannot be read: {fault}"),
        }
    }

    async fn settle(&self, due: &DuePlan, outcome: &Outcome) {
        let plan = &due.plan;
        let Ok(rhythm) = plan.new.rhythm.parse::<Rhythm>() else {
            return tracing::error!(plan = %plan.id, "its calendar cannot be read: {}", plan.new.rhythm);
        };
        let at = Standing { ordinal: plan.ordinal, declined: plan.declined, faults: plan.faults };
        let next = after(&rhythm, &self.policy.retries, at, Timestamp::now(), outcome);
        let (ended, detail) = told(outcome);
        // It stays claimed until it is written down; the next life of the daemon would look at it again.
        for _ in 0..SETTLE_TRIES {
            match self.desk.store().settle_plan(due, ended, &detail, next.clone()).await {
                Ok(Some(now)) => return tell(&now, &next),
                Ok(None) => return,
                Err(fault) => {
                    tracing::error!(plan = %plan.id, "what became of its charge is not written: {fault}");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(SETTLE_PAUSE_MS)) => {}
                () = self.desk.draining.cancelled() => return,
            }
        }
    }
}
