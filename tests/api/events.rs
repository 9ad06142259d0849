//! The live feed as two kinds of clients read it, while a customer keys.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use crate::desk::Desk;

/// Reads a stream of server-sent events until one has this `type`.
async fn streamed(desk: &Desk, path: &str, last: Option<u64>, until: &str) -> Vec<Value> {
    let mut request = desk.ask(Method::GET, path);
    if let Some(last) = last {
        request = request.header("last-event-id", last.to_string());
    }
    let mut answer = request.send().await.expect("a stream").error_for_status().expect("taken");
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let (mut text, mut events) = (String::new(), Vec::<Value>::new());
    while events.last().is_none_or(|event| event["type"] != until) {
        let chunk = tokio::time::timeout(Duration::from_secs(20), answer.chunk()).await.expect("in time");
        text.push_str(&String::from_utf8_lossy(&chunk.expect("read").expect("more")));
        while let Some((frame, rest)) = text.split_once("\n\n") {
            let data = frame.lines().find_map(|line| line.strip_prefix("data: "));
            events.extend(data.map(|data| serde_json::from_str::<Value>(data).expect("JSON")));
            text = rest.to_owned();
        }
    }
    events
}

/// The same by WebSocket.
async fn by_socket(desk: &Desk, query: &str, until: &str) -> Vec<Value> {
    let host = desk.set.settings.api.trim_start_matches("http://");
    let mut request = format!("ws://{host}/v1/events/ws{query}").into_client_request().expect("a request");
    let key = format!("Bearer {}", desk.set.settings.key).parse().expect("a header");
    request.headers_mut().insert("authorization", key);
    let stream = TcpStream::connect(host).await.expect("connected");
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("a socket");
    let mut events = Vec::<Value>::new();
    while events.last().is_none_or(|event| event["type"] != until) {
        let next = tokio::time::timeout(Duration::from_secs(20), socket.next()).await.expect("in time");
        if let Message::Text(text) = next.expect("more").expect("read") {
            events.push(serde_json::from_str(&text).expect("JSON"));
        }
    }
    events
}

#[tokio::test]
async fn both_kinds_of_readers_are_told_the_same_and_each_event_names_its_call() {
    let desk = Desk::open().await;
    let call = desk.call().await;
    let payment = desk.begin(&call, "E-1").await;
    desk.told(&payment, "field_opened").await;
    // A number whose check digit is wrong is refused with a hint, and the customer begins again.
    call.customer.key("4111111111111112#", 60, 60).await.expect("keyed");
    desk.told(&payment, "field_refused").await;
    let path = format!("/v1/payments/{payment}/commands");
    desk.post(&path, &serde_json::json!({ "command": "cancel" })).await;
    desk.told(&payment, "ended").await;

    let all = streamed(&desk, "/v1/events?after=0", None, "ended").await;
    assert_eq!(by_socket(&desk, "?after=0", "ended").await, all);
    assert_eq!(streamed(&desk, &format!("/v1/events?after=0&payment={payment}"), None, "ended").await, all);
    assert_eq!(streamed(&desk, "/v1/events?agent=1001&after=0", None, "ended").await, all);
    let seqs: Vec<u64> = all.iter().map(|event| event["seq"].as_u64().expect("a number")).collect();
    assert!(seqs.windows(2).all(|two| two[0] + 1 == two[1]), "{seqs:?}");
    for event in &all {
        assert_eq!(
            (&event["agent"], &event["call"]),
            (&Value::from("1001"), &Value::from(call.customer_leg.as_str()))
        );
        // Eight in a row: the nanoseconds of a time may hold four of them by chance.
        assert!(!event.to_string().contains("41111111"), "{event}");
    }
    let of =
        |kind: &str| all.iter().find(|event| event["type"] == kind).unwrap_or_else(|| panic!("no {kind}"));
    assert_eq!(of("field_refused")["hint"], "check_digit");
    assert!(of("sealed")["line"].is_string());

    // Who comes back reads on; the header of a browser counts for more than the address it first asked for.
    let third = seqs[2];
    assert_eq!(streamed(&desk, "/v1/events?after=0", Some(third), "ended").await, all[3..]);
    assert_eq!(by_socket(&desk, &format!("?after={third}"), "ended").await, all[3..]);
}

#[tokio::test]
async fn an_agent_is_not_told_of_others_and_a_stream_ends_with_the_daemon() {
    let mut desk = Desk::open().await;
    let call = desk.call().await;
    let mut other = desk.ask(Method::GET, "/v1/events?agent=1002").send().await.expect("a stream");
    let payment = desk.begin(&call, "E-2").await;
    desk.told(&payment, "field_opened").await;
    let nothing = tokio::time::timeout(Duration::from_millis(500), other.chunk()).await;
    assert!(nothing.is_err(), "{nothing:?}");
    let path = format!("/v1/payments/{payment}/commands");
    desk.post(&path, &serde_json::json!({ "command": "cancel" })).await;
    desk.told(&payment, "ended").await;
    desk.set.daemon.stop().await.expect("it stops in order, although somebody listens");
    let end = tokio::time::timeout(Duration::from_secs(5), other.chunk()).await.expect("in time");
    assert!(matches!(end, Ok(None) | Err(_)), "{end:?}");
}
