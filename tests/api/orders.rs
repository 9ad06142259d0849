//! Orders: written down, looked up, paid on a call, and never twice.

use serde_json::{Value, json as object};

use crate::desk::{Answer, Desk};

/// A published test card, as a number: nothing that looks like a card stands in the source.
const VISA: u64 = 4111111111111111;

fn kind(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.text("type").trim_start_matches("urn:tonegate:problem:").to_owned())
}

fn is(status: u16, kind: &str) -> (u16, String) {
    (status, kind.to_owned())
}

async fn pay(desk: &Desk, call: &tonegate::inspect::stage::Conversation, payment: &str) {
    for (field, keys) in [("number", VISA.to_string().as_str()), ("expiry", "0330"), ("code", "737")] {
        let opened = |event: &Value| {
            event["type"] == "field_opened" && event["field"] == field && event["payment"] == payment
        };
        desk.set.events.wait(0, 30_000, field, opened).await.expect("asked");
        call.customer.key(keys, 60, 60).await.expect("keyed");
    }
    desk.told(payment, "ended").await;
}

#[tokio::test]
async fn an_order_is_paid_on_a_call_from_its_beginning_to_the_refusal_of_a_second_payment() {
    let desk = Desk::open().await;
    let new = object!({ "reference": "R 2026/7", "amount": "42.50", "description": "Invoice 7", "due": "2026-12-31",
        "customer": { "name": "Jean Dupont", "phone": "+33 6 12 34 56 78", "language": "fr" } });
    let made = desk.post("/v1/orders", &new).await;
    assert_eq!((made.status.as_u16(), made.text("state").as_str()), (201, "open"), "{}", made.body);
    assert_eq!(made.header("location"), "/v1/orders/R%202026%2F7?merchant=main");
    assert_eq!(kind(&desk.post("/v1/orders", &new).await), is(409, "conflict"));
    let shown = desk.get(made.header("location")).await;
    assert_eq!(shown.body, made.body);
    assert_eq!(shown.body["customer"]["phone"], "+33612345678");

    let call = desk.call().await;
    let start = object!({ "order": "R 2026/7", "leg": call.customer_leg });
    let begun = desk.post("/v1/payments", &start).await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    let payment = begun.text("payment");
    let looked = desk.get(&format!("/v1/payments/{payment}")).await.body;
    let told =
        ["amount", "order", "reference", "description"].map(|name| looked[name].as_str().unwrap_or("-"));
    assert_eq!(told, ["42.50", "R 2026/7", "R 2026/7", "Invoice 7"]);

    let other_call = desk.call().await;
    let again = object!({ "order": "R 2026/7", "leg": other_call.customer_leg });
    let refused = desk.post("/v1/payments", &again).await;
    assert_eq!(kind(&refused), is(409, "order-not-payable"));
    assert!(refused.text("detail").contains(&payment), "{}", refused.body);
    // The reference alone names the order as well: an order is paid once, whatever is said.
    let by_reference =
        object!({ "amount": "42.50", "reference": "R 2026/7", "leg": other_call.customer_leg });
    assert_eq!(kind(&desk.post("/v1/payments", &by_reference).await), is(409, "order-not-payable"));
    let cancel = "/v1/orders/R%202026%2F7/cancel";
    assert_eq!(kind(&desk.post(cancel, &object!({})).await), is(409, "order-not-payable"));

    pay(&desk, &call, &payment).await;
    let paid = desk.get("/v1/orders/R%202026%2F7").await.body;
    assert_eq!(
        (&paid["state"], &paid["paid"], &paid["owed"]),
        (&"paid".into(), &"42.50".into(), &"0.00".into())
    );
    let refused = desk.post("/v1/payments", &again).await;
    assert_eq!(kind(&refused), is(409, "order-not-payable"));
    assert!(refused.text("detail").contains("is paid"), "{}", refused.body);
    assert_eq!(kind(&desk.post("/v1/payments", &by_reference).await), is(409, "order-not-payable"));
    assert_eq!(desk.get("/v1/orders?state=paid").await.body["orders"][0], paid);
}

