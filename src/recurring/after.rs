//! What follows a charge: the next one, another try, or a person. Pure: outcome and time go in, a decision comes out.

use jiff::Timestamp;

use super::rhythm::Rhythm;
use crate::call::DeclineReason;
use crate::store::NextCharge;

/// Tries after a fault that was not the card's: an hour apart, a day of them.
const MAX_FAULTS: u32 = 24;

/// From such a fault to the next try.
const FAULT_PAUSE_MS: i64 = 60 * 60 * 1_000;

/// What became of a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The money is promised.
    Paid,
    /// The issuer said no.
    Declined(DeclineReason),
    /// Nothing was charged, and not for the card's sake.
    Fault(String),
    /// The daemon stopped before anything was sent.
    NeverSent,
    /// Nobody could pay it now: somebody else is about to.
    InTheWay(String),
    /// It cannot be charged until somebody does something.
    Impossible(String),
    /// There is nothing to pay any more.
    NothingOwed,
}

/// When a declined charge is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Days from a try to the next, in order; after the last of them somebody has to act.
    pub after_days: Vec<u16>,
}

impl Default for Retries {
    fn default() -> Self {
        Self { after_days: vec![1, 3, 7] }
    }
}

/// Where a plan stands when a charge is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which charge, from 0.
    pub ordinal: u32,
    /// How often it was declined before.
    pub declined: u32,
    /// How often a fault came between before.
    pub faults: u32,
}

/// What the issuer will say again, however often it is asked: the card networks forbid to ask.
fn is_final(reason: DeclineReason) -> Option<&'static str> {
    match reason {
        DeclineReason::Expired => Some("the card has expired; store another card"),
        DeclineReason::Blocked => Some("the card is blocked; store another card"),
        DeclineReason::Invalid | DeclineReason::CodeWrong => {
            Some("the issuer does not know this card; store another card")
        }
        DeclineReason::Generic
        | DeclineReason::InsufficientFunds
        | DeclineReason::LimitExceeded
        | DeclineReason::ReferToBank => None,
    }
}

/// What follows `outcome`.
#[must_use]
pub fn after(
    rhythm: &Rhythm,
    retries: &Retries,
    at: Standing,
    now: Timestamp,
    outcome: &Outcome,
) -> NextCharge {
    let held = |why: &str| NextCharge::Held { why: why.to_owned() };
    let again = |pause_ms: i64, faults| {
        let at_ms = now.as_millisecond().saturating_add(pause_ms);
        NextCharge::Again { at_ms, declined: at.declined, faults }
    };
    match outcome {
        Outcome::Paid => following(rhythm, at.ordinal),
        Outcome::NothingOwed => NextCharge::Done,
        Outcome::Impossible(why) => held(why),
        Outcome::NeverSent => again(0, at.faults),
        Outcome::InTheWay(_) => again(FAULT_PAUSE_MS, at.faults),
        Outcome::Fault(why) if at.faults + 1 >= MAX_FAULTS => {
            held(&format!("{MAX_FAULTS} tries ended in a fault: {why}"))
        }
        Outcome::Fault(_) => again(FAULT_PAUSE_MS, at.faults + 1),
        Outcome::Declined(reason) => {
            if let Some(why) = is_final(*reason) {
                return held(why);
            }
            let next = retries.after_days.get(at.declined as usize);
            match next.and_then(|days| rhythm.days_after(now, *days)) {
                Some(again) => {
                    NextCharge::Again { at_ms: again.as_millisecond(), declined: at.declined + 1, faults: 0 }
                }
                None => held(&format!(
                    "the issuer declined it {} times; speak with the customer",
                    at.declined + 1
                )),
            }
        }
    }
}

/// The charge after this one.
fn following(rhythm: &Rhythm, ordinal: u32) -> NextCharge {
    match rhythm.due(ordinal + 1) {
        Some(due) => NextCharge::Next { ordinal: ordinal + 1, due_ms: due.as_millisecond() },
        None => NextCharge::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rhythm() -> Rhythm {
        "R3/2026-12-01T09:00:00[Europe/Paris]/P1M".parse().expect("a rhythm")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn decide(standing: Standing, outcome: &Outcome) -> NextCharge {
        after(&rhythm(), &Retries::default(), standing, at("2026-12-01T08:00:05Z"), outcome)
    }

    const FIRST: Standing = Standing { ordinal: 0, declined: 0, faults: 0 };

    #[test]
    fn what_is_paid_is_followed_by_the_next_until_the_last() {
        let due_ms = at("2027-01-01T08:00:00Z").as_millisecond();
        assert_eq!(decide(FIRST, &Outcome::Paid), NextCharge::Next { ordinal: 1, due_ms });
        assert_eq!(decide(Standing { ordinal: 2, ..FIRST }, &Outcome::Paid), NextCharge::Done);
        assert_eq!(decide(FIRST, &Outcome::NothingOwed), NextCharge::Done);
    }

    #[test]
    fn no_money_is_tried_again_by_the_calendar_then_a_person_is_asked() {
        let poor = Outcome::Declined(DeclineReason::InsufficientFunds);
        for (declined, day) in [(0, "2026-12-02"), (1, "2026-12-04"), (2, "2026-12-08")] {
            let at_ms = at(&format!("{day}T08:00:00Z")).as_millisecond();
            let again = NextCharge::Again { at_ms, declined: declined + 1, faults: 0 };
            assert_eq!(decide(Standing { declined, ..FIRST }, &poor), again);
        }
        assert!(matches!(decide(Standing { declined: 3, ..FIRST }, &poor), NextCharge::Held { .. }));
    }

    #[test]
    fn a_card_that_is_gone_is_not_asked_again() {
        for reason in [DeclineReason::Expired, DeclineReason::Blocked, DeclineReason::Invalid] {
            assert!(
                matches!(decide(FIRST, &Outcome::Declined(reason)), NextCharge::Held { .. }),
                "{reason:?}"
            );
        }
    }

    #[test]
    fn faults_are_not_declines_and_end_with_a_person_as_well() {
        let fault = Outcome::Fault("the provider is down".into());
        let again = decide(Standing { declined: 2, ..FIRST }, &fault);
        let at_ms = at("2026-12-01T09:00:05Z").as_millisecond();
        assert_eq!(again, NextCharge::Again { at_ms, declined: 2, faults: 1 });
        let last = decide(Standing { faults: MAX_FAULTS - 1, ..FIRST }, &fault);
        assert!(matches!(last, NextCharge::Held { why } if why.contains("the provider is down")));
        let way = decide(FIRST, &Outcome::InTheWay("a link".into()));
        assert_eq!(way, NextCharge::Again { at_ms, declined: 0, faults: 0 });
    }
}
