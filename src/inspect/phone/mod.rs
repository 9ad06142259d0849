//! A SIP and RTP phone for rehearsals and live stories: it calls, is called, speaks with a recognisable
//! voice, presses keys in every way a line may carry them, and remembers all it hears.
//!
//! It lives on the loopback interface beside the PBX and speaks a subset of RFC 3261 over UDP, with one
//! call at a time, as a desk phone would. It presses published test card numbers only; see
//! [`crate::inspect`].
//!
//! ```text
//! PBX ──SIP── wire ── incoming, outgoing ── call, dialog        what is agreed on
//!     ──RTP── mouth (paced by clock), ear ── heard              what is said and heard
//! ```

mod call;
mod clock;
mod dialog;
mod digest;
mod ear;
mod heard;
mod incoming;
mod keys;
mod mouth;
mod outgoing;
mod ringing;
mod rtp;
mod sdp;
mod settings;
mod sip;
mod wire;

#[cfg(test)]
mod pair_tests;
#[cfg(test)]
mod pbx_tests;

pub use call::EndedBy;
pub use dialog::Dialog;
pub use ear::MAX_HEARD_S;
pub use heard::{Arrival, Gap, Heard, InfoHeard, KeyHeard};
pub use keys::{KeyMode, KeyStyle, MAX_KEY_MS, MAX_KEYS, Pressed};
pub use ringing::Ringing;
pub use sdp::Direction;
pub use settings::{Answer, PhoneError, PhoneSettings};

use crate::inspect::audio::Marker;
use call::{Agreed, Call};
use ear::Ear;
use mouth::{Line, Mouth};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sdp::Session;
use sip::{MAX_MESSAGE_BYTES, Message};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use wire::Wire;

/// Calls that may wait to be fetched by [`Phone::answered`] or [`Phone::ringing`].
const MAX_WAITING_CALLS: usize = 16;
/// RTP wants an even port; how often the system is asked for one.
const EVEN_PORT_TRIES: usize = 32;
/// The largest media packet that is read.
const MAX_PACKET_BYTES: usize = 2048;

/// A phone. It lives until it and all its [`Dialog`]s are dropped; a call that is then still up is
/// hung up.
pub struct Phone {
    inner: Arc<Inner>,
}

/// The parts of a phone, shared by its tasks and dialogs.
struct Inner {
    settings: PhoneSettings,
    wire: Wire,
    media: SocketAddr,
    mouth: Arc<Mutex<Mouth>>,
    ear: Arc<Mutex<Ear>>,
    call: Mutex<Option<Arc<Call>>>,
    answered: Queue,
    ringing: Queue,
    stopped: CancellationToken,
}

/// Calls on their way to whoever drives the phone.
struct Queue {
    sender: mpsc::Sender<Arc<Call>>,
    receiver: tokio::sync::Mutex<mpsc::Receiver<Arc<Call>>>,
}

impl Queue {
    fn new() -> Self {
        let (sender, receiver) = mpsc::channel(MAX_WAITING_CALLS);
        Self { sender, receiver: tokio::sync::Mutex::new(receiver) }
    }

    /// The next call; never, once the phone is gone (its own sender keeps the queue open).
    async fn next(&self) -> Arc<Call> {
        match self.receiver.lock().await.recv().await {
            Some(call) => call,
            None => std::future::pending().await,
        }
    }
}

impl Phone {
    /// Puts a phone on the loopback interface, on ports the system chooses. With hundreds of phones the
    /// PBX's own RTP ports must lie outside the system's range (on Linux 32768 to 60999), or it finds some
    /// of them taken.
    ///
    /// # Errors
    /// [`PhoneError::Socket`].
    pub async fn bind(settings: PhoneSettings) -> Result<Self, PhoneError> {
        let (media_socket, media) = bind_media().await?;
        let wire_socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        // Only after this does the runtime know that the sockets may be written to without waiting.
        wire_socket.writable().await?;
        media_socket.writable().await?;
        let wire_socket = Arc::new(wire_socket);
        let wire = Wire::new(wire_socket.clone())?;
        let mut random = StdRng::seed_from_u64(settings.seed);
        let media_socket = Arc::new(media_socket);
        let mouth = Mouth::new(media_socket.clone(), random.random(), random.random(), random.random());
        let mouth = Arc::new(Mutex::new(mouth));
        clock::pace(&mouth)?;
        let ear = Arc::new(Mutex::new(Ear::new(settings.keeps_audio)));
        let stopped = CancellationToken::new();
        tokio::spawn(listen(media_socket, ear.clone(), stopped.clone()));
        let (call, answered, ringing) = (Mutex::new(None), Queue::new(), Queue::new());
        let inner = Arc::new(Inner { settings, wire, media, mouth, ear, call, answered, ringing, stopped });
        tokio::spawn(serve(wire_socket, Arc::downgrade(&inner), inner.stopped.clone()));
        Ok(Self { inner })
    }

    /// Where the phone takes SIP, for the PBX to call: `sip:user@127.0.0.1:port`.
    pub fn uri(&self) -> String {
        self.inner.uri()
    }

