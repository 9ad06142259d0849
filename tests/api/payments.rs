//! Payments begun, watched, commanded, looked up and added up.

use serde_json::{Value, json as object};

use crate::desk::Desk;

/// A published test card, as a number: nothing that looks like a card stands in the source.
const VISA: u64 = 4111111111111111;

#[tokio::test]
async fn a_payment_from_its_beginning_to_the_report() {
    let desk = Desk::open().await;
    let call = desk.call().await;
    let payment = desk.begin(&call, "A-17").await;
    desk.told(&payment, "field_opened").await;
    let looked = desk.get(&format!("/v1/payments/{payment}")).await.body;
    assert_eq!((&looked["under_way"], &looked["amount"]), (&Value::Bool(true), &Value::from("42.50")));

    call.customer.key("41111", 60, 60).await.expect("keyed");
    desk.set
        .events
        .wait(0, 10_000, "five digits", |event| event["type"] == "progress" && event["count"] == 5)
        .await
        .expect("progress");
    let calls = desk.get("/v1/calls").await.body;
    let standing = &calls["calls"][0];
    assert_eq!(standing["payment"], payment.as_str());
    assert_eq!((&standing["stage"], &standing["field"]), (&Value::from("asking"), &Value::from("number")));
    assert_eq!(
        (&standing["fields"][0]["count"], &standing["brand"]),
        (&Value::from(5), &Value::from("visa"))
    );
    assert_eq!(desk.get("/v1/calls?agent=1002").await.body["calls"], object!([]));
    assert!(calls["last_event"].as_u64().is_some_and(|seq| seq > 3));

    let digits = VISA.to_string();
    call.customer.key(&digits[5..], 60, 60).await.expect("keyed");
    for (field, keys) in [("expiry", "0330"), ("code", "737")] {
        let opened = |event: &Value| event["type"] == "field_opened" && event["field"] == field;
        desk.set.events.wait(0, 20_000, field, opened).await.expect("asked");
        call.customer.key(keys, 60, 60).await.expect("keyed");
    }
    desk.told(&payment, "ended").await;
    let looked = desk.get(&format!("/v1/payments/{payment}")).await.body;
    assert_eq!(
        (&looked["ending"], &looked["card"]),
        (&Value::from("approved"), &Value::from("xxxxxxxxxxxx1111"))
    );
    assert_eq!(looked["attempts"][0]["state"], "approved");
    let ended: jiff::Timestamp = looked["ended_at"].as_str().expect("an end").parse().expect("an instant");
    assert!(ended.duration_since(jiff::Timestamp::now()).abs() < jiff::SignedDuration::from_mins(1));

    // This account cannot give money back, and says so; nothing was sent or written down.
    let refunds = format!("/v1/payments/{payment}/refunds");
    let refused = desk.post(&refunds, &object!({ "amount": "10.00" })).await;
    assert_eq!(
        (refused.status.as_u16(), refused.text("type").as_str()),
        (409, "urn:tonegate:problem:conflict")
    );
    assert!(refused.text("detail").contains("`bank`"), "{}", refused.body);
    let dollars = desk.post(&refunds, &object!({ "amount": "10.00", "currency": "USD" })).await;
    assert_eq!((dollars.status.as_u16(), dollars.text("field").as_str()), (422, "currency"));
    let none = desk.get(&format!("/v1/payments/{payment}/operations")).await.body;
    assert_eq!(none, object!({ "operations": [] }));

    let report = desk.get("/v1/reports/payments").await.body;
    assert_eq!(report["total"]["success_rate"], 1.0);
    assert_eq!(report["total"]["approved"], object!([{ "amount": "42.50", "currency": "EUR" }]));
    assert!(report["total"]["time_to_pay_median_ms"].as_u64().is_some_and(|ms| ms > 1_000));
    assert_eq!(report["agents"][0]["agent"], "1001");
    assert_eq!(report["days"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn payments_are_found_page_after_page_by_what_is_known_of_them() {
    let desk = Desk::open().await;
    let mut all = Vec::new();
    for n in 0..5 {
        let call = desk.call().await;
        let payment = desk.begin(&call, &format!("B-{n}")).await;
        desk.told(&payment, "field_opened").await;
        if n < 4 {
            let path = format!("/v1/payments/{payment}/commands");
            assert_eq!(desk.post(&path, &object!({ "command": "cancel" })).await.status, 202);
            desk.told(&payment, "ended").await;
            call.customer.hang_up().await.expect("hung up");
        }
        all.insert(0, payment);
    }
    let ids = |body: &Value| -> Vec<String> {
        let page = body["payments"].as_array().expect("a page").iter();
        page.map(|payment| payment["payment"].as_str().expect("an id").to_owned()).collect()
    };
    let mut found = Vec::new();
    let mut path = "/v1/payments?limit=2".to_owned();
    for _ in 0..3 {
        let page = desk.get(&path).await.body;
        found.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/payments?limit=2&cursor={next}");
    }
    assert_eq!(found, all, "the youngest first, each once");
    let found = async |query: &str| ids(&desk.get(&format!("/v1/payments?{query}")).await.body);
    assert_eq!(found("reference=B-3").await, [all[1].clone()]);
    assert_eq!(found("state=open").await, [all[0].clone()]);
    assert_eq!(found("state=cancelled_by_agent&limit=3").await, all[1..4].to_vec());
    assert_eq!(found("agent=1001").await.len(), 5);
    assert_eq!(found("agent=1002").await.len(), 0);
    assert_eq!(found("until=2026-01-01T00:00:00Z").await.len(), 0);
    assert_eq!(found("from=2026-01-01T00:00:00%2B01:00").await.len(), 5);

    let over =
        desk.post(&format!("/v1/payments/{}/commands", all[2]), &object!({ "command": "pause" })).await;
    assert_eq!(
        (over.status.as_u16(), over.text("type").as_str()),
        (409, "urn:tonegate:problem:not-under-way")
    );
    let report = desk.get("/v1/reports/payments?zone=Pacific/Auckland").await.body;
    assert_eq!(report["total"]["endings"], object!({ "cancelled_by_agent": 4 }));
    for query in ["zone=Mars", "from=2026-11-22&to=2026-11-21", "from=2026-01-01&to=2026-11-22"] {
        assert_eq!(desk.get(&format!("/v1/reports/payments?{query}")).await.status, 422, "{query}");
    }
}

#[tokio::test]
async fn what_is_prepared_waits_for_the_agents_code() {
    let desk = Desk::open().await;
    let body = object!({ "amount": "7.00", "agent_extension": "1001", "reference": "C-1", "begin": false });
    let kept = desk.post("/v1/payments", &body).await;
    assert_eq!((kept.status.as_u16(), kept.text("prepared_for").as_str()), (202, "1001"));
    let call = desk.call().await;
    call.agent.key("*729", 100, 100).await.expect("keyed");
    desk.set.events.wait_for(0, "field_opened").await.expect("asked");
    let payment = desk.get("/v1/payments?reference=C-1").await.body["payments"][0].clone();
    assert_eq!((&payment["amount"], &payment["agent"]), (&Value::from("7.00"), &Value::from("1001")));
}
