//! `GET /v1/events/ws`: the same by WebSocket (RFC 6455).

use std::time::Duration;

use axum::Extension;
use axum::extract::State as Extracted;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use serde_json::json;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Ears, Filter, KEEP_ALIVE_MS, Tap, Told};
use crate::api::auth::Pass;
use crate::api::extract::Params;
use crate::api::problem::{Kind, Problem};

/// Listeners have nothing to say to us: the longest message that is read and thrown away.
const MAX_MESSAGE_BYTES: usize = 4 * 1024;

/// What one listener may hold of ours before it has gone out.
const BUFFER_BYTES: usize = 4 * 1024;

/// How long a message may wait to go out; who does not read for longer is dropped.
const SEND_TIMEOUT_MS: u64 = 20_000;

/// Tells what happens as it happens, by WebSocket.
///
/// Each message is an Event as JSON. Three are none: `{"type":"gap"}`, `{"type":"lagged","lost":…}` and
/// `{"type":"closed","why":…}`, as in `/v1/events`; the last is followed by the close code 1008. What the listener sends
/// is not read.
#[utoipa::path(get, path = "/v1/events/ws", operation_id = "socket_events", tag = "events", params(Filter), responses(
    (status = 101, description = "The events follow."),
    (status = 400, response = crate::api::openapi::Refusal)))]
pub(in crate::api) async fn socket(
    Extracted(ears): Extracted<Ears>,
    Extension(pass): Extension<Pass>,
    Params(filter): Params<Filter>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|fault| {
        Problem::of(Kind::Invalid, format!("this address speaks WebSocket: {}", fault.body_text()))
    })?;
    let tap = ears.tap(filter, pass)?;
    Ok(upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(16 * BUFFER_BYTES)
        .on_upgrade(move |socket| tell(socket, tap)))
}

/// Tells until either side has enough.
async fn tell(mut socket: WebSocket, mut tap: Tap) {
    let mut quiet_until = next_sign_of_life();
    loop {
        let told = tokio::select! {
            told = tap.next() => told,
            heard = socket.recv() => match heard {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
            () = sleep_until(quiet_until) => {
                quiet_until = next_sign_of_life();
                if !sent(&mut socket, Message::Ping(Vec::new().into())).await {
                    return;
                }
                continue;
            }
        };
        let (message, goodbye) = match &told {
            Some(Told::Event(event)) => (Some(Message::text(event.json())), None),
            Some(Told::Gap) => (Some(Message::text(r#"{"type":"gap"}"#)), None),
            Some(Told::Lagged(lost)) => (
                Some(Message::text(format!(r#"{{"type":"lagged","lost":{lost}}}"#))),
                Some(close("read faster, or ask for fewer events", close_code::AGAIN)),
            ),
            Some(Told::Closed(why)) => (
                Some(Message::text(json!({ "type": "closed", "why": why }).to_string())),
                Some(close(why, close_code::POLICY)),
            ),
            None => (None, Some(close("the daemon is stopping", close_code::AWAY))),
        };
        if let Some(message) = message
            && !sent(&mut socket, message).await
        {
            return;
        }
        if let Some(goodbye) = goodbye {
            sent(&mut socket, Message::Close(Some(goodbye))).await;
            return;
        }
        quiet_until = next_sign_of_life();
    }
}

fn next_sign_of_life() -> Instant {
    Instant::now() + Duration::from_millis(KEEP_ALIVE_MS)
}

fn close(reason: &'static str, code: u16) -> CloseFrame {
    CloseFrame { code, reason: reason.into() }
}

/// Whether it went out in time.
async fn sent(socket: &mut WebSocket, message: Message) -> bool {
    matches!(timeout(Duration::from_millis(SEND_TIMEOUT_MS), socket.send(message)).await, Ok(Ok(())))
}
