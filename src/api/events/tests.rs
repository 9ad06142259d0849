//! Readers who are slow, never read, or are too many, over real connections.

use std::net::SocketAddr;
use std::time::Duration;

use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Extension, Router};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use super::*;
use crate::api::auth::{Auth, Caller, Doorway};
use crate::call::{Field, Notice};
use crate::config::Secret;
use crate::desk::EventBody;
use crate::people::Scopes;
use crate::people::tests::House;

/// More than ring, sockets and buffers hold together.
const FLOOD_EVENTS: u32 = 20_000;

async fn served(ears: Ears) -> SocketAddr {
    let house = House::new().await;
    let auth = Auth::new(house.people, Secret::default(), None, Doorway::default());
    let pass = Pass::configured(&auth, Caller::key("reader", Scopes::ALL));
    let router = Router::new().route("/sse", get(stream)).route("/ws", get(socket));
    let router = router.layer(Extension(pass)).with_state(ears);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = listener.tap_io(|stream| crate::api::connection::prepare(stream));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn ears() -> Ears {
    Ears::new(Feed::new(), CancellationToken::new())
}

/// Tells faster than anybody reads, but lets those who serve have their turn.
async fn flood(feed: &Feed) {
    for n in 0..FLOOD_EVENTS {
        if n % 64 == 0 {
            tokio::task::yield_now().await;
        }
        let count = u8::try_from(n % 16).unwrap();
        let body = EventBody::of(&Notice::Progress { field: Field::Number, count, brand: None });
        feed.publish(Uuid::from_u128(1), body);
    }
}

async fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Reads until the other side ends it.
async fn rest(mut stream: TcpStream) -> String {
    let mut all = Vec::new();
    let read = stream.read_to_end(&mut all);
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("it ends").unwrap();
    String::from_utf8_lossy(&all).into_owned()
}

async fn until_heard(ears: &Ears, count: usize) {
    while LISTENERS_MAX - ears.seats.available_permits() != count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_stream_that_was_not_read_in_time_ends_with_a_marker() {
    let ears = ears();
    let address = served(ears.clone()).await;
    let slow = ask(address, "/sse").await;
    until_heard(&ears, 1).await;
    flood(&ears.feed).await;
    let told = rest(slow).await;
    assert!(told.contains("event: lagged\ndata: {\"lost\":"), "{}", &told[told.len() - 300..]);
    let events = told.matches("event: progress").count();
    assert!((1..FLOOD_EVENTS as usize / 2).contains(&events), "{events} events were kept for it");
    until_heard(&ears, 0).await;
}

#[tokio::test]
async fn a_socket_that_was_not_read_in_time_ends_with_a_marker() {
    let ears = ears();
    let address = served(ears.clone()).await;
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut slow, _) =
        tokio_tungstenite::client_async(format!("ws://{address}/ws"), stream).await.expect("a socket");
    until_heard(&ears, 1).await;
    flood(&ears.feed).await;
    let mut texts = Vec::new();
    let end = loop {
        match slow.next().await {
            Some(Ok(Message::Text(text))) => texts.push(text.to_string()),
            Some(Ok(Message::Close(frame))) => break frame,
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    };
    assert!(texts.last().unwrap().starts_with(r#"{"type":"lagged","lost":"#), "{:?}", texts.last());
    assert!(texts.len() < FLOOD_EVENTS as usize / 2, "{} events were kept for it", texts.len());
    assert_eq!(u16::from(end.expect("a reason").code), 1013);
    until_heard(&ears, 0).await;
}

#[tokio::test]
async fn who_comes_back_reads_on_where_it_was_and_a_gap_is_told() {
    let ears = ears();
    let address = served(ears.clone()).await;
    flood(&ears.feed).await;
    let mut back = ask(address, &format!("/sse?after={}", FLOOD_EVENTS - 1)).await;
    let mut told = String::new();
    while !told.contains("\n\n") || !told.contains("seq") {
        let mut some = [0; 4096];
        let read = back.read(&mut some).await.unwrap();
        told.push_str(&String::from_utf8_lossy(&some[..read]));
    }
    assert!(told.contains(&format!("id: {FLOOD_EVENTS}\n")) && !told.contains("event: gap"), "{told}");
    let long_gone = ask(address, "/sse?after=1").await;
    until_heard(&ears, 2).await;
    ears.stop.cancel();
    let told = rest(long_gone).await;
    assert!(told.contains("event: gap"), "{}", &told[..400]);
}

#[tokio::test]
async fn there_is_a_bound_on_listeners_and_what_they_ask_is_looked_at() {
    let ears = ears();
    let address = served(ears.clone()).await;
    let taken = Arc::clone(&ears.seats).try_acquire_many_owned(LISTENERS_MAX as u32).unwrap();
    for (path, status) in
        [("/sse", "503"), ("/sse?payment=7", "400"), ("/sse?nobody=1", "400"), ("/ws", "400")]
    {
        let mut stream = ask(address, path).await;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.unwrap();
        assert!(head.ends_with(status.as_bytes()), "{path}: {}", String::from_utf8_lossy(&head));
    }
    drop(taken);
}
