//! The seal's self-test: a call inside that FreeSWITCH, on which a digit must reach the private keypad and
//! nobody else while it is sealed, and everybody once it is not.
//!
//! The second half matters as much: a witness that hears nothing at all proves nothing.

use std::time::Duration;

use freeswitch_esl_tokio::{AuthMethod, EslClient, EslConnectOptions, EslEventStream, EventFormat};
use rand::Rng;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::debug;

use super::link::{LinkError, read_password};
use super::{Shared, nonce};
use crate::call::FromPbx;
use crate::card::{Key, KeyKind};

/// How long a digit may take from FreeSWITCH to a listener.
const DIGIT_TIMEOUT_MS: u64 = 1_500;
/// How long the witness listens for a digit that must not come.
const SILENCE_MS: u64 = 300;
/// Events the witness may have waiting.
const WITNESS_QUEUE_LENGTH: usize = 64;

/// What the self-test found.
#[derive(Debug, thiserror::Error)]
pub(super) enum TestFailure {
    #[error("its call could not be made ({0}): is mod_loopback loaded?")]
    Call(LinkError),
    #[error(
        "its call did not come to {0}: include dialplan/freeswitch/tonegate.xml, with that port, and `reloadxml`"
    )]
    NoKeypad(std::net::SocketAddr),
    #[error("the private connection failed ({0})")]
    Keypad(#[from] super::keypad::KeypadError),
    #[error("a second connection could not listen ({0})")]
    Witness(String),
    #[error(
        "the digit did not reach the private keypad: this FreeSWITCH feeds bindings differently; use 1.10.12 or ask for support of this version"
    )]
    NotHeard,
    #[error(
        "another listener saw the digit although the leg was sealed: this FreeSWITCH cannot keep a secret; use 1.10.12"
    )]
    Leaked,
    #[error(
        "a digit pressed after the release reached nobody: this FreeSWITCH does not give the keys back; use 1.10.12"
    )]
    NotReleased,
}

/// Runs the test.
pub(super) async fn run(shared: &Shared) -> Result<(), TestFailure> {
    let leg = uuid::Uuid::new_v4().to_string();
    let result = test(shared, &leg).await;
    if let Err(why) = shared.link.api(format!("uuid_kill {leg}")).await {
        debug!(%why, "the self-test's call had ended already");
    }
    result
}

async fn test(shared: &Shared, leg: &str) -> Result<(), TestFailure> {
    let link = &shared.link;
    let context = &shared.settings.keypad_context;
    let word = nonce();
    let mut waiting = shared.door.expect(leg, &word);
    let (_witness, mut seen) = witness(shared, leg).await?;
    link.background(&format!(
        "originate {{origination_uuid={leg},sensitive_dtmf=true,tonegate_nonce={word},process_cdr=false,\
         ignore_early_media=true}}null/tonegate tonegate_customer XML {context}"
    ))
    .await
    .map_err(TestFailure::Call)?;
    let limit = Duration::from_millis(shared.settings.seal_timeout_ms);
    let line = timeout(limit, waiting.line()).await.ok().flatten();
    let line = line.ok_or(TestFailure::NoKeypad(shared.settings.keypad_listen))?;
    let (reports, mut heard) = mpsc::channel(1);
    let keypad = line.take(reports);
    keypad.divert(leg).await?;
    keypad.bound().await?;
    keypad.open(true).await;

    let digit = rand::rng().random_range(0..10u8);
    press(shared, leg, digit).await?;
    let key = timeout(Duration::from_millis(DIGIT_TIMEOUT_MS), heard.recv()).await.ok().flatten();
    let right = |key: Key| key.kind() == KeyKind::Digit && key.menu() == Some(digit);
    let arrived = match key {
        Some(FromPbx::Key(key)) => right(key),
        _ => false,
    };
    if !arrived {
        return Err(TestFailure::NotHeard);
    }
    if saw_digit(&mut seen, SILENCE_MS).await {
        return Err(TestFailure::Leaked);
    }
    keypad.release().await?;
    link.unset(leg, "sensitive_dtmf").await.map_err(TestFailure::Call)?;
    press(shared, leg, digit).await?;
    if !saw_digit(&mut seen, DIGIT_TIMEOUT_MS).await {
        return Err(TestFailure::NotReleased);
    }
    Ok(())
}

/// A digit of no meaning, as if it came from the leg's far end (`~`: through the bindings).
async fn press(shared: &Shared, leg: &str, digit: u8) -> Result<(), TestFailure> {
    shared.link.api(format!("uuid_recv_dtmf {leg} ~{digit}")).await.map(drop).map_err(TestFailure::Call)
}

/// A plain Event Socket client that listens for the digits of this one leg, as any other program could.
async fn witness(shared: &Shared, leg: &str) -> Result<(EslClient, EslEventStream), TestFailure> {
    let settings = &shared.settings;
    let failed = |why: String| TestFailure::Witness(why);
    let password = read_password(settings).await.map_err(failed)?;
    let limit = Duration::from_millis(settings.connect_timeout_ms);
    let options =
        EslConnectOptions::new().with_connect_timeout(limit).with_event_queue_size(WITNESS_QUEUE_LENGTH);
    let address = settings.control_address;
    let host = address.ip().to_string();
    let connecting =
        EslClient::connect_with_auth(&host, address.port(), AuthMethod::password(password), options);
    let (client, events) = timeout(limit * 4, connecting)
        .await
        .map_err(|_| failed("no greeting in time".into()))?
        .map_err(|e| failed(e.to_string()))?;
    // The filter first: of other calls' digits it must hear none.
    client.filter_raw("Unique-ID", leg).await.map_err(|e| failed(e.to_string()))?;
    client
        .subscribe_events_raw(EventFormat::Plain, "DTMF CHANNEL_DATA")
        .await
        .map_err(|e| failed(e.to_string()))?;
    Ok((client, events))
}

async fn saw_digit(events: &mut EslEventStream, within_ms: u64) -> bool {
    let until = Instant::now() + Duration::from_millis(within_ms);
    while let Ok(Some(Ok(event))) = timeout_at(until, events.recv()).await {
        if event.header_str("DTMF-Digit").is_some() || event.header_str("digits").is_some() {
            return true;
        }
    }
    false
}
