//! How much may be asked for, whatever happened before.

use uuid::Uuid;

use super::super::{LinkRecord, NewPayment, OperationId};
use super::*;
use crate::call::AttemptId;
use crate::pbx::Means;
use crate::store::{AttemptRecord, AttemptState};

fn euros(text: &str) -> Money {
    Money::parse(text, "EUR".parse().expect("a currency")).expect("an amount")
}

fn charge() -> Charged {
    Charged { psp: "bank".into(), reference: "ch_1".into(), amount: euros("42.50") }
}

fn operation(kind: OperationKind, amount: &str, state: OperationState) -> OperationRecord {
    OperationRecord {
        id: OperationId(Uuid::from_u128(1)),
        payment: None,
        kind,
        psp: "bank".into(),
        charge_reference: None,
        amount: euros(amount),
        state,
        psp_reference: None,
        detail: String::new(),
        actor: "1001".into(),
        may_resend: false,
        link: None,
        journalled_at_ms: 0,
        changed_at_ms: 0,
    }
}

#[test]
fn what_is_left_counts_everything_that_may_have_been_done() {
    use OperationKind::{Cancel, Capture, Chargeback, Refund};
    use OperationState::{Done, Journalled, Refused, Sent, Taken, Unknown};
    let left = |done: &[OperationRecord], kind| room(&charge(), done, kind, None).map(|m| m.to_string());
    let all = Ok("42.50 EUR".to_owned());
    assert_eq!(left(&[], Refund), all);
    for state in [Journalled, Sent, Unknown, Taken, Done] {
        let before = [operation(Refund, "40.00", state)];
        assert_eq!(left(&before, Refund), Ok("2.50 EUR".into()), "{state:?}");
        let too_much = room(&charge(), &before, Refund, Some(euros("2.51")));
        let fault = ChangeFault::TooMuch { asked: euros("2.51"), left: euros("2.50") };
        assert_eq!(too_much, Err(fault), "{state:?}");
        for kind in [Refund, Capture] {
            let cancelled = [operation(Cancel, "42.50", state)];
            assert!(matches!(left(&cancelled, kind), Err(ChangeFault::InTheWay { kind: "cancel", .. })));
        }
        assert!(matches!(left(&before, Cancel), Err(ChangeFault::InTheWay { kind: "refund", .. })));
    }
    for kind in [Refund, Cancel, Capture] {
        assert_eq!(left(&[operation(kind, "42.50", Refused)], kind), all, "{kind:?}");
    }
    // A part was captured: no more than that can be given back; what a chargeback took is gone.
    let part = [operation(Capture, "30.00", Done), operation(Chargeback, "10.00", Done)];
    assert_eq!(left(&part, Refund), Ok("20.00 EUR".into()));
    assert_eq!(left(&part, Capture), Ok("12.50 EUR".into()));
    assert_eq!(left(&[operation(Refund, "42.50", Done)], Refund), Err(ChangeFault::Nothing));
    for wrong in [Money { minor: 0, ..euros("0.00") }, Money { minor: -1, ..euros("0.00") }] {
        assert_eq!(room(&charge(), &[], Refund, Some(wrong)), Err(ChangeFault::Nothing));
    }
    let dollars = Money { currency: "USD".parse().expect("a currency"), ..euros("1.00") };
    let fault = ChangeFault::Currency(euros("0.00").currency);
    assert_eq!(room(&charge(), &[], Refund, Some(dollars)), Err(fault));
}

fn payment(ending: Option<crate::call::Ending>, attempts: &[AttemptState]) -> Payment {
    let id = Uuid::from_u128(7);
    Payment {
        begun: NewPayment {
            id,
            merchant: "main".into(),
            agent: None,
            means: Means::Api,
            caller_number: None,
            dialled_number: None,
            reference: None,
            amount: euros("42.50"),
            description: String::new(),
            customer_leg: "leg".into(),
            agent_leg: None,
        },
        order: None,
        created_at_ms: 0,
        brand: None,
        masked_pan: None,
        ending,
        ended_at_ms: None,
        attempts: (1..)
            .zip(attempts)
            .map(|(ordinal, state)| AttemptRecord {
                attempt: AttemptId { payment: 7, ordinal },
                psp: "bank".into(),
                state: *state,
                decline_reason: None,
                psp_reference: (*state == AttemptState::Approved).then(|| "ch_1".into()),
                detail: String::new(),
                journalled_at_ms: 0,
                changed_at_ms: 0,
            })
            .collect(),
    }
}

#[test]
fn a_link_is_made_only_where_nothing_else_can_charge() {
    use crate::call::Ending::{Declined, OtherMeans};
    use AttemptState as Attempt;
    let closed = |payment: &Payment, operations: &[OperationRecord]| closed_to_links(payment, operations);
    assert_eq!(closed(&payment(Some(OtherMeans), &[]), &[]), None);
    assert_eq!(closed(&payment(Some(Declined), &[Attempt::Declined, Attempt::NotCharged]), &[]), None);
    for open in [
        payment(None, &[]),
        payment(Some(Declined), &[Attempt::Declined, Attempt::Unknown]),
        payment(Some(OtherMeans), &[Attempt::Sent]),
        payment(Some(OtherMeans), &[Attempt::Approved]),
    ] {
        assert!(matches!(closed(&open, &[]), Some(ChangeFault::NotForALink(_))), "{open:?}");
    }
    let link = |state, link_state| OperationRecord {
        link: Some(LinkRecord {
            state: link_state,
            url: None,
            expires_at_ms: 0,
            order: None,
            merchant: None,
            reference: None,
            language: None,
        }),
        ..operation(OperationKind::Link, "42.50", state)
    };
    let ended = payment(Some(OtherMeans), &[]);
    for other in [
        link(OperationState::Sent, None),
        link(OperationState::Unknown, None),
        link(OperationState::Done, Some(LinkState::Open)),
        link(OperationState::Done, Some(LinkState::Paid)),
    ] {
        let fault = closed(&ended, std::slice::from_ref(&other));
        assert!(matches!(fault, Some(ChangeFault::InTheWay { .. })), "{other:?}");
    }
    for over in [link(OperationState::Refused, None), link(OperationState::Done, Some(LinkState::Ended))] {
        assert_eq!(closed(&ended, &[over]), None);
    }
}

#[test]
fn a_charge_is_by_card_or_by_a_link_that_was_paid() {
    use crate::call::Ending::{Approved, OtherMeans};
    let by_card = charged(&payment(Some(Approved), &[AttemptState::Declined, AttemptState::Approved]), &[]);
    assert_eq!(by_card, Some(charge()));
    let paid = OperationRecord {
        charge_reference: Some("pi_2".into()),
        link: Some(LinkRecord {
            state: Some(LinkState::Paid),
            url: None,
            expires_at_ms: 0,
            order: None,
            merchant: None,
            reference: None,
            language: None,
        }),
        ..operation(OperationKind::Link, "42.50", OperationState::Done)
    };
    let ended = payment(Some(OtherMeans), &[]);
    let by_link = charged(&ended, &[paid]).map(|charged| charged.reference);
    assert_eq!(by_link.as_deref(), Some("pi_2"));
    assert_eq!(charged(&ended, &[]), None);
}
