//! Payment links: made once, paid once, and never beside a card.

use super::till::till;
use super::*;
use crate::psp::{Customer, Event as PspEvent, LinkState, News};
use crate::store::{ChangeFault, OperationId, OperationRecord, OperationState, StoreError};

pub(super) fn request(payment: Option<Uuid>) -> LinkRequest {
    LinkRequest {
        id: OperationId::fresh(),
        payment,
        order: None,
        merchant: "main".into(),
        psp: "till".into(),
        amount: euros("42.50"),
        description: "Invoice 7".into(),
        reference: Some("F-7".into()),
        expires_at: jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1),
        language: "en".into(),
        customer: Customer::default(),
        actor: "1001".into(),
    }
}

fn state(record: &OperationRecord) -> Option<LinkState> {
    record.link.as_ref().and_then(|link| link.state)
}

fn told(id: OperationId, event: PspEvent, amount: &str) -> News {
    News {
        key: Some(id.key()),
        reference: Some("ch_by_link".into()),
        change: None,
        amount: Some(euros(amount)),
        event,
        detail: String::new(),
    }
}

#[tokio::test]
async fn a_link_is_made_paid_and_its_payment_can_be_given_back() {
    let (room, till) = till().await;
    let payment = begun(&room.store).await;
    let early = room.desk.create_link(request(Some(payment))).await;
    let refused = |answer: &Result<_, OperationFault>| {
        matches!(answer, Err(OperationFault::Store(StoreError::Change(ChangeFault::NotForALink(_)))))
    };
    assert!(refused(&early), "a card may still be charged: {early:?}");
    room.store.end_payment(payment, Ending::OtherMeans).await.expect("ended");
    till.will_link(LinkState::Open);
    let link = request(Some(payment));
    let id = link.id;
    let made = room.desk.create_link(link).await.expect("made");
    assert_eq!((made.state, state(&made)), (OperationState::Done, Some(LinkState::Open)));
    assert_eq!(made.link.and_then(|link| link.url).as_deref(), Some("https://pay.example/1"));
    let second = room.desk.create_link(request(Some(payment))).await;
    let in_the_way = |answer: &Result<_, OperationFault>| {
        matches!(answer, Err(OperationFault::Store(StoreError::Change(ChangeFault::InTheWay { .. }))))
    };
    assert!(in_the_way(&second), "{second:?}");
    let known = || async { room.store.operation(id).await.expect("readable").expect("known") };
    // Another amount is for a person to look at; a card that was declined on the page may be followed by another.
    room.desk.learn("till", &told(id, PspEvent::Link(true), "4.25")).await.expect("heard");
    let declined = PspEvent::Charge(Outcome::Declined(crate::call::DeclineReason::Generic));
    room.desk.learn("till", &told(id, declined, "42.50")).await.expect("heard");
    room.desk.learn("another", &told(id, PspEvent::Link(true), "42.50")).await.expect("heard");
    assert_eq!(state(&known().await), Some(LinkState::Open));
    let approved = PspEvent::Charge(Outcome::Approved { reference: "ch_by_link".into() });
    for event in [approved, PspEvent::Link(true), PspEvent::Link(false)] {
        room.desk.learn("till", &told(id, event, "42.50")).await.expect("heard");
        assert_eq!(state(&known().await), Some(LinkState::Paid), "what is paid stays paid");
    }
    let back = room.desk.refund(OperationId::fresh(), payment, None, "1001").await.expect("asked");
    assert_eq!((back.amount, back.charge_reference.as_deref()), (euros("42.50"), Some("ch_by_link")));
}

#[tokio::test]
async fn a_link_that_ends_makes_room_for_another_and_a_late_payment_is_not_lost() {
    let (room, till) = till().await;
    let payment = begun(&room.store).await;
    room.store.end_payment(payment, Ending::OtherMeans).await.expect("ended");
    till.will_link(LinkState::Open);
    let link = request(Some(payment));
    let id = link.id;
    room.desk.create_link(link).await.expect("made");
    // The provider's answer is lost: nothing changes.
    assert_eq!(state(&room.desk.link(id).await.expect("looked at")), Some(LinkState::Open));
    till.will_link(LinkState::Ended);
    let ended = room.desk.expire_link(id, "1001").await.expect("ended");
    assert_eq!(state(&ended), Some(LinkState::Ended));
    till.will_link(LinkState::Open);
    assert!(room.desk.create_link(request(Some(payment))).await.is_ok());
    // It was paid in its last second, and that is told late.
    room.desk.learn("till", &told(id, PspEvent::Link(true), "42.50")).await.expect("heard");
    let known = room.store.operation(id).await.expect("readable").expect("known");
    assert_eq!(state(&known), Some(LinkState::Paid));
}

#[tokio::test]
async fn a_link_whose_answer_was_lost_is_unknown_until_it_is_paid() {
    let (room, _till) = till().await;
    let link = request(None);
    let id = link.id;
    let lost = room.desk.create_link(link).await.expect("asked");
    assert_eq!((lost.state, state(&lost)), (OperationState::Unknown, None));
    room.desk.look_at_open_operations().await;
    room.desk.learn("till", &told(id, PspEvent::Link(true), "42.50")).await.expect("heard");
    let known = room.store.operation(id).await.expect("readable").expect("known");
    assert_eq!((known.state, state(&known)), (OperationState::Done, Some(LinkState::Paid)));
}
