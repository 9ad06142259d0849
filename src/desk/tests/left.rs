//! An account that was left because it was not there, and tells of the charge after all.

use super::till::Till;
use super::*;
use crate::psp::{Event as PspEvent, News};

#[tokio::test]
async fn a_charge_at_an_account_that_was_left_wakes_somebody_and_settles_nothing() {
    let room = room(|store| vec![Till::new(store)]).await;
    let payment = begun(&room.store).await;
    let attempt = attempted(&room.store, payment, "first").await;
    room.store.reroute_attempt(attempt, "first", "till", "no answer").await.expect("written");
    let told = News {
        key: Some(attempt.key()),
        reference: Some("ch_first".into()),
        change: None,
        amount: Some(euros("42.50")),
        event: PspEvent::Charge(Outcome::Approved { reference: "ch_first".into() }),
        detail: String::new(),
    };
    // One that it never was at, which hears of the same company's charges, is nobody's business.
    room.desk.learn("another", &told).await.expect("heard");
    assert_eq!(alarms(&room, payment).await, Vec::<String>::new());
    room.desk.learn("first", &told).await.expect("heard");
    let raised = alarms(&room, payment).await;
    assert!(raised.len() == 1 && raised[0].contains("ch_first"), "{raised:?}");
    let known = room.store.payment(payment).await.expect("readable").expect("known");
    assert_eq!(known.attempts[0].state.word(), "sent", "where it went to decides");
}

async fn alarms(room: &Room, payment: Uuid) -> Vec<String> {
    let trail = room.store.trail_of(payment).await.expect("readable");
    trail.into_iter().map(|row| row.detail).filter(|detail| detail.contains("charged_elsewhere")).collect()
}
