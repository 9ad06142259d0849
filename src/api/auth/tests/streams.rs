//! Streams, which end with the session or the key they were opened with.

use futures_util::StreamExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::*;
use crate::people::NewKey;

/// By then a stream has ended that may not go on.
const END_S: u64 = 12;

/// What a stream says until it ends, and the code it is closed with if it is a socket.
type Told = (String, Option<u16>);

async fn key(place: &Place, name: &str, expires_at_ms: Option<i64>) -> (&'static str, String) {
    let new = NewKey { name: name.into(), scopes: vec![Scope::Events], expires_at_ms };
    let key = place.auth.people().make_key("shell:0", &new).await.unwrap();
    ("authorization", format!("Bearer {}", *key))
}

/// Listens by server-sent events.
async fn stream(place: &Place, (name, value): (&'static str, String)) -> impl Future<Output = Told> {
    let answer = place.get("/v1/events?agent=1001").header(name, value).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    async move { (answer.text().await.unwrap(), None) }
}

/// Listens by WebSocket.
async fn socket(place: &Place, (name, value): (&'static str, String)) -> impl Future<Output = Told> {
    let address = place.address.trim_start_matches("http://");
    let url = format!("ws://{address}/v1/events/ws?agent=1001");
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert(name, value.parse().unwrap());
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("a socket");
    async move {
        let mut told = String::new();
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => told.push_str(&text),
                Some(Ok(Message::Close(frame))) => return (told, frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_stream_ends_with_what_it_was_opened_with_and_says_why() {
    let place = Place::new(Doorway::default()).await;
    let session = |cookie: &str| ("cookie", cookie.to_owned());
    let (leaves, csrf) = place.anna(&[Role::Agent]).await;
    place.house.add("bob", &[Role::Agent]).await;
    let bob = place.house.enter("bob").await;
    let bob = format!("tonegate={}", *bob.token);
    let in_a_minute = place.auth.people().now_ms() + MINUTE_MS;
    let (revoked, expires) =
        (key(&place, "revoked", None).await, key(&place, "expires", Some(in_a_minute)).await);

    let left = stream(&place, session(&leaves)).await;
    let left_socket = socket(&place, session(&leaves)).await;
    let locked = socket(&place, session(&bob)).await;
    let taken_back = stream(&place, revoked.clone()).await;
    let taken_back_socket = socket(&place, revoked).await;
    let expired = socket(&place, expires).await;
    let mut stays = Box::pin(stream(&place, key(&place, "stays", None).await).await);
    let mut configured = Box::pin(stream(&place, ("authorization", "Bearer 0123456789abcdef".into())).await);

    let out = place.post("/auth/logout").header("cookie", &leaves).header("x-csrf-token", &csrf);
    assert_eq!(out.send().await.unwrap().status(), StatusCode::SEE_OTHER);
    place.auth.people().lock("shell:0", "bob").await.unwrap();
    place.auth.people().revoke_key("shell:0", "revoked").await.unwrap();
    place.pass(MINUTE_MS);

    let end = Instant::now() + std::time::Duration::from_secs(END_S);
    let (session, key) = ("the session has ended: log in again", "the key has expired or was taken back");
    for (told, why) in [(timeout_at(end, left).await, session), (timeout_at(end, taken_back).await, key)] {
        let wanted = format!("event: closed\ndata: {{\"why\":\"{why}\"}}\n\n");
        assert_eq!(told.expect("it ends"), (wanted, None));
    }
    for (told, why) in [
        (timeout_at(end, left_socket).await, session),
        (timeout_at(end, locked).await, session),
        (timeout_at(end, taken_back_socket).await, key),
        (timeout_at(end, expired).await, key),
    ] {
        let wanted = json!({ "type": "closed", "why": why }).to_string();
        assert_eq!(told.expect("it ends"), (wanted, Some(1008)));
    }
    timeout_at(end, &mut stays).await.expect_err("another key holds");
    timeout_at(end, &mut configured).await.expect_err("so does the key of the configuration");
}

#[tokio::test]
async fn a_stream_ends_when_nobody_works_any_more_and_when_they_may_do_something_else() {
    let place = Place::new(Doorway::default()).await;
    let (idle, _) = place.anna(&[Role::Agent]).await;
    let told = stream(&place, ("cookie", idle)).await;
    place.pass(15 * MINUTE_MS);
    let (moved, _) = place.enter().await;
    let moved = socket(&place, ("cookie", moved)).await;
    let extensions = Some(vec!["1002".into()]);
    let change = crate::people::Change { name: "anna".into(), extensions, ..Default::default() };
    place.auth.people().change("shell:0", &change).await.unwrap();
    let end = Instant::now() + std::time::Duration::from_secs(END_S);
    let (text, _) = timeout_at(end, told).await.expect("it ends");
    assert!(text.contains("the session has ended"), "{text}");
    let (text, code) = timeout_at(end, moved).await.expect("it ends");
    assert!(text.contains("what you may do has changed") && code == Some(1008), "{text}");
}
