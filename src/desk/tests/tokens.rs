//! Stored cards charged without their customers: written down before, once, and for an order never twice.

use futures_util::future::join_all;

use super::till::{Till, till};
use super::*;
use crate::call::DeclineReason;
use crate::desk::{StartError, TokenCharge, TokenFault};
use crate::psp::{Agreement, Answer, StoredCard};
use crate::store::{AttemptState, Debtor, NewOrder, OrderFault, OrderState};

/// A card that was stored in a payment.
pub(super) async fn stored(room: &Room) -> Uuid {
    let (payment, ..) = paid(&room.store, "till").await;
    let card = StoredCard { token: "tok_7".into(), shopper: "cust-7".into() };
    room.store.keep_stored_card(payment, "till", &card).await.expect("written");
    payment
}

fn wanted(token: Uuid, amount: Option<&str>, order: Option<&str>) -> TokenCharge {
    TokenCharge {
        token,
        amount: amount.map(euros),
        order: order.map(str::to_owned),
        reference: None,
        description: None,
        agreement: Agreement::default(),
        actor: "key:crm".into(),
    }
}

async fn order(room: &Room, reference: &str) {
    let new = NewOrder {
        merchant: "main".into(),
        reference: reference.into(),
        amount: euros("42.50"),
        description: "Invoice".into(),
        customer: Debtor::default(),
        due: None,
        parts: false,
        minimum: None,
    };
    room.store.add_order(&new, "key:crm").await.expect("written");
}

async fn charge(room: &Room, till: &Till, token: Uuid, answer: Answer) -> (Option<Ending>, AttemptState) {
    till.will_charge(answer);
    let payment = room.desk.charge_token(wanted(token, Some("9.00"), None)).await.expect("asked");
    let known = room.store.payment(payment).await.expect("readable").expect("a payment");
    (known.ending, known.attempts[0].state)
}

#[tokio::test]
async fn a_charge_is_written_down_before_it_is_sent_and_ends_as_the_provider_says() {
    let (room, till) = till().await;
    let token = stored(&room).await;
    let yes = charge(&room, &till, token, Answer::approved("ch_1", "told")).await;
    assert_eq!(yes, (Some(Ending::Approved), AttemptState::Approved));
    let no = charge(&room, &till, token, Answer::declined(DeclineReason::InsufficientFunds, "51")).await;
    assert_eq!(no, (Some(Ending::Declined), AttemptState::Declined));
    let fault = charge(&room, &till, token, Answer::not_charged("no route")).await;
    assert_eq!(fault, (Some(Ending::Fault), AttemptState::NotCharged));
    let lost = charge(&room, &till, token, Answer::unknown("lost")).await;
    assert_eq!(lost, (Some(Ending::Unknown), AttemptState::Unknown));
    for (charge, card, at_the_time) in till.charged() {
        assert_eq!((charge.amount, at_the_time), (euros("9.00"), Some(AttemptState::Sent)));
        assert_eq!((card.token.as_str(), card.shopper.as_str()), ("tok_7", "cust-7"));
    }
    assert_eq!(room.store.open_attempts().await.expect("readable").len(), 1, "the lost one is looked for");
    assert!(room.store.verify_trail().await.expect("readable").is_whole());
}

#[tokio::test]
async fn an_order_is_charged_once_however_many_ask_and_not_while_it_may_be_paid() {
    let (room, till) = till().await;
    let token = stored(&room).await;
    order(&room, "A-1").await;
    let asked = (0..10).map(|_| room.desk.charge_token(wanted(token, None, Some("A-1"))));
    let answers = join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    assert_eq!(till.charged().len(), 1);
    let paid = room.store.order("main", "A-1").await.expect("readable").expect("an order");
    assert_eq!(paid.state(), OrderState::Paid);
    let again = room.desk.charge_token(wanted(token, None, Some("A-1"))).await;
    assert!(matches!(again, Err(TokenFault::Start(StartError::Order(OrderFault::Paid(_))))), "{again:?}");

    order(&room, "A-2").await;
    till.will_charge(Answer::unknown("lost"));
    room.desk.charge_token(wanted(token, None, Some("A-2"))).await.expect("asked");
    let again = room.desk.charge_token(wanted(token, None, Some("A-2"))).await;
    assert!(matches!(again, Err(TokenFault::Start(StartError::StillUnknown { .. }))), "{again:?}");
    assert_eq!(till.charged().len(), 2);
}

#[tokio::test]
async fn a_forgotten_card_is_charged_no_more() {
    let (room, till) = till().await;
    let token = stored(&room).await;
    let known = room.store.tokens(Some("cust-7"), None, 10).await.expect("readable");
    assert_eq!((known.tokens.len(), known.tokens[0].id, known.next), (1, token, None));
    assert_eq!(room.store.tokens(Some("cust-8"), None, 10).await.expect("readable").tokens, []);
    assert_eq!(room.store.forget_token(token, "key:crm").await, Ok(true));
    assert_eq!(room.store.forget_token(token, "key:crm").await, Ok(false));
    assert_eq!(room.store.token(token).await, Ok(None));
    let refused = room.desk.charge_token(wanted(token, Some("1.00"), None)).await;
    assert!(matches!(refused, Err(TokenFault::NoSuchToken(_))), "{refused:?}");
    assert_eq!(till.charged().len(), 0);
}
