//! What may be done to a charge: never more is taken than was approved, and never more given back than was taken.

use crate::call::Money;
use crate::psp::LinkState;

use super::{OperationKind, OperationRecord, OperationState, Payment};

/// Why something may not be done to a payment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeFault {
    /// Nothing was charged, or nobody knows yet.
    #[error("payment {0} is not known to be charged; there is nothing to capture, cancel or refund")]
    NotCharged(String),
    /// Nothing is left.
    #[error("{asked} is more than is left of the payment: {left}")]
    TooMuch {
        /// What was asked for.
        asked: Money,
        /// What may be asked for at most, with everything counted that may have been done already.
        left: Money,
    },
    /// No amount at all.
    #[error("there is nothing left of the payment, or the amount is zero")]
    Nothing,
    /// Not the payment's.
    #[error("the payment is in {0}; write the amount in it")]
    Currency(crate::call::Currency),
    /// Something that was done, or may have been, does not go with it.
    #[error("the payment has a {kind} that is {state}; that does not go together")]
    InTheWay {
        /// What stands in the way.
        kind: &'static str,
        /// How it stands.
        state: &'static str,
    },
    /// Whoever opened a link now could pay twice.
    #[error("payment {0} is under way, or was or may have been charged; a link could charge it twice")]
    NotForALink(String),
    /// The number stands for something else.
    #[error("operation {0} was used for something else; every operation needs a number of its own")]
    NumberUsed(String),
    /// There is none.
    #[error("there is no operation {0}")]
    NoSuchOperation(String),
}

/// The charge of a payment: by card in a call, or by link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Charged {
    pub(super) psp: String,
    pub(super) reference: String,
    pub(super) amount: Money,
}

/// The charge of a payment, if there is one.
pub(super) fn charged(payment: &Payment, operations: &[OperationRecord]) -> Option<Charged> {
    let by_card = payment.approved().and_then(|attempt| {
        Some(Charged {
            psp: attempt.psp.clone(),
            reference: attempt.psp_reference.clone()?,
            amount: payment.begun.amount,
        })
    });
    by_card.or_else(|| {
        let paid = operations.iter().find(|operation| {
            operation.link.as_ref().is_some_and(|link| link.state == Some(LinkState::Paid))
        })?;
        Some(Charged {
            psp: paid.psp.clone(),
            reference: paid.charge_reference.clone()?,
            amount: paid.amount,
        })
    })
}

/// How much of a charge an operation may be about: what was asked for, or all that is left.
pub(super) fn room(
    charged: &Charged,
    operations: &[OperationRecord],
    kind: OperationKind,
    asked: Option<Money>,
) -> Result<Money, ChangeFault> {
    use OperationKind::{Cancel, Capture, Chargeback, Refund};
    let counting =
        |kind: OperationKind| operations.iter().filter(move |o| o.kind == kind && o.state.counts());
    let sum = |kind| counting(kind).map(|o| o.amount.minor).fold(0, i64::saturating_add);
    let rivals: &[OperationKind] = match kind {
        Cancel => &[Cancel, Capture, Refund],
        _ => &[Cancel],
    };
    if let Some(rival) = rivals.iter().find_map(|rival| counting(*rival).next()) {
        return Err(ChangeFault::InTheWay { kind: rival.kind.word(), state: rival.state.word() });
    }
    let whole = charged.amount;
    let left = match kind {
        Capture => whole.minor.saturating_sub(sum(Capture)),
        Refund => {
            // Where captures are known, no more than those took.
            let taken = match sum(Capture) {
                0 => whole.minor,
                captured => captured.min(whole.minor),
            };
            taken.saturating_sub(sum(Refund)).saturating_sub(sum(Chargeback))
        }
        _ => whole.minor,
    };
    let left = Money { minor: left.max(0), ..whole };
    let amount = match asked {
        Some(amount) if amount.currency != whole.currency => {
            return Err(ChangeFault::Currency(whole.currency));
        }
        Some(_) if kind == Cancel => whole,
        Some(amount) => amount,
        None => left,
    };
    match amount.minor {
        ..=0 => Err(ChangeFault::Nothing),
        minor if minor > left.minor => Err(ChangeFault::TooMuch { asked: amount, left }),
        _ => Ok(amount),
    }
}

/// Whether a link to a payment could charge it twice.
pub(super) fn closed_to_links(payment: &Payment, operations: &[OperationRecord]) -> Option<ChangeFault> {
    let attempted = payment
        .attempts
        .iter()
        .any(|attempt| attempt.state.is_open() || attempt.state == super::AttemptState::Approved);
    if payment.ending.is_none() || attempted {
        return Some(ChangeFault::NotForALink(payment.begun.id.to_string()));
    }
    let other = operations.iter().find(|operation| {
        let over = operation.link.as_ref().is_some_and(|link| link.state == Some(LinkState::Ended));
        operation.kind == OperationKind::Link && operation.state != OperationState::Refused && !over
    })?;
    let state = other.link.as_ref().and_then(|link| link.state).map_or(other.state.word(), LinkState::word);
    Some(ChangeFault::InTheWay { kind: other.kind.word(), state })
}

#[cfg(test)]
mod tests;
