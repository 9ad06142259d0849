//! What a phone asks for: to be registered, and to be connected.

use super::call::{Call, EndedBy, agree};
use super::sdp::{Direction, Session};
use super::sip::{Message, Start, address_of};
use super::{Dialog, Inner, Phone, PhoneError};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// For how long a phone registers, in seconds; longer than any rehearsal.
const REGISTER_S: u32 = 3600;
/// How long after a CANCEL the refusal of the INVITE is awaited, and how often it is repeated.
const CANCEL_WAIT: Duration = Duration::from_secs(1);
const CANCEL_TRIES: u32 = 5;

impl Phone {
    /// Registers with the registrar for an hour.
    ///
    /// # Errors
    /// [`PhoneError::NoRegistrar`], [`PhoneError::Unanswered`], [`PhoneError::Refused`].
    pub async fn register(&self) -> Result<(), PhoneError> {
        let inner = &self.inner;
        let registrar = inner.settings.registrar.ok_or(PhoneError::NoRegistrar)?;
        let address = format!("<sip:{}@{registrar}>", inner.settings.user);
        let request = Message::request("REGISTER", &format!("sip:{registrar}"))
            .with("Max-Forwards", "70")
            .with("From", format!("{address};tag={}", inner.wire.token()))
            .with("To", address)
            .with("Call-ID", inner.wire.token())
            .with("CSeq", "1 REGISTER")
            .with("Expires", REGISTER_S.to_string());
        inner.asked(inner.signed(request), registrar).await.map(drop)
    }

    /// Calls somebody: a URI with a numeric host (`sip:number@127.0.0.1:5060`), or with a registrar any
    /// number. Returns when the call is answered. A call that is not answered in the time the settings
    /// allow, or whose future is dropped, is withdrawn.
    ///
    /// # Errors
    /// [`PhoneError::Busy`], [`PhoneError::BadTarget`], [`PhoneError::Unanswered`], [`PhoneError::Refused`],
    /// [`PhoneError::NoCommonCodec`].
    pub async fn call(&self, target: &str) -> Result<Dialog, PhoneError> {
        self.call_with(target, &[]).await
    }

    /// As [`Phone::call`], with further headers in the INVITE.
    ///
    /// # Errors
    /// As [`Phone::call`].
    pub async fn call_with(&self, target: &str, headers: &[(&str, &str)]) -> Result<Dialog, PhoneError> {
        let inner = &self.inner;
        let (uri, to) = inner.route(target)?;
        let own_host = inner.settings.registrar.unwrap_or(inner.wire.local());
        let local = format!("<sip:{}@{own_host}>;tag={}", inner.settings.user, inner.wire.token());
        let id = inner.wire.token();
        let call = Arc::new(Call::new(id, local, format!("<{uri}>"), uri, to, None));
        inner.occupy(&call)?;
        let withdrawal = Withdrawal { inner, call: &call };
        inner.invite(&call, headers).await?;
        std::mem::forget(withdrawal);
        Ok(Dialog::new(inner.clone(), call))
    }
}

/// Frees the phone if its call comes to nothing.
struct Withdrawal<'a> {
    inner: &'a Arc<Inner>,
    call: &'a Arc<Call>,
}

impl Drop for Withdrawal<'_> {
    fn drop(&mut self) {
        self.inner.end(self.call, EndedBy::Here);
    }
}

impl Inner {
    /// The URI and the address of a target.
    fn route(&self, target: &str) -> Result<(String, SocketAddr), PhoneError> {
        let bad = || PhoneError::BadTarget(target.into());
        if target.is_empty() || target.contains(|c: char| c.is_whitespace() || "<>\"".contains(c)) {
            return Err(bad());
        }
        match (address_of(target), self.settings.registrar) {
            (Some(address), _) => Ok((target.into(), address)),
            (None, Some(registrar)) if target.starts_with("sip:") => Ok((target.into(), registrar)),
            (None, Some(registrar)) => Ok((format!("sip:{target}@{registrar}"), registrar)),
            (None, None) => Err(bad()),
        }
    }

