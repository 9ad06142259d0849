//! A plan as it is told.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::extract::instant;
use crate::recurring::Rhythm;
use crate::store::{Plan, PlanCharge, PlanState};

/// Some plans, the youngest first.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct PlanList {
    /// The plans, without their charges.
    pub(super) plans: Vec<PlanView>,
    /// Where the next page begins; none if this is the last.
    pub(super) next: Option<String>,
}

/// A plan.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct PlanView {
    /// Its number here.
    plan: Uuid,
    /// Who is paid.
    merchant: String,
    /// The company's own reference.
    reference: String,
    /// The stored card.
    token: Uuid,
    /// What for.
    description: String,
    /// What each charge takes.
    amount: String,
    /// What the first one takes.
    first_amount: String,
    /// ISO 4217.
    currency: String,
    /// When, as a repeating interval of ISO 8601 with a time zone.
    #[schema(example = "R12/2026-12-31T09:00:00[Europe/Paris]/P1M")]
    rhythm: String,
    /// How many charges there are.
    charges_planned: u32,
    /// `active`, `paused`, `held`, `done` or `cancelled`.
    state: &'static str,
    /// For what a held plan waits.
    why: Option<String>,
    /// Which charge is next, from 1; none if nothing follows.
    next_charge: Option<u32>,
    /// When that one is due.
    #[schema(format = DateTime)]
    next_due_at: Option<String>,
    /// When it is tried: later than it is due, if it was declined.
    #[schema(format = DateTime)]
    next_try_at: Option<String>,
    /// How often it was declined so far.
    declined: u32,
    /// The last month in which the card is good, as far as the company said.
    card_until: Option<String>,
    /// The payment that charges it just now, or whose outcome is not known.
    charging: Option<Uuid>,
    /// Each try of each charge, the latest first.
    charges: Vec<ChargeView>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

/// One try of one charge.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ChargeView {
    /// Which charge, from 1.
    charge: u32,
    /// The payment; not in the books if nothing was sent.
    payment: Uuid,
    /// `charging`, `paid`, `declined` or `not_charged`.
    state: &'static str,
    /// What was said of it.
    detail: String,
    /// When it began.
    #[schema(format = DateTime)]
    began_at: String,
    /// When it ended.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

impl PlanView {
    pub(super) fn new(plan: Plan, charges: Vec<PlanCharge>) -> Self {
        let over = matches!(plan.state, PlanState::Done | PlanState::Cancelled);
        let planned = plan.new.rhythm.parse::<Rhythm>().map_or(0, |rhythm| rhythm.count());
        Self {
            plan: plan.id,
            merchant: plan.new.merchant,
            reference: plan.new.reference,
            token: plan.new.token,
            description: plan.new.description,
            amount: plan.new.amount.decimal(),
            first_amount: plan.new.first.decimal(),
            currency: plan.new.amount.currency.code().to_owned(),
            rhythm: plan.new.rhythm,
            charges_planned: planned,
            state: plan.state.word(),
            why: Some(plan.why).filter(|why| !why.is_empty()),
            next_charge: (!over).then_some(plan.ordinal + 1),
            next_due_at: (!over).then(|| instant(plan.due_ms)),
            next_try_at: (plan.state == PlanState::Active).then(|| instant(plan.next_at_ms)),
            declined: plan.declined,
            card_until: plan.new.card_until,
            charging: plan.charging,
            charges: charges.into_iter().map(ChargeView::from).collect(),
            created_at: instant(plan.created_at_ms),
        }
    }
}

impl From<PlanCharge> for ChargeView {
    fn from(charge: PlanCharge) -> Self {
        Self {
            charge: charge.ordinal + 1,
            payment: charge.payment,
            state: charge.state.word(),
            detail: charge.detail,
            began_at: instant(charge.began_at_ms),
            ended_at: charge.ended_at_ms.map(instant),
        }
    }
}
