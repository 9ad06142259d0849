//! What a payment, or a refusal, means for its plan; and what somebody has to know of it.

use super::after::Outcome;
use super::rhythm::Rhythm;
use crate::desk::{StartError, TokenFault};
use crate::observe::alarm;
use crate::store::{
    AttemptRecord, AttemptState, ChargeState, NextCharge, OrderFault, Payment, Plan, PlanState,
};

/// What a payment's outcome means for its plan; none while it is not known.
///
/// Without an attempt nothing was sent; but who claimed it in this life of the daemon may be about to.
pub(super) fn became(payment: Option<&Payment>, is_own: bool) -> Option<Outcome> {
    let Some(last) = payment.and_then(|payment| payment.attempts.last()) else {
        let is_over = !is_own || payment.is_some_and(|payment| payment.ending.is_some());
        return is_over.then_some(Outcome::NeverSent);
    };
    match (last.state, last.decline_reason) {
        (AttemptState::Approved, _) => Some(Outcome::Paid),
        (AttemptState::Declined, Some(reason)) => Some(Outcome::Declined(reason)),
        (AttemptState::Declined, None) => Some(Outcome::Declined(crate::call::DeclineReason::Generic)),
        (AttemptState::NotCharged, _) => Some(Outcome::Fault(words_of(last))),
        (AttemptState::Journalled | AttemptState::Sent | AttemptState::Unknown, _) => None,
    }
}

fn words_of(attempt: &AttemptRecord) -> String {
    if attempt.detail.is_empty() { "nothing was charged".into() } else { attempt.detail.clone() }
}

/// Why nothing was sent.
pub(super) fn refused(fault: &TokenFault) -> Outcome {
    let words = fault.to_string();
    match fault {
        TokenFault::Start(StartError::Order(OrderFault::Paid(_))) => Outcome::NothingOwed,
        TokenFault::Start(
            StartError::Order(
                OrderFault::UnderWay { .. } | OrderFault::Unknown { .. } | OrderFault::Link { .. },
            )
            | StartError::StillUnknown { .. },
        ) => Outcome::InTheWay(words),
        TokenFault::Start(StartError::Draining) => Outcome::NeverSent,
        TokenFault::Start(
            StartError::Order(_) | StartError::Merchant(_) | StartError::Zero | StartError::NoAmount,
        )
        | TokenFault::NoSuchToken(_)
        | TokenFault::NoSuchAccount(_)
        | TokenFault::Cannot { .. } => Outcome::Impossible(words),
        _ => Outcome::Fault(words),
    }
}

/// How the try ended, and in which words.
pub(super) fn told(outcome: &Outcome) -> (ChargeState, String) {
    match outcome {
        Outcome::Paid => (ChargeState::Paid, String::new()),
        Outcome::Declined(reason) => (ChargeState::Declined, format!("{reason:?}")),
        Outcome::Fault(why) | Outcome::InTheWay(why) | Outcome::Impossible(why) => {
            (ChargeState::NotCharged, why.clone())
        }
        Outcome::NeverSent => (ChargeState::NotCharged, "the daemon stopped before it was sent".into()),
        Outcome::NothingOwed => (ChargeState::NotCharged, "nothing is owed any more".into()),
    }
}

/// What somebody has to know.
pub(super) fn tell(plan: &Plan, next: &NextCharge) {
    let named = format!("plan {} of {}", plan.new.reference, plan.new.merchant);
    if let (PlanState::Held, NextCharge::Held { why }) = (plan.state, next) {
        let remedy = format!("see /v1/plans/{}: give it another card, resume or cancel it", plan.id);
        alarm("plan_held", None, format!("{named} waits: {why}"), &remedy);
    }
    let rhythm = plan.new.rhythm.parse::<Rhythm>().ok();
    let day = rhythm.and_then(|rhythm| rhythm.day(plan.ordinal)).map(|day| day.to_string());
    if let (NextCharge::Next { .. }, Some(day), Some(until)) = (next, day, &plan.new.card_until)
        && day[..7] > until[..]
    {
        let remedy = format!(
            "have the customer store another card before {day}, then PUT it to /v1/plans/{}",
            plan.id
        );
        alarm("plan_card_expires", None, format!("the card of {named} ends with {until}"), &remedy);
    }
}
