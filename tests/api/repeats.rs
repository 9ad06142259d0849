//! Requests that come again: by their idempotency key they do nothing twice.

use reqwest::Method;
use serde_json::{Value, json as object};

use crate::desk::{Answer, Desk, json, read};

async fn keyed(desk: &Desk, key: &str, body: &Value) -> Answer {
    read(json(desk.ask(Method::POST, "/v1/payments").header("idempotency-key", key), body)).await
}

async fn payments(desk: &Desk) -> usize {
    desk.get("/v1/payments").await.body["payments"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn the_same_request_again_gets_the_same_answer_also_from_a_daemon_started_anew() {
    let mut desk = Desk::open().await;
    let call = desk.call().await;
    let body = object!({ "amount": "10.00", "leg": call.customer_leg, "reference": "A-1" });
    let first = keyed(&desk, "order-A-1", &body).await;
    assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (201, ""));
    let again = keyed(&desk, "order-A-1", &body).await;
    assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (201, "true"));
    assert_eq!((&again.body, again.header("location")), (&first.body, first.header("location")));
    assert_eq!(again.header("content-type"), "application/json");

    let other = keyed(&desk, "order-A-1", &object!({ "amount": "11.00", "leg": call.customer_leg })).await;
    assert_eq!(
        (other.status.as_u16(), other.text("type").as_str()),
        (422, "urn:tonegate:problem:idempotency-key-reused")
    );
    let without = desk.post("/v1/payments", &body).await;
    assert_eq!(without.status, 409, "without its key it is another request, on a call that is taken");

    desk.set.daemon.kill().await.expect("killed");
    desk.set.restart_daemon().await.expect("a daemon");
    let later = keyed(&desk, "order-A-1", &body).await;
    assert_eq!((later.header("idempotency-replayed"), &later.body), ("true", &first.body));
    assert_eq!(payments(&desk).await, 1);
}

#[tokio::test]
async fn of_many_at_once_one_is_carried_out() {
    let desk = Desk::open().await;
    let call = desk.call().await;
    let body = object!({ "amount": "10.00", "leg": call.customer_leg });
    let answers = futures_util::future::join_all((0..16).map(|_| keyed(&desk, "at-once", &body))).await;
    let made = answers
        .iter()
        .filter(|answer| answer.header("idempotency-replayed").is_empty() && answer.status == 201);
    assert_eq!(made.count(), 1);
    for answer in &answers {
        let running = answer.status == 409 && answer.text("type").ends_with("request-running");
        assert!(answer.status == 201 || running, "{} {}", answer.status, answer.body);
    }
    assert_eq!(payments(&desk).await, 1);
}

#[tokio::test]
async fn a_refusal_is_repeated_and_a_bad_key_is_none() {
    let desk = Desk::open().await;
    let nobody = object!({ "amount": "10.00", "agent_extension": "4711" });
    let first = keyed(&desk, "nobody", &nobody).await;
    let again = keyed(&desk, "nobody", &nobody).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (404, 404));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("content-type"), "application/problem+json");
    for key in ["", " ", &"x".repeat(129), "with space"] {
        let answer = keyed(&desk, key, &nobody).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text("field").as_str()),
            (400, "Idempotency-Key"),
            "{key:?}"
        );
    }
    // A look-up makes nothing: its key is not looked at.
    let looked = read(desk.ask(Method::GET, "/v1/calls").header("idempotency-key", "nobody")).await;
    assert_eq!(looked.status, 200);
}

#[tokio::test]
async fn a_key_is_one_of_its_request_alone() {
    let desk = Desk::open().await;
    let call = desk.call().await;
    let payment = desk.begin(&call, "A-2").await;
    desk.told(&payment, "field_opened").await;
    let path = format!("/v1/payments/{payment}/commands");
    let pause = |key: &'static str| {
        let request = desk.ask(Method::POST, &path).header("idempotency-key", key);
        read(json(request, &object!({ "command": "toggle_pause" })))
    };
    assert_eq!((pause("p-1").await.status.as_u16(), pause("p-1").await.status.as_u16()), (202, 202));
    desk.told(&payment, "paused").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let stage = desk.get("/v1/calls").await.body["calls"][0]["stage"].clone();
    assert_eq!(stage, "paused", "the second of two toggles with one key would have resumed");
}