    /// Sends an INVITE, the first of a call or a later one, until it is answered, and settles the media.
    pub(super) async fn invite(&self, call: &Call, headers: &[(&str, &str)]) -> Result<(), PhoneError> {
        let wish = call.state().wish;
        let mut credentials = None;
        let answer = loop {
            let (mut request, to) = call.request("INVITE", None);
            request.headers.extend(headers.iter().map(|(n, v)| ((*n).into(), (*v).into())));
            request.headers.extend(credentials.clone());
            let request = self.signed(request).with_body("application/sdp", self.offer(call, wish));
            let answer = self.invite_answer(call, request.clone(), to, wish).await?;
            credentials = match credentials {
                None => self.credentials(&request, &answer),
                Some(_) => None,
            };
            if credentials.is_none() {
                break answer;
            }
        };
        let code = answer.code().unwrap_or_default();
        if code >= 300 {
            return Err(refused(&answer, "INVITE"));
        }
        call.learn(&answer);
        let number = answer.cseq().map_or(0, |(number, _)| number);
        let (ack, to) = call.request("ACK", Some(number));
        let ack = self.wire.tell(ack, to);
        {
            let mut state = call.state();
            state.last_ack = Some((number, ack));
            state.is_up = true;
        }
        let settled = self.settle_answer(call, &answer.body, wish);
        if settled.is_err() {
            let (bye, to) = call.request("BYE", None);
            self.wire.ask(bye, to).last().await?;
            self.end(call, EndedBy::Here);
        }
        settled
    }

    /// The final answer to an INVITE; a refusal is acknowledged.
    async fn invite_answer(
        &self,
        call: &Call,
        request: Message,
        to: SocketAddr,
        wish: Direction,
    ) -> Result<Message, PhoneError> {
        let mut asked = Unanswered(Some(self.wire.ask(request, to)));
        let Some(invite) = asked.0.as_mut() else { return Err(PhoneError::NotUp) };
        let give_up_at = Instant::now() + Duration::from_millis(self.settings.ring_timeout_ms);
        let nobody_there_at = (Instant::now() + super::wire::GIVE_UP_AFTER).min(give_up_at);
        let mut until = nobody_there_at;
        let mut cancels = 0;
        loop {
            let answer = invite.next(until).await;
            let code = answer.as_ref().and_then(Message::code);
            match (answer, code) {
                (Some(answer), Some(code)) if code >= 200 => {
                    if code >= 300 {
                        invite.acknowledge_refusal(&answer);
                    }
                    asked.0 = None;
                    return Ok(answer);
                }
                (Some(early), _) if cancels == 0 => {
                    until = give_up_at;
                    // Early media: whatever the PBX plays before it answers is heard.
                    if !early.body.is_empty() {
                        let _ = self.settle_answer(call, &early.body, wish);
                    }
                }
                (Some(_), _) => {}
                (None, _) if cancels < CANCEL_TRIES => {
                    invite.cancel();
                    cancels += 1;
                    until = Instant::now() + CANCEL_WAIT;
                }
                (None, _) => {
                    let error = invite.unanswered();
                    asked.0 = None;
                    return Err(error);
                }
            }
        }
    }

    /// Our offer.
    fn offer(&self, call: &Call, wish: Direction) -> String {
        let mut state = call.state();
        state.sdp_version += 1;
        self.session(wish).to_text(u32::from(self.media.port()), state.sdp_version)
    }

    /// Settles the media by their answer to our offer.
    fn settle_answer(&self, call: &Call, answer: &str, wish: Direction) -> Result<(), PhoneError> {
        let theirs = Session::parse(answer).ok_or(PhoneError::NoCommonCodec)?;
        let agreed = agree(&self.session(wish), &theirs, true)?;
        self.settle(call, agreed);
        Ok(())
    }

    /// Asks anything but INVITE, with a password if one is demanded; the answer if it is 2xx.
    pub(super) async fn asked(&self, request: Message, to: SocketAddr) -> Result<Message, PhoneError> {
        let method = match &request.start {
            Start::Request { method, .. } => method.clone(),
            Start::Response { .. } => String::new(),
        };
        let mut answer = self.wire.ask(request.clone(), to).last().await?;
        if let Some(credentials) = self.credentials(&request, &answer) {
            let mut again = request;
            again.headers.push(credentials);
            for (_, value) in again.headers.iter_mut().filter(|(name, _)| name == "CSeq") {
                let number = value.split(' ').next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(1);
                *value = format!("{} {method}", number.saturating_add(1));
            }
            answer = self.wire.ask(again, to).last().await?;
        }
        match answer.code() {
            Some(200..300) => Ok(answer),
            _ => Err(refused(&answer, &method)),
        }
    }
}

/// Withdraws an INVITE whose caller lost interest before the final answer.
struct Unanswered<'a>(Option<super::wire::Asked<'a>>);

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(asked) = &self.0 {
            asked.cancel();
        }
    }
}

fn refused(answer: &Message, method: &str) -> PhoneError {
    let Start::Response { code, reason } = answer.start.clone() else { return PhoneError::NotUp };
    PhoneError::Refused { method: method.into(), code, reason }
}
