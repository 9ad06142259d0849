//! What a phone does with what it is sent.

use super::call::{Agreed, Call, EndedBy, agree};
use super::sdp::Session;
use super::sip::{Message, Start, uri_of};
use super::wire::{GIVE_UP_AFTER, T1, T2};
use super::{Answer, Inner, PhoneError};
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

impl Inner {
    /// Takes a message from the wire.
    pub(super) fn message(self: &Arc<Self>, message: Message, from: SocketAddr) {
        match &message.start {
            Start::Response { .. } => {
                if let Some(stray) = self.wire.deliver(message) {
                    self.stray_answer(&stray, from);
                }
            }
            Start::Request { method, .. } if method == "ACK" => self.acknowledged(&message),
            Start::Request { .. } if self.wire.answer_again(&message, from) => {}
            Start::Request { method, .. } => {
                let method = method.clone();
                self.request(&method, message, from);
            }
        }
    }

    fn request(self: &Arc<Self>, method: &str, request: Message, from: SocketAddr) {
        let call = self.call().clone().filter(|call| call.owns(&request) && call.ended.borrow().is_none());
        match (method, call) {
            ("OPTIONS", _) => self.reply(&request, 200, "OK", from),
            ("INVITE", None) if request.tag("To").is_none() => self.called(request, from),
            ("CANCEL", Some(call)) => {
                self.reply(&request, 200, "OK", from);
                self.refuse(&call, 487, EndedBy::There);
            }
            (_, None) => self.reply(&request, 481, "Call Does Not Exist", from),
            ("INVITE", Some(call)) => self.offered_again(&call, &request, from),
            ("UPDATE", Some(call)) => self.updated(&call, &request, from),
            ("BYE", Some(call)) => {
                self.reply(&request, 200, "OK", from);
                self.end(&call, EndedBy::There);
            }
            ("INFO", Some(_)) => {
                self.reply(&request, 200, "OK", from);
                let content_type = request.header("Content-Type").unwrap_or_default();
                self.ear().info(Instant::now(), content_type, &request.body);
            }
            ("NOTIFY", Some(call)) => {
                self.reply(&request, 200, "OK", from);
                // A transfer's progress: a status line as the body (RFC 3515, 2.4.5).
                let code = request.body.strip_prefix("SIP/2.0 ").and_then(|line| line.get(..3)?.parse().ok());
                if code.is_some() {
                    call.transfer.send_replace(code);
                }
            }
            _ => self.reply(&request, 405, "Method Not Allowed", from),
        }
    }

    fn reply(&self, request: &Message, code: u16, reason: &str, to: SocketAddr) {
        let response = self.signed(Message::response(request, code, reason));
        self.wire.answer(request, &response, to);
    }

    /// A new call comes in.
    fn called(self: &Arc<Self>, invite: Message, from: SocketAddr) {
        let (Some(id), Some(remote)) = (invite.header("Call-ID"), invite.header("From")) else {
            return self.reply(&invite, 400, "Bad Request", from);
        };
        let local = format!("{};tag={}", invite.header("To").unwrap_or_default(), self.wire.token());
        let target = uri_of(invite.header("Contact").unwrap_or(remote)).to_owned();
        let call = Call::new(id.into(), local, remote.into(), target, from, Some(invite.clone()));
        let call = Arc::new(call);
        if self.occupy(&call).is_err() {
            return self.reply(&invite, 486, "Busy Here", from);
        }
        match self.settings.answer {
            Answer::Refuse(code) => self.refuse(&call, code, EndedBy::Here),
            Answer::ByHand => {
                self.ring(&call, &invite, from);
                if self.ringing.sender.try_send(call.clone()).is_err() {
                    self.refuse(&call, 486, EndedBy::Here);
                }
            }
            Answer::AfterMs(ms) => {
                self.ring(&call, &invite, from);
                let inner = Arc::downgrade(self);
                tokio::spawn(async move {
                    sleep(Duration::from_millis(ms)).await;
                    let Some(inner) = inner.upgrade() else { return };
                    match inner.answer(&call) {
                        // Whoever fetches no calls gets none beyond the bound of the queue.
                        Ok(()) => drop(inner.answered.sender.try_send(call)),
                        Err(PhoneError::NoCommonCodec) => inner.refuse(&call, 488, EndedBy::Here),
                        // The caller gave up while it rang.
                        Err(_) => {}
                    }
                });
            }
        }
    }

