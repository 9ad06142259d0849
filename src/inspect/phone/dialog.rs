//! A call, in the hands of whoever drives the phone.

use super::call::{Call, EndedBy};
use super::keys::{KeyMode, KeyStyle, Pressed};
use super::sdp::Direction;
use super::{Heard, Inner, PhoneError};
use crate::inspect::audio::{Law, Marker};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::{sleep, sleep_until, timeout};

/// How long a transfer may take.
const TRANSFER_WAIT: Duration = Duration::from_secs(30);
/// How long to wait, and how often, when both sides change the media at the same moment (491).
const GLARE_WAIT: Duration = Duration::from_millis(700);
const GLARE_TRIES: u32 = 4;

/// One call of a phone, answered. Dropping it does not hang up while the phone lives.
pub struct Dialog {
    inner: Arc<Inner>,
    call: Arc<Call>,
}

impl Dialog {
    pub(super) fn new(inner: Arc<Inner>, call: Arc<Call>) -> Self {
        Self { inner, call }
    }

    /// The Call-ID, by which the PBX knows this leg.
    pub fn call_id(&self) -> &str {
        &self.call.id
    }

    /// A header of the INVITE that brought the call; none if this phone called.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.call.invite.as_ref()?.header(name)
    }

    /// Whether the call is still up.
    pub fn is_up(&self) -> bool {
        self.call.state().is_up
    }

    /// Waits for the end of the call, and tells who ended it.
    pub async fn ended(&self) -> EndedBy {
        let mut ended = self.call.ended.subscribe();
        match ended.wait_for(Option::is_some).await.map(|by| *by) {
            Ok(Some(by)) => by,
            // The sender lives as long as the call that is held here.
            Ok(None) | Err(_) => EndedBy::Here,
        }
    }

    /// The codec agreed on.
    pub fn codec(&self) -> Option<Law> {
        self.call.state().agreed.map(|agreed| agreed.law)
    }

    /// Whether telephone-events (RFC 4733) are agreed on.
    pub fn has_telephone_events(&self) -> bool {
        self.call.state().agreed.is_some_and(|agreed| agreed.telephone_event.is_some())
    }

    /// Which way audio flows, seen from this phone.
    pub fn direction(&self) -> Option<Direction> {
        self.call.state().agreed.map(|agreed| agreed.direction)
    }

    /// Whose voice the phone speaks with from now on; none is silence.
    pub fn speak(&self, voice: Option<Marker>) {
        self.inner.mouth().set_voice(voice);
    }

    /// Everything the phone received since it was bound.
    pub fn heard(&self) -> Heard {
        self.inner.ear().heard()
    }

    /// Hangs up.
    ///
    /// # Errors
    /// [`PhoneError::NotUp`] if the other side was first, [`PhoneError::Unanswered`]; the phone is free
    /// in any case.
    pub async fn hang_up(&self) -> Result<(), PhoneError> {
        self.check_up()?;
        let (bye, to) = self.call.request("BYE", None);
        let asked = self.inner.wire.ask(bye, to);
        self.inner.end(&self.call, EndedBy::Here);
        // Any answer will do: the call is over.
        asked.last().await.map(drop)
    }

    /// Puts the other side on hold: sends silence, and asks it to send nothing.
    ///
    /// # Errors
    /// As [`Phone::call`](super::Phone::call), or [`PhoneError::NotUp`].
    pub async fn hold(&self) -> Result<(), PhoneError> {
        self.renegotiate(Direction::SendOnly).await
    }

    /// Takes the other side from hold.
    ///
    /// # Errors
    /// As [`Dialog::hold`].
    pub async fn resume(&self) -> Result<(), PhoneError> {
        self.renegotiate(Direction::SendRecv).await
    }

    async fn renegotiate(&self, wish: Direction) -> Result<(), PhoneError> {
        self.check_up()?;
        let before = std::mem::replace(&mut self.call.state().wish, wish);
        let mut result = Ok(());
        for _ in 0..GLARE_TRIES {
            self.call.state().is_offering = true;
            result = self.inner.invite(&self.call, &[]).await;
            self.call.state().is_offering = false;
            if !matches!(result, Err(PhoneError::Refused { code: 491, .. })) {
                break;
            }
            sleep(GLARE_WAIT).await;
        }
        if result.is_err() {
            self.call.state().wish = before;
        }
        result
    }

    /// Presses keys one after another, and returns when the gap of the last is over.
    ///
    /// # Errors
    /// [`PhoneError::NotKeys`], [`PhoneError::NotUp`], [`PhoneError::NoTelephoneEvents`]; by INFO what
    /// [`Dialog::info`] says.
    pub async fn keys(&self, digits: &str, style: KeyStyle) -> Result<Vec<Pressed>, PhoneError> {
        let keys = style.checked(digits)?;
        self.check_up()?;
        match style.mode {
            KeyMode::Info => self.keys_by_info(&keys, style).await,
            KeyMode::Rfc4733 | KeyMode::Both if !self.has_telephone_events() => {
                Err(PhoneError::NoTelephoneEvents)
            }
            _ => self.keys_by_rtp(&keys, style).await,
        }
    }

    async fn keys_by_rtp(&self, keys: &[char], style: KeyStyle) -> Result<Vec<Pressed>, PhoneError> {
        let (done, mut sent) = mpsc::channel(keys.len().max(1));
        {
            let mut mouth = self.inner.mouth();
            if !keys.iter().all(|&key| mouth.press(key, style, done.clone())) {
                return Err(PhoneError::NotUp);
            }
        }
        drop(done);
        let mut pressed = Vec::with_capacity(keys.len());
        while let Some(key) = sent.recv().await {
            pressed.push(key);
        }
        // The line was closed before all keys had left.
        if pressed.len() == keys.len() { Ok(pressed) } else { Err(PhoneError::NotUp) }
    }

    async fn keys_by_info(&self, keys: &[char], style: KeyStyle) -> Result<Vec<Pressed>, PhoneError> {
        let mut pressed = Vec::with_capacity(keys.len());
        for &key in keys {
            let first_packet = Instant::now();
            let body = format!("Signal={key}\r\nDuration={}\r\n", style.tone_ms);
            self.info("application/dtmf-relay", &body).await?;
            pressed.push(Pressed { key, first_packet, end_packet: Instant::now() });
            let length = Duration::from_millis(u64::from(style.tone_ms + style.gap_ms));
            sleep_until((first_packet + length).into()).await;
        }
        Ok(pressed)
    }

    /// Sends an INFO request.
    ///
    /// # Errors
    /// [`PhoneError::NotUp`], [`PhoneError::Unanswered`], [`PhoneError::Refused`].
    pub async fn info(&self, content_type: &str, body: &str) -> Result<(), PhoneError> {
        self.check_up()?;
        let (request, to) = self.call.request("INFO", None);
        let request = self.inner.signed(request).with_body(content_type, body.into());
        self.inner.asked(request, to).await.map(drop)
    }

    /// Transfers the other side to a target (REFER, blind), and returns when the PBX reports success or
    /// hangs up, which means the same. The phone does not hang up by itself.
    ///
    /// # Errors
    /// [`PhoneError::TransferFailed`], [`PhoneError::Unanswered`], [`PhoneError::Refused`].
    pub async fn refer(&self, target: &str) -> Result<(), PhoneError> {
        self.check_up()?;
        if target.contains(|c: char| c.is_whitespace() || "<>".contains(c)) {
            return Err(PhoneError::BadTarget(target.into()));
        }
        self.call.transfer.send_replace(None);
        let mut transfer = self.call.transfer.subscribe();
        let (request, to) = self.call.request("REFER", None);
        let request = self
            .inner
            .signed(request)
            .with("Refer-To", format!("<{target}>"))
            .with("Referred-By", format!("<{}>", self.inner.uri()));
        self.inner.asked(request, to).await?;
        let reported = transfer.wait_for(|code| code.is_some_and(|code| code >= 200));
        tokio::select! {
            reported = timeout(TRANSFER_WAIT, reported) => match reported {
                Ok(Ok(code)) => match *code {
                    Some(code @ 300..) => Err(PhoneError::TransferFailed(code)),
                    _ => Ok(()),
                },
                Ok(Err(_)) | Err(_) => Err(PhoneError::TransferFailed(408)),
            },
            _ = self.ended() => Ok(()),
        }
    }

    fn check_up(&self) -> Result<(), PhoneError> {
        if self.is_up() { Ok(()) } else { Err(PhoneError::NotUp) }
    }
}
