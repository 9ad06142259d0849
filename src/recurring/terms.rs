//! What is agreed to: instalments of a sum, and where a plan goes on that waited.

use jiff::Timestamp;

use super::rhythm::Rhythm;
use crate::call::Money;
use crate::store::{Plan, PlanChange, PlanState};

/// Why terms cannot be agreed to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermsFault {
    /// Less than one minor unit for each.
    #[error("{0} cannot be paid in {1} instalments: each takes at least one minor unit")]
    TooMany(Money, u32),
    /// Nothing follows.
    #[error("no charge of this plan is left from now on; cancel it")]
    NothingLeft,
    /// Not what we write.
    #[error("the plan's calendar cannot be read: {0}")]
    Rhythm(#[from] super::RhythmFault),
}

/// What each of `count` instalments takes, and what the first one does: with it goes what does not divide.
///
/// # Errors
/// If there is not a minor unit for each.
pub fn instalments(total: Money, count: u32) -> Result<(Money, Money), TermsFault> {
    let each = total.minor.checked_div(i64::from(count)).unwrap_or(0);
    if each < 1 {
        return Err(TermsFault::TooMany(total, count));
    }
    let first = total.minor - each * i64::from(count - 1);
    Ok((Money { minor: first, ..total }, Money { minor: each, ..total }))
}

/// How a plan goes on that waited. What fell due meanwhile is charged once, now, if `missed`; else the next charge is
/// the first that is still to come.
///
/// # Errors
/// If nothing is left.
pub fn resumed(plan: &Plan, now: Timestamp, missed: bool) -> Result<PlanChange, TermsFault> {
    let rhythm: Rhythm = plan.new.rhythm.parse()?;
    let now_ms = now.as_millisecond();
    if missed || plan.due_ms > now_ms || plan.state == PlanState::Active {
        let (ordinal, due_ms) = (plan.ordinal, plan.due_ms);
        return Ok(PlanChange::Resume { ordinal, due_ms, at_ms: due_ms.max(now_ms) });
    }
    let ordinal = rhythm.next_from(now, plan.ordinal).ok_or(TermsFault::NothingLeft)?;
    let due = rhythm.due(ordinal).ok_or(TermsFault::NothingLeft)?;
    Ok(PlanChange::Resume { ordinal, due_ms: due.as_millisecond(), at_ms: due.as_millisecond() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn instalments_add_up(minor in 1_i64..1_000_000_000, count in 1_u32..600) {
            let total = Money { minor, currency: "EUR".parse().expect("a currency") };
            match instalments(total, count) {
                Ok((first, each)) => {
                    prop_assert_eq!(first.minor + each.minor * i64::from(count - 1), minor);
                    prop_assert!(first.minor >= each.minor && first.minor - each.minor < i64::from(count));
                }
                Err(fault) => {
                    prop_assert!(minor < i64::from(count));
                    prop_assert_eq!(fault, TermsFault::TooMany(total, count));
                }
            }
        }
    }
}
