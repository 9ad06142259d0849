//! Captures, cancellations and refunds: asked once, never for more than there is, and looked after.

use futures_util::future::join_all;

use super::till::{NO_CANCEL, Till, till};
use super::*;
use crate::call::DeclineReason;
use crate::psp::{Effect, Operation};
use crate::store::{ChangeFault, NewChange, OperationId, OperationKind, OperationState, StoreError};

#[tokio::test]
async fn a_refund_is_written_down_before_it_is_sent_and_ends_as_the_provider_says() {
    let (room, till) = till().await;
    let (payment, _, reference) = paid(&room.store, "till").await;
    for (effect, state, name) in [
        (Effect::Done("re_1".to_owned()), OperationState::Done, Some("re_1")),
        (Effect::Taken("re_2".to_owned()), OperationState::Taken, Some("re_2")),
        (Effect::Refused(DeclineReason::Generic), OperationState::Refused, None),
        (Effect::NotDone, OperationState::Refused, None),
        (Effect::Unknown, OperationState::Unknown, None),
    ] {
        till.will(effect, false);
        let id = OperationId::fresh();
        let record = room.desk.refund(id, payment, Some(euros("1.00")), "1001").await.expect("asked");
        assert_eq!((record.state, record.psp_reference.as_deref()), (state, name));
        let (operation, change, at_the_time) = till.last();
        assert_eq!((operation, at_the_time), (Operation::Refund, Some(OperationState::Sent)));
        assert_eq!(
            (change.key, change.reference, change.amount),
            (id.key(), reference.clone(), euros("1.00"))
        );
    }
    // Done, taken and unknown count; refused does not.
    let all = room.desk.refund(OperationId::fresh(), payment, None, "1001").await.expect("asked");
    assert_eq!(all.amount, euros("39.50"));
    let known = room.store.operations_of(payment).await.expect("readable");
    assert!(known.iter().all(|operation| operation.actor == "1001"));
    assert!(room.store.verify_trail().await.expect("readable").is_whole());
}

#[tokio::test]
async fn two_at_once_never_give_back_more_than_there_is() {
    let (room, till) = till().await;
    let (payment, ..) = paid(&room.store, "till").await;
    let asked =
        (0..10).map(|_| room.desk.refund(OperationId::fresh(), payment, Some(euros("30.00")), "1001"));
    let answers = join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    let too_much = |answer: &Result<_, OperationFault>| {
        matches!(answer, Err(OperationFault::Store(StoreError::Change(ChangeFault::TooMuch { .. }))))
    };
    assert_eq!(answers.iter().filter(|answer| too_much(answer)).count(), 9, "{answers:?}");
    assert_eq!(till.keys().len(), 1);
}