    fn ring(&self, call: &Call, invite: &Message, to: SocketAddr) {
        let response = self.signed(tagged(Message::response(invite, 180, "Ringing"), call));
        self.wire.answer(invite, &response, to);
    }

    /// Answers a call that rings.
    pub(super) fn answer(self: &Arc<Self>, call: &Arc<Call>) -> Result<(), PhoneError> {
        let invite = call.invite.as_ref().ok_or(PhoneError::NotUp)?;
        let peer = {
            let mut state = call.state();
            if state.is_up || call.ended.borrow().is_some() {
                return Err(PhoneError::NotUp);
            }
            state.is_up = true;
            state.peer
        };
        let accepted = self.accept_offer(call, invite, peer);
        if accepted.is_err() {
            call.state().is_up = false;
        }
        accepted
    }

    /// Refuses a call that is not answered yet.
    pub(super) fn refuse(&self, call: &Call, code: u16, by: EndedBy) {
        let Some(invite) = call.invite.as_ref() else { return };
        let (is_up, peer) = {
            let state = call.state();
            (state.is_up, state.peer)
        };
        if is_up || call.ended.borrow().is_some() {
            return;
        }
        let reason = if code == 487 { "Request Terminated" } else { "Refused" };
        let response = self.signed(tagged(Message::response(invite, code, reason), call));
        self.wire.answer(invite, &response, peer);
        self.end(call, by);
    }

    /// The other side changes the media, its address or its codec.
    fn offered_again(self: &Arc<Self>, call: &Arc<Call>, invite: &Message, from: SocketAddr) {
        if call.state().is_offering {
            return self.reply(invite, 491, "Request Pending", from);
        }
        if !call.state().is_up {
            return self.reply(invite, 500, "Still Ringing", from);
        }
        if let Some(contact) = invite.header("Contact") {
            call.state().target = uri_of(contact).into();
        }
        if self.accept_offer(call, invite, from).is_err() {
            self.reply(invite, 488, "Not Acceptable Here", from);
        }
    }

    /// Answers an INVITE with 200 and our description, until it is acknowledged. Without an offer in it,
    /// ours is the offer, and the acknowledgement brings the answer (RFC 3261, 13.2.1).
    fn accept_offer(
        self: &Arc<Self>,
        call: &Arc<Call>,
        invite: &Message,
        to: SocketAddr,
    ) -> Result<(), PhoneError> {
        let text = self.answer_to(call, &invite.body)?;
        let response = self.signed(tagged(Message::response(invite, 200, "OK"), call));
        let response = response.with_body("application/sdp", text);
        let bytes = self.wire.answer(invite, &response, to);
        let acknowledged = CancellationToken::new();
        let number = invite.cseq().map_or(0, |(number, _)| number);
        let before = call.state().unacknowledged.replace((number, acknowledged.clone()));
        if let Some((_, before)) = before {
            before.cancel();
        }
        tokio::spawn(repeat_until(Arc::downgrade(self), call.clone(), bytes, to, acknowledged));
        Ok(())
    }

