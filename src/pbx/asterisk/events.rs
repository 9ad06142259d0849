//! ARI's events, by websocket: ours to Asterisk, or Asterisk's to us (`outbound_websocket`).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use futures_util::{SinkExt, StreamExt};
use subtle::ConstantTimeEq;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, client::IntoClientRequest};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config, client_async_with_config};
use tracing::warn;
use zeroize::Zeroizing;

use super::event;
use super::legs::Legs;
use super::settings::AsteriskSettings;

/// Longest event, in bytes.
const EVENT_MAX_BYTES: usize = 256 * 1024;
/// How long Asterisk may take to call us, if it is to do so; its own pause is half a second by default.
const CALL_IN_TIMEOUT_MS: u64 = 5_000;

/// How long somebody who is sent away may take to say what they want.
const REFUSAL_TIMEOUT_MS: u64 = 1_000;
/// The least time from one who is sent away to the next.
const REFUSAL_PAUSE_MS: u64 = 500;

pub(super) type Socket = WebSocketStream<TcpStream>;

/// Why the events ended.
pub(super) enum End {
    /// The connection broke.
    Broken(String),
    /// Another program took our application's name.
    Replaced,
}

fn bounds() -> WebSocketConfig {
    let most = Some(EVENT_MAX_BYTES);
    WebSocketConfig::default().max_message_size(most).max_frame_size(most)
}

/// What the other end has to say in `Authorization`.
fn credentials(user: &str, password: &str) -> Zeroizing<String> {
    let pair = Zeroizing::new(format!("{user}:{password}"));
    let coded = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(pair.as_bytes()));
    Zeroizing::new(format!("Basic {}", coded.as_str()))
}

/// Calls Asterisk.
///
/// # Errors
/// With a sentence for the admin.
pub(super) async fn dial(settings: &AsteriskSettings, password: &str) -> Result<Socket, String> {
    let address = settings.ari_address;
    let prefix = settings.ari_prefix.trim_matches('/');
    let slash = if prefix.is_empty() { "" } else { "/" };
    let url = format!("ws://{address}{slash}{prefix}/ari/events?app={}", settings.application);
    let odd = |why: &dyn std::fmt::Display| format!("ARI's address cannot be: {why}");
    let mut request = url.into_client_request().map_err(|why| odd(&why))?;
    let pass = credentials(&settings.user, password);
    let mut value = HeaderValue::from_str(&pass).map_err(|why| odd(&why))?;
    value.set_sensitive(true);
    request.headers_mut().insert("Authorization", value);
    let called = async {
        let stream = TcpStream::connect(address).await.map_err(|why| {
            format!("ARI does not listen on {address} ({why}): set enabled = yes in http.conf and ari.conf")
        })?;
        let _ = stream.set_nodelay(true);
        match client_async_with_config(request, stream, Some(bounds())).await {
            Ok((socket, _)) => Ok(socket),
            Err(Error::Http(answer)) if matches!(answer.status().as_u16(), 401 | 403) => {
                Err(forbidden(&settings.user))
            }
            Err(why) => Err(format!("ARI gives no events ({why}): is res_ari_events loaded?")),
        }
    };
    let limit = Duration::from_millis(settings.connect_timeout_ms);
    timeout(limit, called).await.unwrap_or_else(|_| Err(format!("ARI on {address} does not answer")))
}

/// What to say if ARI knows the account not.
pub(super) fn forbidden(user: &str) -> String {
    format!(
        "ARI refuses the account `{user}`: is it in ari.conf with the password of pbx.asterisk.password_file and read_only = no, and was res_ari reloaded?"
    )
}

/// Waits for Asterisk to call us.
///
/// # Errors
/// With a sentence for the admin.
pub(super) async fn answer(
    listener: &TcpListener,
    settings: &AsteriskSettings,
    password: &str,
) -> Result<Socket, String> {
    let limit = Duration::from_millis(CALL_IN_TIMEOUT_MS);
    let (stream, _) = timeout(limit, listener.accept())
        .await
        .map_err(|_| {
            format!(
                "Asterisk does not call pbx.asterisk.ari_listen = {}: compare websocket_client.conf and the outbound_websocket of ari.conf",
                settings.ari_listen.map(|listen| listen.to_string()).unwrap_or_default()
            )
        })?
        .map_err(|why| format!("pbx.asterisk.ari_listen takes no connections: {why}"))?;
    let _ = stream.set_nodelay(true);
    greet(stream, settings, password).await
}