#[tokio::test]
async fn a_part_is_paid_where_the_order_allows_it_and_the_agents_code_pays_what_was_prepared() {
    let desk = Desk::open().await;
    for (reference, parts) in [("P-1", true), ("P-2", false)] {
        let new = object!({ "reference": reference, "amount": "50.00", "partial_payments": parts });
        assert_eq!(desk.post("/v1/orders", &new).await.status, 201);
    }
    let part = |reference: &str, amount: &str| object!({ "order": reference, "amount": amount, "agent_extension": "1001", "begin": false });
    assert_eq!(kind(&desk.post("/v1/payments", &part("P-2", "20.00")).await), is(422, "refused-value"));
    assert_eq!(kind(&desk.post("/v1/payments", &part("P-1", "50.01")).await), is(422, "refused-value"));
    assert_eq!(kind(&desk.post("/v1/payments", &part("P-3", "1.00")).await), is(404, "no-such-order"));
    assert_eq!(desk.post("/v1/payments", &part("P-1", "20.00")).await.status, 202);
    let call = desk.call().await;
    call.agent.key("*729", 100, 100).await.expect("keyed");
    desk.set.events.wait_for(0, "field_opened").await.expect("asked");
    let payment = desk.get("/v1/payments?reference=P-1").await.body["payments"][0].clone();
    assert_eq!((&payment["amount"], &payment["order"]), (&"20.00".into(), &"P-1".into()));
    pay(&desk, &call, payment["payment"].as_str().expect("an id")).await;
    let order = desk.get("/v1/orders/P-1").await.body;
    assert_eq!((&order["state"], &order["owed"]), (&"partly_paid".into(), &"30.00".into()));
    let cancelled = desk.post("/v1/orders/P-1/cancel", &object!({})).await;
    assert_eq!((cancelled.status.as_u16(), cancelled.text("state").as_str()), (200, "cancelled"));
    assert_eq!(kind(&desk.post("/v1/payments", &part("P-1", "30.00")).await), is(409, "order-not-payable"));
}

#[tokio::test]
async fn orders_are_found_and_what_is_wrong_is_said() {
    let desk = Desk::open().await;
    for n in 0..3 {
        let new = object!({ "reference": format!("L-{n}"), "amount": "1.00", "customer": { "phone": "0612345678" } });
        assert_eq!(desk.post("/v1/orders", &new).await.status, 201);
    }
    let mut found = Vec::new();
    let mut path = "/v1/orders?limit=2&phone=06.12.34.56.78".to_owned();
    loop {
        let page = desk.get(&path).await.body;
        let orders = page["orders"].as_array().expect("a page");
        found.extend(orders.iter().map(|order| order["reference"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/orders?limit=2&phone=0612345678&cursor={next}");
    }
    assert_eq!(found, ["L-2", "L-1", "L-0"]);
    assert_eq!(desk.get("/v1/orders?reference=L-1").await.body["orders"][0]["reference"], "L-1");
    assert_eq!(desk.get("/v1/orders?state=paid").await.body["orders"], object!([]));
    assert_eq!(kind(&desk.get("/v1/orders/L-9").await), is(404, "no-such-order"));
    assert_eq!(kind(&desk.get("/v1/orders/L-1?merchant=nobody").await), is(422, "refused-value"));
    assert_eq!(kind(&desk.get("/v1/orders?state=late").await), is(400, "invalid-request"));
    for (field, body) in [
        ("amount", object!({ "reference": "X", "amount": "0.00" })),
        ("amount", object!({ "reference": "X", "amount": "1.005" })),
        ("currency", object!({ "reference": "X", "amount": "1.00", "currency": "euro" })),
        ("reference", object!({ "reference": " X", "amount": "1.00" })),
        ("due", object!({ "reference": "X", "amount": "1.00", "due": "tomorrow" })),
        ("customer.phone", object!({ "reference": "X", "amount": "1.00", "customer": { "phone": "12" } })),
        ("customer.email", object!({ "reference": "X", "amount": "1.00", "customer": { "email": "x" } })),
        ("merchant", object!({ "reference": "X", "amount": "1.00", "merchant": "nobody" })),
    ] {
        let refused = desk.post("/v1/orders", &body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.text("field").as_str()),
            (422, field),
            "{}",
            refused.body
        );
    }
    for (field, body) in [
        ("currency", object!({ "order": "L-1", "currency": "EUR", "leg": "x" })),
        ("reference", object!({ "order": "L-1", "reference": "L-2", "leg": "x" })),
        ("amount", object!({ "reference": "L-1", "leg": "x" })),
    ] {
        let refused = desk.post("/v1/payments", &body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.text("field").as_str()),
            (422, field),
            "{}",
            refused.body
        );
    }
}
