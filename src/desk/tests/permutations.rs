//! Late, doubled, out of order: whatever the order in which a payment's news come, they come to the same.

use super::till::Till;
use super::*;
use crate::psp::{Event as PspEvent, News};
use crate::store::{NewChange, OperationId, OperationKind, OperationOutcome, OperationState, Teller};

/// Something that is heard of one payment.
#[derive(Clone, Debug)]
enum Heard {
    /// The answer to our own request.
    Answer(OperationState),
    /// A webhook.
    News(News),
}

fn permutations<T: Clone>(of: &[T]) -> Vec<Vec<T>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for at in 0..of.len() {
        let mut rest = of.to_vec();
        let first = rest.remove(at);
        for mut tail in permutations(&rest) {
            tail.insert(0, first.clone());
            all.push(tail);
        }
    }
    all
}

/// Plays every order of some news about a payment that has one refund of 10.00 sent; what they come to must be one
/// and the same.
async fn whatever_the_order(
    heard: impl Fn(OperationId, AttemptId, &str) -> Vec<Heard>,
) -> Vec<(OperationKind, OperationState, String)> {
    let room = room(|store| vec![Till::new(store)]).await;
    let (_, attempt, _) = paid(&room.store, "till").await;
    let count = permutations(&heard(OperationId::fresh(), attempt, "x")).len();
    let mut ends = Vec::new();
    for number in 0..count {
        let (payment, attempt, reference) = paid(&room.store, "till").await;
        let id = OperationId::fresh();
        let new = NewChange {
            id,
            payment,
            kind: OperationKind::Refund,
            amount: Some(euros("10.00")),
            actor: "1001".into(),
        };
        room.store.journal_change(&new).await.expect("written");
        room.store.operation_sent(id).await.expect("written");
        let order = permutations(&heard(id, attempt, &reference)).swap_remove(number);
        for told in &order {
            match told {
                Heard::Answer(state) => {
                    let outcome = OperationOutcome {
                        state: *state,
                        psp_reference: Some(format!("re_{}", payment.simple())),
                        detail: String::new(),
                        may_resend: false,
                    };
                    room.store.settle_operation(id, &outcome, Teller::Answer).await.expect("written");
                }
                Heard::News(news) => room.desk.learn("till", news).await.expect("written"),
            }
        }
        let known = room.store.operations_of(payment).await.expect("readable");
        let mut end: Vec<_> = known.iter().map(|o| (o.kind, o.state, o.amount.to_string())).collect();
        end.sort_by_key(|(kind, state, amount)| (kind.word(), *state, amount.clone()));
        ends.push((end, order));
    }
    let (first, order) = &ends[0];
    for (end, other) in &ends {
        assert_eq!(end, first, "{other:?} and {order:?}");
    }
    first.clone()
}

fn news(key: Option<String>, reference: &str, change: Option<&str>, amount: &str, event: PspEvent) -> Heard {
    Heard::News(News {
        key,
        reference: Some(reference.into()),
        change: change.map(Into::into),
        amount: Some(euros(amount)),
        event,
        detail: String::new(),
    })
}

#[tokio::test]
async fn a_refund_that_is_told_twice_is_one_and_others_are_others() {
    let end = whatever_the_order(|id, attempt, reference| {
        let own = news(
            Some(id.key()),
            reference,
            Some(&format!("re_{reference}")),
            "10.00",
            PspEvent::Refunded(true),
        );
        let disputed = format!("dp_{reference}");
        vec![
            Heard::Answer(OperationState::Taken),
            own.clone(),
            own,
            // Made at the provider: named by the charge alone, told twice.
            news(None, reference, Some(&format!("portal_{reference}")), "5.00", PspEvent::Refunded(true)),
            news(Some(attempt.key()), reference, Some(&disputed), "20.00", PspEvent::Chargeback),
        ]
    })
    .await;
    assert_eq!(
        end,
        [
            (OperationKind::Chargeback, OperationState::Done, "20.00 EUR".into()),
            (OperationKind::Refund, OperationState::Done, "10.00 EUR".into()),
            (OperationKind::Refund, OperationState::Done, "5.00 EUR".into()),
        ]
    );
}

#[tokio::test]
async fn a_refund_that_came_to_nothing_came_to_nothing_in_whichever_order() {
    let end = whatever_the_order(|id, _, reference| {
        let told = |success| {
            let event = PspEvent::Refunded(success);
            news(Some(id.key()), reference, Some(&format!("re_{reference}")), "10.00", event)
        };
        vec![Heard::Answer(OperationState::Done), told(true), told(false), told(false)]
    })
    .await;
    assert_eq!(end, [(OperationKind::Refund, OperationState::Refused, "10.00 EUR".into())]);
}

#[tokio::test]
async fn without_a_key_the_one_that_is_open_is_meant() {
    // As with providers that name a refund after the order: by the attempt's key and a reference of its own.
    let end = whatever_the_order(|_, attempt, reference| {
        let own = format!("re_{}", reference.trim_start_matches("ch_"));
        let told = news(Some(attempt.key()), reference, Some(&own), "10.00", PspEvent::Refunded(true));
        vec![Heard::Answer(OperationState::Done), told.clone(), told]
    })
    .await;
    assert_eq!(end, [(OperationKind::Refund, OperationState::Done, "10.00 EUR".into())]);
}

#[tokio::test]
async fn news_of_others_and_of_other_amounts_change_nothing() {
    let end = whatever_the_order(|id, _, reference| {
        vec![
            Heard::Answer(OperationState::Unknown),
            news(Some(id.key()), reference, None, "9.00", PspEvent::Refunded(true)),
            news(Some(OperationId::fresh().key()), "ch_other", None, "10.00", PspEvent::Refunded(true)),
            news(None, reference, Some("re_failed"), "3.00", PspEvent::Refunded(false)),
        ]
    })
    .await;
    assert_eq!(end, [(OperationKind::Refund, OperationState::Unknown, "10.00 EUR".into())]);
}