/// Takes whoever calls for Asterisk, if they know the password.
async fn greet(stream: TcpStream, settings: &AsteriskSettings, password: &str) -> Result<Socket, String> {
    let expected = credentials(&settings.user, password);
    // The library's own callback type.
    #[allow(clippy::result_large_err)]
    let check = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let said = request.headers().get("Authorization").map(HeaderValue::as_bytes).unwrap_or_default();
        if !bool::from(said.ct_eq(expected.as_bytes())) {
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = StatusCode::UNAUTHORIZED;
            return Err(refusal);
        }
        response.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("ari"));
        Ok(response)
    };
    let limit = Duration::from_millis(settings.connect_timeout_ms);
    match timeout(limit, accept_hdr_async_with_config(stream, check, Some(bounds()))).await {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(Error::Http(_))) => Err(format!(
            "Asterisk called with another account or password than `{}` and ours: correct username and password in websocket_client.conf",
            settings.user
        )),
        Ok(Err(why)) => Err(format!("what called pbx.asterisk.ari_listen is not Asterisk: {why}")),
        Err(_) => Err("what called pbx.asterisk.ari_listen says nothing".into()),
    }
}

/// Sends everybody else away who calls while one connection stands.
pub(super) async fn refuse_others(listener: &TcpListener) {
    loop {
        if let Ok((stream, from)) = listener.accept().await {
            warn!(%from, "somebody else calls pbx.asterisk.ari_listen while an Asterisk is connected, and is sent away: does a second Asterisk, or a second entry of its websocket_client.conf, use this port?");
            // The library's own callback type.
            #[allow(clippy::result_large_err)]
            let refuse = |_: &Request, _: Response| -> Result<Response, ErrorResponse> {
                let mut refusal = ErrorResponse::new(Some("an Asterisk is connected already\n".to_owned()));
                *refusal.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                Err(refusal)
            };
            let answered = accept_hdr_async_with_config(stream, refuse, Some(bounds()));
            // Whatever comes of it, they are not served.
            let _ = timeout(Duration::from_millis(REFUSAL_TIMEOUT_MS), answered).await;
        }
        sleep(Duration::from_millis(REFUSAL_PAUSE_MS)).await;
    }
}

/// Serves until the connection ends or is silent for too long.
pub(super) async fn run(mut socket: Socket, legs: Arc<Legs>, heartbeat: Duration, answer: Duration) -> End {
    let mut heard = Instant::now();
    let mut ping_at = Instant::now() + heartbeat;
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    heard = Instant::now();
                    if let Some(told) = event::from_ari(text.as_str())
                        && legs.hear(told)
                    {
                        return End::Replaced;
                    }
                }
                Some(Ok(Message::Close(_))) | None => {
                    return End::Broken("Asterisk closed the connection of events (ARI)".into());
                }
                Some(Ok(_)) => heard = Instant::now(),
                Some(Err(why)) => return End::Broken(format!("the connection of events (ARI) broke: {why}")),
            },
            () = tokio::time::sleep_until(ping_at) => {
                if heard.elapsed() > heartbeat + answer {
                    return End::Broken("Asterisk is silent on the connection of events (ARI)".into());
                }
                ping_at = Instant::now() + heartbeat;
                if let Err(why) = socket.send(Message::Ping(Vec::new().into())).await {
                    return End::Broken(format!("the connection of events (ARI) broke: {why}"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an Asterisk that calls with these credentials gets, and what the daemon says of it.
    async fn calls(user: &str, password: &str) -> (Result<(), Error>, Result<Socket, String>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let at = listener.local_addr().unwrap();
        let settings = AsteriskSettings { ari_listen: Some(at), ..AsteriskSettings::default() };
        let mut request = format!("ws://{at}/ari/events").into_client_request().unwrap();
        let pass = HeaderValue::from_str(&credentials(user, password)).unwrap();
        request.headers_mut().insert("Authorization", pass);
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("ari"));
        let calling = async {
            let stream = TcpStream::connect(at).await.unwrap();
            client_async_with_config(request, stream, None).await.map(drop)
        };
        tokio::join!(calling, answer(&listener, &settings, "right"))
    }

    #[tokio::test]
    async fn who_calls_with_the_password_is_taken_and_who_does_not_is_told_about() {
        let (called, taken) = calls("tonegate", "right").await;
        assert!(called.is_ok() && taken.is_ok());
        for (user, password) in [("tonegate", "wrong"), ("another", "right")] {
            let (called, taken) = calls(user, password).await;
            assert!(
                matches!(called, Err(Error::Http(answer)) if answer.status() == StatusCode::UNAUTHORIZED)
            );
            let why = taken.err().unwrap_or_default();
            assert!(
                why.contains("another account or password") && why.contains("websocket_client.conf"),
                "{why}"
            );
        }
    }

    #[tokio::test]
    async fn while_one_is_connected_others_are_sent_away() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let at = listener.local_addr().unwrap();
        let calling = async {
            let stream = TcpStream::connect(at).await.unwrap();
            client_async_with_config(format!("ws://{at}/ari/events"), stream, None).await.map(drop)
        };
        let called = tokio::select! {
            called = calling => called,
            () = refuse_others(&listener) => Ok(()),
        };
        let refused =
            matches!(called, Err(Error::Http(answer)) if answer.status() == StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused);
    }
}