    /// Our description in answer to theirs, which is settled; or our offer, if they sent none.
    fn answer_to(&self, call: &Call, offer: &str) -> Result<String, PhoneError> {
        let wish = call.state().wish;
        let mut ours = self.session(wish);
        if !offer.is_empty() {
            let theirs = Session::parse(offer).ok_or(PhoneError::NoCommonCodec)?;
            let agreed: Agreed = agree(&ours, &theirs, false)?;
            self.settle(call, agreed);
            ours.direction = agreed.direction;
            ours.telephone_event = agreed.telephone_event.map(|(our, _)| our);
            ours.codecs = vec![agreed.law];
        }
        let mut state = call.state();
        state.sdp_version += 1;
        Ok(ours.to_text(u32::from(self.media.port()), state.sdp_version))
    }

    fn updated(&self, call: &Call, update: &Message, from: SocketAddr) {
        if update.body.is_empty() {
            return self.reply(update, 200, "OK", from);
        }
        match self.answer_to(call, &update.body) {
            Ok(text) => {
                let response = self.signed(Message::response(update, 200, "OK"));
                self.wire.answer(update, &response.with_body("application/sdp", text), from);
            }
            Err(_) => self.reply(update, 488, "Not Acceptable Here", from),
        }
    }

    /// An ACK: our answer need not be repeated any more; it may bring the answer to our offer.
    fn acknowledged(&self, ack: &Message) {
        let Some(call) = self.call().clone().filter(|call| call.owns(ack)) else { return };
        let number = ack.cseq().map(|(number, _)| number);
        let repeating = call.state().unacknowledged.take_if(|(waiting, _)| Some(*waiting) == number);
        let Some((_, repeating)) = repeating else { return };
        repeating.cancel();
        let wish = call.state().wish;
        if let Some(theirs) = Session::parse(&ack.body)
            && let Ok(agreed) = agree(&self.session(wish), &theirs, true)
        {
            self.settle(&call, agreed);
        }
    }

    /// An answer whose request is over: an acceptance that comes again, or too late.
    fn stray_answer(&self, answer: &Message, from: SocketAddr) {
        let (Some(code), Some((number, "INVITE"))) = (answer.code(), answer.cseq()) else { return };
        if !(200..300).contains(&code) {
            return;
        }
        let call = self.call().clone().filter(|call| call.owns(answer));
        let known = call.and_then(|call| {
            call.state().last_ack.as_ref().filter(|(acked, _)| *acked == number).map(|(_, ack)| ack.clone())
        });
        if let Some(ack) = known {
            return self.wire.send(&ack, from);
        }
        // The call was answered at the moment we withdrew it: accept, and hang up.
        let Some(contact) = answer.header("Contact") else { return };
        for (number, method) in [(number, "ACK"), (number.saturating_add(1), "BYE")] {
            let mut request = Message::request(method, uri_of(contact)).with("Max-Forwards", "70");
            for name in ["From", "To", "Call-ID"] {
                request = request.with(name, answer.header(name).unwrap_or_default());
            }
            self.wire.tell(request.with("CSeq", format!("{number} {method}")), from);
        }
    }
}

/// Puts our tag into the To of a response.
fn tagged(mut response: Message, call: &Call) -> Message {
    for (name, value) in &mut response.headers {
        if name == "To" {
            value.clone_from(&call.local);
        }
    }
    response
}

/// Repeats an acceptance until it is acknowledged (RFC 3261, 13.3.1.4); if it never is, the call is lost.
async fn repeat_until(
    inner: Weak<Inner>,
    call: Arc<Call>,
    bytes: Vec<u8>,
    to: SocketAddr,
    acknowledged: CancellationToken,
) {
    let started = Instant::now();
    let mut pause = T1;
    while started.elapsed() < GIVE_UP_AFTER {
        tokio::select! {
            () = acknowledged.cancelled() => return,
            () = sleep(pause) => {}
        }
        let Some(inner) = inner.upgrade() else { return };
        inner.wire.send(&bytes, to);
        pause = (pause * 2).min(T2);
    }
    if let Some(inner) = inner.upgrade() {
        let (bye, to) = call.request("BYE", None);
        inner.wire.tell(bye, to);
        inner.end(&call, EndedBy::Here);
    }
}