#[tokio::test]
async fn the_same_number_is_the_same_refund() {
    let (room, till) = till().await;
    let (payment, ..) = paid(&room.store, "till").await;
    let id = OperationId::fresh();
    let ten = (0..10).map(|_| room.desk.refund(id, payment, Some(euros("2.00")), "1001"));
    assert!(join_all(ten).await.iter().all(Result::is_ok));
    assert_eq!(till.keys(), [id.key()]);
    let other = room.desk.refund(id, payment, Some(euros("3.00")), "1001").await;
    assert!(matches!(other, Err(OperationFault::Store(StoreError::Change(ChangeFault::NumberUsed(_))))));
    let other = room.desk.capture(id, payment, Some(euros("2.00")), "1001").await;
    assert!(matches!(other, Err(OperationFault::Store(StoreError::Change(ChangeFault::NumberUsed(_))))));
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_the_reason_and_leaves_no_trace() {
    let (room, till) = till().await;
    let (payment, ..) = paid(&room.store, "till").await;
    let cancelled = room.desk.cancel(OperationId::fresh(), payment, "1001").await;
    assert!(matches!(cancelled, Err(OperationFault::Cannot { reason: NO_CANCEL, .. })), "{cancelled:?}");
    let (elsewhere, ..) = paid(&room.store, "gone").await;
    let gone = room.desk.refund(OperationId::fresh(), elsewhere, None, "1001").await;
    assert!(matches!(gone, Err(OperationFault::NoSuchAccount(name)) if name == "gone"));
    let unpaid = begun(&room.store).await;
    let nothing = room.desk.refund(OperationId::fresh(), unpaid, None, "1001").await;
    assert!(matches!(nothing, Err(OperationFault::Store(StoreError::Change(ChangeFault::NotCharged(_))))));
    for payment in [payment, elsewhere, unpaid] {
        assert_eq!(room.store.operations_of(payment).await, Ok(Vec::new()));
    }
    assert!(till.keys().is_empty());
}

#[tokio::test]
async fn unknown_stays_unknown_until_the_same_key_tells() {
    let (room, till) = till().await;
    let (payment, ..) = paid(&room.store, "till").await;
    // This one may be sent again: lost, then refused as if it were new, then answered.
    till.will(Effect::Unknown, true);
    let id = OperationId::fresh();
    let lost = room.desk.refund(id, payment, Some(euros("1.00")), "1001").await.expect("asked");
    assert_eq!(lost.state, OperationState::Unknown);
    for effect in [Effect::NotDone, Effect::Unknown] {
        till.will(effect, true);
        room.desk.look_at_open_operations().await;
        let known = room.store.operation(id).await.expect("readable").expect("known");
        assert_eq!(known.state, OperationState::Unknown);
    }
    room.desk.look_at_open_operations().await;
    let known = room.store.operation(id).await.expect("readable").expect("known");
    assert_eq!(known.state, OperationState::Done);
    assert_eq!(till.keys(), vec![id.key(); 4]);
    // And this one not: it waits for the webhook.
    till.will(Effect::Unknown, false);
    let other = OperationId::fresh();
    room.desk.refund(other, payment, Some(euros("1.00")), "1001").await.expect("asked");
    room.desk.look_at_open_operations().await;
    assert_eq!(till.keys().iter().filter(|key| **key == other.key()).count(), 1);
}

#[tokio::test]
async fn a_restart_finds_what_was_left_open() {
    for deduplicates in [true, false] {
        let directory = private_directory();
        let store = store_in(&directory).await;
        let (payment, ..) = paid(&store, "till").await;
        let journalled = |id| {
            let new = NewChange {
                id,
                payment,
                kind: OperationKind::Refund,
                amount: Some(euros("1.00")),
                actor: "1001".into(),
            };
            let store = store.clone();
            async move { store.journal_change(&new).await.expect("written") }
        };
        let (unsent, sent) = (OperationId::fresh(), OperationId::fresh());
        journalled(unsent).await;
        journalled(sent).await;
        store.operation_sent(sent).await.expect("written");

        let mut till = Till::new(&store);
        Arc::get_mut(&mut till).expect("nobody else's").deduplicates = deduplicates;
        let desk = desk_over(&store, vec![Arc::clone(&till) as Arc<dyn Psp>]);
        desk.look_at_open_operations().await;
        let state = |id| {
            let store = store.clone();
            async move { store.operation(id).await.expect("readable").expect("known").state }
        };
        assert_eq!(state(unsent).await, OperationState::Refused, "it never left the house");
        let (expected, keys) = match deduplicates {
            true => (OperationState::Done, vec![sent.key()]),
            false => (OperationState::Sent, Vec::new()),
        };
        assert_eq!((state(sent).await, till.keys()), (expected, keys));
        drop(directory);
    }
}

#[tokio::test]
async fn it_goes_on_when_whoever_asked_has_gone() {
    let (room, till) = till().await;
    let (payment, ..) = paid(&room.store, "till").await;
    let id = OperationId::fresh();
    {
        let asking = room.desk.refund(id, payment, None, "1001");
        tokio::pin!(asking);
        // Until it is written down: the rest happens without us.
        while room.store.operation(id).await.expect("readable").is_none() {
            let _ = futures_util::poll!(asking.as_mut());
            tokio::task::yield_now().await;
        }
        let _ = futures_util::poll!(asking.as_mut());
    }
    room.desk.drain(std::time::Duration::from_secs(5)).await;
    let known = room.store.operation(id).await.expect("readable").expect("known");
    // Either it went out and was answered, or it was dropped before, and the next look says so.
    assert!(matches!(known.state, OperationState::Done | OperationState::Journalled), "{known:?}");
    assert_eq!(till.keys().len(), usize::from(known.state == OperationState::Done));
    assert!(matches!(
        room.desk.refund(OperationId::fresh(), payment, None, "1001").await,
        Err(OperationFault::Draining)
    ));
    drop(room.directory);
}
