//! Payment links: for orders, sent to customers, and never beside another payment.

use std::time::Duration;

use serde_json::{Value, json as object};
use tonegate::inspect::stage::FarEnd;

use crate::desk::{Answer, Desk};

/// Longer than one look of the daemon at a link.
const LOOKED_AT_MS: u64 = 20_000;

async fn open() -> (Desk, FarEnd) {
    let far_end = FarEnd::start().await.expect("a port");
    (Desk::with(|options| far_end.configure(options).expect("a key")).await, far_end)
}

async fn order(desk: &Desk, reference: &str, phone: Option<&str>) {
    let new = object!({ "reference": reference, "amount": "42.50", "description": "Invoice",
        "customer": { "name": "Jean Dupont", "phone": phone, "language": "fr" } });
    let made = desk.post("/v1/orders", &new).await;
    assert_eq!(made.status, 201, "{}", made.body);
}

fn refused(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.text("type").trim_start_matches("urn:tonegate:problem:").to_owned())
}

/// What became of the newest message about a link, once nothing more will.
async fn message(desk: &Desk, link: &str) -> Value {
    for _ in 0..200 {
        let all = desk.get(&format!("/v1/links/{link}/messages")).await;
        assert_eq!(all.status, 200, "{}", all.body);
        let newest = all.body["messages"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
        if !matches!(newest["state"].as_str(), Some("waiting" | "sending") | None) {
            return newest;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the message to {link} stays on its way");
}

#[tokio::test]
async fn an_order_is_paid_by_a_link_that_its_customer_was_sent() {
    let (desk, far_end) = open().await;
    order(&desk, "F-1", Some("06 12 34 56 78")).await;
    let made = desk.post("/v1/links", &object!({ "order": "F-1", "to": { "channel": "sms" } })).await;
    assert_eq!((made.status.as_u16(), &made.body["amount"]), (201, &"42.50".into()), "{}", made.body);
    let link = made.text("operation");
    let sent = message(&desk, &link).await;
    let told = ["state", "channel", "address", "reference", "messenger"].map(|name| sent[name].as_str());
    let wanted = ["taken", "sms", "+33612345678", "sms-1", "texts"].map(Some);
    assert_eq!((told, &sent["segments"]), (wanted, &1.into()));
    let text = far_end.texts()[0].clone();
    assert_eq!(text["to"], "+33612345678");
    let words = text["text"].as_str().unwrap_or_default();
    let start = "Example Ltd : pour payer 42,50 EUR (F-1), ouvrez https://pay.example/1 (jusqu'au ";
    assert!(words.starts_with(start), "{words}");
    // A second link could be paid as well.
    assert_eq!(
        refused(&desk.post("/v1/links", &object!({ "order": "F-1" })).await),
        (409, "order-not-payable".into())
    );
    // Nobody tells: the daemon looks by itself.
    far_end.pay();
    let paid = |event: &Value| event["type"] == "operation" && event["link"] == "paid";
    desk.set.events.wait(0, LOOKED_AT_MS, "paid by link", paid).await.expect("the daemon looks");
    let paid = desk.get("/v1/orders/F-1").await.body;
    assert_eq!((&paid["state"], &paid["owed"]), (&"paid".into(), &"0.00".into()));
    let again = desk.post("/v1/links", &object!({ "order": "F-1" })).await;
    assert_eq!(refused(&again), (409, "order-not-payable".into()));
    let late = desk.post(&format!("/v1/links/{link}/messages"), &object!({ "channel": "sms" })).await;
    assert_eq!(refused(&late), (409, "conflict".into()), "what is paid is not sent again");
}

#[tokio::test]
async fn a_payment_by_telephone_ends_the_link_first_and_one_that_was_paid_wins() {
    let (desk, far_end) = open().await;
    for reference in ["F-1", "F-2"] {
        order(&desk, reference, None).await;
        assert_eq!(desk.post("/v1/links", &object!({ "order": reference })).await.status, 201);
    }
    assert_eq!(far_end.pages(), ["open", "open"]);
    far_end.pay();
    let call = desk.call().await;
    let start = |reference: &str| object!({ "order": reference, "leg": call.customer_leg });
    // The customer has just paid by link and says on the telephone that they did not.
    let refused_start = desk.post("/v1/payments", &start("F-2")).await;
    assert_eq!(refused(&refused_start), (409, "order-not-payable".into()));
    let told = refused_start.text("detail");
    assert!(told.contains("is paid"), "{told}; {}", desk.set.daemon.log_end());
    let begun = desk.post("/v1/payments", &start("F-1")).await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    assert_eq!(far_end.pages(), ["expired", "complete"]);
    // While the card is asked for, nobody gets a link to the same order.
    let beside = desk.post("/v1/links", &object!({ "order": "F-1" })).await;
    assert_eq!(refused(&beside), (409, "order-not-payable".into()));
}

#[tokio::test]
async fn a_message_that_may_have_arrived_is_left_to_a_person() {
    let (desk, far_end) = open().await;
    far_end.will_answer(500);
    let to = object!({ "channel": "sms", "address": "+33612345678" });
    let made = desk.post("/v1/links", &object!({ "amount": "10.00", "to": to, "language": "de" })).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let link = made.text("operation");
    assert_eq!(message(&desk, &link).await["state"], "unknown");
    assert_eq!(far_end.texts().len(), 1, "nobody repeats it");
    let path = format!("/v1/links/{link}/messages");
    far_end.will_answer(400);
    for (n, state) in [(2, "refused"), (3, "taken"), (4, "taken"), (5, "taken")] {
        let again = desk.post(&path, &to).await;
        assert_eq!(again.status, 202, "{}", again.body);
        assert_eq!(message(&desk, &link).await["state"], state);
        assert_eq!(far_end.texts().len(), n);
    }
    let once_more = desk.post(&path, &to).await;
    assert_eq!(refused(&once_more), (409, "conflict".into()));
    assert!(once_more.text("detail").contains("5 times"), "{}", once_more.body);
    assert!(far_end.texts()[0]["text"].as_str().is_some_and(|text| text.contains("bezahlen Sie hier")));
    let ended = desk.post(&format!("/v1/links/{link}/expire"), &object!({})).await;
    assert_eq!(ended.body["link"]["state"], "ended", "{}", ended.body);
}

#[tokio::test]
async fn what_cannot_be_sent_is_said_before_a_link_is_made() {
    let (desk, far_end) = open().await;
    order(&desk, "F-1", None).await;
    for (field, body) in [
        ("to.address", object!({ "order": "F-1", "to": { "channel": "sms" } })),
        ("to.address", object!({ "amount": "1.00", "to": { "channel": "sms", "address": "1001" } })),
        ("amount", object!({ "to": { "channel": "sms", "address": "+33612345678" } })),
        ("amount", object!({ "amount": "0.00" })),
        ("currency", object!({ "order": "F-1", "currency": "EUR" })),
        ("language", object!({ "amount": "1.00", "language": "tlh" })),
    ] {
        let answer = desk.post("/v1/links", &body).await;
        assert_eq!((answer.status.as_u16(), answer.text("field").as_str()), (422, field), "{}", answer.body);
    }
    let by_mail = object!({ "amount": "1.00", "to": { "channel": "email", "address": "jean@example.fr" } });
    let answer = desk.post("/v1/links", &by_mail).await;
    assert_eq!(refused(&answer), (409, "conflict".into()));
    assert!(answer.text("detail").contains("[[messenger]]"), "{}", answer.body);
    let nothing = desk.post("/v1/links", &object!({ "order": "F-9" })).await;
    assert_eq!(refused(&nothing), (404, "no-such-order".into()));
    let nowhere = "/v1/links/0190b2c4-7e1f-7000-8000-1234567890ab/messages";
    assert_eq!(desk.get(nowhere).await.status, 404);
    let to = object!({ "channel": "sms", "address": "+33612345678" });
    assert_eq!(desk.post(nowhere, &to).await.status, 404);
    assert!(far_end.pages().is_empty() && far_end.texts().is_empty(), "nothing was promised");
    // A connector that makes no links says so, whatever else is asked.
    let plain = Desk::with(|options| {
        far_end.configure(options).expect("a key");
        options.psp = "bank".into();
    })
    .await;
    let answer = plain.post("/v1/links", &object!({ "amount": "1.00", "to": to })).await;
    assert_eq!(refused(&answer), (409, "conflict".into()));
    assert!(answer.text("detail").contains("link"), "{}", answer.body);
}
