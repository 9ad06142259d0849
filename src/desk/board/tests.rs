//! A payment call as somebody sees it who begins to look in the middle of it.

use super::*;
use crate::call::{AttemptId, Ending, Line, Notice};

const PAYMENT: Uuid = Uuid::from_u128(9);

fn board(notices: &[Notice]) -> Board {
    let mut board = Board::default();
    board.enter(Subject {
        payment: PAYMENT,
        agent: Some("1001".into()),
        call: "leg-a".into(),
        amount: Money::parse("42.50", "EUR".parse().unwrap()).unwrap(),
        reference: Some("A-17".into()),
    });
    for (seq, notice) in (1..).zip(notices) {
        board.apply(&Event::new(seq, PAYMENT, None, None, EventBody::of(notice)));
    }
    board
}

fn keyed(field: Field, count: u8, brand: Option<Brand>) -> [Notice; 2] {
    [Notice::FieldOpened { field, attempt: 1 }, Notice::Progress { field, count, brand }]
}

#[test]
fn what_was_keyed_stands_as_counts_and_hints() {
    let [open, progress] = keyed(Field::Number, 4, Some(Brand::Visa));
    let refused = Notice::FieldRefused { field: Field::Number, hint: Hint::CheckDigit, left: 2 };
    let board = board(&[Notice::Sealed(Line::Dirty), open.clone(), progress.clone(), refused, open]);
    let standing = board.of(PAYMENT).unwrap();
    assert_eq!((standing.stage, standing.line), (Stage::Asking, Some("dirty")));
    let wanted = FieldStanding { field: Field::Number, count: 0, done: false, hint: Some(Hint::CheckDigit) };
    assert_eq!(standing.fields, [wanted], "the hint stays while the field is keyed again");
    assert_eq!(standing.brand, None, "a number that begins anew has no brand yet");
}

#[test]
fn a_second_card_forgets_the_first_but_not_what_the_bank_said() {
    let attempt = AttemptId { payment: 9, ordinal: 1 };
    let [number, digits] = keyed(Field::Number, 16, Some(Brand::Visa));
    let [expiry, _] = keyed(Field::Expiry, 4, None);
    let declined = Notice::Declined { attempt, reason: DeclineReason::InsufficientFunds };
    let board = board(&[number.clone(), digits, expiry, Notice::Charging(attempt), declined, number]);
    let standing = board.of(PAYMENT).unwrap();
    assert_eq!(standing.fields.len(), 1);
    assert_eq!(standing.stage, Stage::Asking);
    let answer = standing.answer.as_ref().unwrap();
    assert_eq!((answer.outcome, answer.reason), ("declined", Some(DeclineReason::InsufficientFunds)));
}

#[test]
fn those_that_have_ended_are_forgotten_the_oldest_first() {
    let mut board = board(&[Notice::Ended(Ending::Approved)]);
    assert!(board.under_way().is_empty() && board.of(PAYMENT).is_some());
    let mut subject = board.of(PAYMENT).unwrap().subject.clone();
    for n in 0..ENDED_KEPT {
        subject.payment = Uuid::from_u128(1_000 + n as u128);
        board.recall(subject.clone());
    }
    assert!(board.of(PAYMENT).is_none());
    assert_eq!(board.payments.len(), ENDED_KEPT);
    board.recall(subject);
    assert_eq!(board.payments.len(), ENDED_KEPT, "one that is known is not counted twice");
}