    /// The address of its SIP socket.
    pub fn address(&self) -> SocketAddr {
        self.inner.wire.local()
    }

    /// Whose voice it speaks with from now on; none is silence.
    pub fn speak(&self, voice: Option<Marker>) {
        self.inner.mouth().set_voice(voice);
    }

    /// The next call that the phone has answered by itself, or that was answered by hand.
    pub async fn answered(&self) -> Dialog {
        Dialog::new(self.inner.clone(), self.inner.answered.next().await)
    }

    /// The next call that rings, if the phone answers by hand.
    pub async fn ringing(&self) -> Ringing {
        Ringing::new(self.inner.clone(), self.inner.ringing.next().await)
    }

    /// Everything the phone received since it was bound.
    pub fn heard(&self) -> Heard {
        self.inner.ear().heard()
    }
}

impl Inner {
    fn uri(&self) -> String {
        format!("sip:{}@{}", self.settings.user, self.wire.local())
    }

    fn mouth(&self) -> MutexGuard<'_, Mouth> {
        self.mouth.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ear(&self) -> MutexGuard<'_, Ear> {
        self.ear.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self) -> MutexGuard<'_, Option<Arc<Call>>> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a call as the phone's own; busy while there is another.
    fn occupy(&self, call: &Arc<Call>) -> Result<(), PhoneError> {
        let mut own = self.call();
        if own.as_ref().is_some_and(|call| call.ended.borrow().is_none()) {
            return Err(PhoneError::Busy);
        }
        *own = Some(call.clone());
        Ok(())
    }

    /// What the phone describes of itself to the other end.
    fn session(&self, direction: Direction) -> Session {
        Session {
            address: Some(self.media),
            codecs: self.settings.codecs.clone(),
            telephone_event: self.settings.telephone_event,
            direction,
        }
    }

    /// Sends and listens by what is agreed on.
    fn settle(&self, call: &Call, agreed: Agreed) {
        let is_held_by_us = {
            let mut state = call.state();
            state.agreed = Some(agreed);
            !state.wish.mirrored().sends()
        };
        let telephone_event = agreed.telephone_event;
        self.ear().set_telephone_event(telephone_event.map(|(ours, _)| ours));
        let line = Line { to: agreed.to, law: agreed.law, telephone_event: telephone_event.map(|(_, t)| t) };
        let mut mouth = self.mouth();
        mouth.set_line(agreed.direction.sends().then_some(line));
        mouth.set_muted(is_held_by_us);
    }

    /// Ends a call, and the media if it was the phone's.
    fn end(&self, call: &Call, by: EndedBy) {
        if call.end(by) && self.call().as_ref().is_some_and(|own| std::ptr::eq(&**own, call)) {
            self.mouth().set_line(None);
        }
    }

    /// The headers that say who this phone is and what it can.
    fn signed(&self, message: Message) -> Message {
        message
            .with("Contact", format!("<{}>", self.uri()))
            .with("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY")
            .with("User-Agent", concat!("tonegate-phone/", env!("CARGO_PKG_VERSION")))
    }
}

impl Drop for Inner {
    /// Says goodbye, once: nobody is left to repeat it.
    fn drop(&mut self) {
        self.stopped.cancel();
        let call = self.call().take();
        if let Some(call) = call.filter(|call| call.state().is_up) {
            let (bye, to) = call.request("BYE", None);
            self.wire.tell(bye, to);
        }
    }
}

async fn bind_media() -> io::Result<(UdpSocket, SocketAddr)> {
    for _ in 1..EVEN_PORT_TRIES {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = socket.local_addr()?;
        if address.port().is_multiple_of(2) {
            return Ok((socket, address));
        }
    }
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = socket.local_addr()?;
    Ok((socket, address))
}

/// Receives media, noting each packet's time, until the phone stops.
async fn listen(socket: Arc<UdpSocket>, ear: Arc<Mutex<Ear>>, stopped: CancellationToken) {
    let mut buffer = [0; MAX_PACKET_BYTES];
    loop {
        tokio::select! {
            () = stopped.cancelled() => return,
            ready = socket.readable() => if ready.is_err() { return },
        }
        loop {
            match socket.try_recv_from(&mut buffer) {
                Ok((length, _)) => {
                    let packet = buffer.get(..length).unwrap_or_default();
                    ear.lock().unwrap_or_else(PoisonError::into_inner).packet(Instant::now(), packet);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // A port closed at the other end is reported here; the stream may come back.
                Err(_) => {}
            }
        }
    }
}

/// Receives signalling until the phone stops. The phone is held only while there is work, so that one
/// nobody holds any longer can end.
async fn serve(socket: Arc<UdpSocket>, inner: Weak<Inner>, stopped: CancellationToken) {
    let mut buffer = vec![0; MAX_MESSAGE_BYTES];
    loop {
        let received = tokio::select! {
            () = stopped.cancelled() => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        // As with media, an error tells of an earlier datagram that found its port closed.
        let Ok((length, from)) = received else { continue };
        let message = buffer.get(..length).and_then(Message::parse);
        let (Some(message), Some(inner)) = (message, inner.upgrade()) else { continue };
        inner.message(message, from);
    }
}
