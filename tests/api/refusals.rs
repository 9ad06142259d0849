//! What is refused, and that each refusal says what is wrong and what to do.

use reqwest::Method;
use serde_json::{Value, json as object};

use crate::desk::{Answer, Desk, json, read};

/// Where the document is kept, to be read by people and by programs that make clients.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/openapi.json");

/// A refusal says all that it has to.
fn check(answer: &Answer, status: u16, kind: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.body);
    assert_eq!(answer.text("type"), format!("urn:tonegate:problem:{kind}"), "{}", answer.body);
    assert_eq!(answer.body["status"], status);
    assert!(answer.text("detail").len() > 10, "{}", answer.body);
    assert_eq!(answer.text("request_id"), answer.header("x-request-id"));
}

#[tokio::test]
async fn each_kind_of_bad_request_is_told_apart() {
    let desk = Desk::open().await;
    let stranger = |key: &str| {
        let request = desk.client.get(format!("{}/v1/payments", desk.set.settings.api));
        if key.is_empty() { request } else { request.bearer_auth(key) }
    };
    for key in ["", "wrong"] {
        let answer = read(stranger(key)).await;
        check(&answer, 401, "not-authenticated");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    check(&desk.get("/v1/nothing").await, 404, "no-such-resource");
    check(&desk.get("/v1/payments/0190b2c4-7e1f-7000-8000-1234567890ab").await, 404, "no-such-payment");
    for path in ["/v1/operations", "/v1/links"] {
        let unknown = desk.get(&format!("{path}/0190b2c4-7e1f-7000-8000-1234567890ab")).await;
        check(&unknown, 404, "no-such-operation");
    }
    check(&desk.get("/v1/payments/7").await, 400, "invalid-request");
    let answer = read(desk.ask(Method::DELETE, "/v1/payments")).await;
    check(&answer, 405, "method-not-allowed");
    assert!(answer.header("allow").contains("POST") && answer.header("allow").contains("GET"));
    for query in ["limit=0", "limit=x", "from=yesterday", "state=lost", "cursor=7", "nothing=1"] {
        check(&desk.get(&format!("/v1/payments?{query}")).await, 400, "invalid-request");
    }

    let post = || desk.ask(Method::POST, "/v1/payments");
    check(&read(post().body("amount=1")).await, 415, "wrong-media-type");
    let typed = || post().header("content-type", "application/json");
    check(&read(typed().body("{\"amount\":")).await, 400, "not-json");
    check(&read(typed().body(format!("\"{}\"", "x".repeat(70_000)))).await, 413, "too-long");
    let unknown = desk.post("/v1/payments", &object!({ "amount": "1", "card": "none" })).await;
    check(&unknown, 400, "invalid-request");
    assert!(unknown.text("detail").contains("card"), "{}", unknown.body);
}

#[tokio::test]
async fn no_address_opens_without_a_key_or_with_a_wrong_one() {
    let desk = Desk::open().await;
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(KEPT).expect("it")).expect("JSON");
    let described = kept["paths"].as_object().expect("paths").iter().flat_map(|(path, methods)| {
        methods
            .as_object()
            .into_iter()
            .flat_map(|methods| methods.keys())
            .map(|m| (m.to_uppercase(), path.clone()))
    });
    let all: Vec<_> = described.collect();
    assert!(all.iter().any(|(_, path)| path == "/v1/webhooks/replay"), "{all:?}");
    assert!(all.len() >= 18, "{all:?}");
    for (n, (method, path)) in all.into_iter().enumerate() {
        // With thirty wrong keys an address is shut out: each comes from its own, as a proxy on this machine tells it.
        let from = format!("198.51.100.{}", n + 1);
        let url = format!("{}{}", desk.set.settings.api, path.replace(['{', '}'], ""));
        let method: Method = method.parse().expect("a method");
        for key in [None, Some("wrong")] {
            let request = desk.client.request(method.clone(), &url).header("x-forwarded-for", &from);
            let request = key.map_or(request.try_clone().expect("no body"), |key| request.bearer_auth(key));
            check(&read(request).await, 401, "not-authenticated");
        }
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_taken_is_named() {
    let desk = Desk::open().await;
    let long = "x".repeat(201);
    let cases: [(Value, &str); 9] = [
        (object!({ "amount": "1,50", "leg": "a" }), "amount"),
        (object!({ "amount": "1.505", "leg": "a" }), "amount"),
        (object!({ "amount": "1", "currency": "euro", "leg": "a" }), "currency"),
        (object!({ "amount": "1", "language": "tlh", "leg": "a" }), "language"),
        (object!({ "amount": "1", "reference": "a\nb", "leg": "a" }), "reference"),
        (object!({ "amount": "1", "leg": "" }), "leg"),
        (object!({ "amount": "1", "leg": long }), "leg"),
        (object!({ "amount": "1", "leg": "a", "parameters": { "a": "\u{7}" } }), "parameters"),
        (object!({ "amount": "1", "leg": "a", "begin": false }), "agent_extension"),
    ];
    for (body, field) in cases {
        let answer = desk.post("/v1/payments", &body).await;
        check(&answer, 422, "refused-value");
        assert_eq!(answer.text("field"), field, "{body}");
    }
    let both =
        desk.post("/v1/payments", &object!({ "amount": "1", "leg": "a", "agent_extension": "1" })).await;
    check(&both, 422, "refused-value");
    let nobody = desk.post("/v1/payments", &object!({ "amount": "1", "agent_extension": "4711" })).await;
    check(&nobody, 404, "no-such-call");
}

#[tokio::test]
async fn a_request_keeps_the_name_its_caller_gave_it() {
    let desk = Desk::open().await;
    let named = |id: &str| desk.ask(Method::GET, "/v1/nothing").header("x-request-id", id);
    let answer = read(named("crm-17.4_b")).await;
    assert_eq!(
        (answer.header("x-request-id"), answer.text("request_id").as_str()),
        ("crm-17.4_b", "crm-17.4_b")
    );
    // One that could forge a line of the log is not taken over.
    let answer = read(named("a b\tc")).await;
    assert_eq!(answer.text("request_id").len(), 36, "{}", answer.body);
    assert_eq!(desk.get("/v1/calls").await.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let desk = Desk::with(|options| options.api = "requests_per_s = 2\n".into()).await;
    let mut last = desk.get("/v1/calls").await;
    assert_eq!((last.header("ratelimit-limit"), last.status.as_u16()), ("4", 200));
    for _ in 0..20 {
        if last.status != 200 {
            break;
        }
        last = desk.get("/v1/calls").await;
    }
    check(&last, 429, "too-many-requests");
    assert_eq!((last.header("retry-after"), last.header("ratelimit-remaining")), ("1", "0"));
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_eq!(desk.get("/v1/calls").await.status, 200, "and then is served");
    // What needs no key is not counted.
    let health = format!("{}/health", desk.set.settings.api);
    for _ in 0..20 {
        assert!(desk.client.get(&health).send().await.expect("an answer").status().is_success());
    }
}

#[tokio::test]
async fn the_documents_need_no_key_and_no_other_machine() {
    let desk = Desk::open().await;
    let open = |path: &str| read(desk.client.get(format!("{}{path}", desk.set.settings.api)));
    let document = open("/openapi.json").await.body;
    if std::env::var_os("TONEGATE_RENEW").is_some() {
        std::fs::write(KEPT, format!("{document:#}\n")).expect("written");
    }
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(KEPT).expect("it")).expect("JSON");
    assert!(
        document == kept,
        "the API has changed. If that is meant, and callers can live with it, renew the document: \
         TONEGATE_RENEW=1 cargo test --test api documents, and commit tests/openapi.json"
    );
    let page = open("/docs").await;
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.body.as_str().is_some_and(|page| page.contains("/v1/payments/{id}/commands")));
    assert!(open("/docs/style.css").await.header("content-type").starts_with("text/css"));
    let answer = read(json(desk.client.post(format!("{}/docs", desk.set.settings.api)), &object!({}))).await;
    check(&answer, 405, "method-not-allowed");
}
