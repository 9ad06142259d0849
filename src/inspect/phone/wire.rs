//! SIP over UDP: one socket, requests that are repeated until answered, answers that find their request.

use super::PhoneError;
use super::sip::{Message, Start};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// RFC 3261 T1 and T2: the first and the longest pause between repeats.
pub const T1: Duration = Duration::from_millis(500);
/// See [`T1`].
pub const T2: Duration = Duration::from_secs(4);
/// RFC 3261 timers B, F and H: 64 × T1.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(32);
/// Answers of one request that may wait to be read.
const MAX_WAITING_ANSWERS: usize = 16;
/// Answers kept to be repeated when a request comes again.
const MAX_KEPT_ANSWERS: usize = 64;

/// What tells one request from another: its branch and its method (RFC 3261, 17.1.3 and 17.2.3).
type Exchange = (String, String);

/// The signalling socket of a phone.
pub struct Wire {
    socket: Arc<UdpSocket>,
    local: SocketAddr,
    pending: Mutex<HashMap<Exchange, mpsc::Sender<Message>>>,
    answered: Mutex<VecDeque<(Exchange, Vec<u8>)>>,
}

/// A request under way; its answers are forgotten when it is dropped.
pub struct Asked<'a> {
    wire: &'a Wire,
    id: Exchange,
    answers: mpsc::Receiver<Message>,
    bytes: Vec<u8>,
    to: SocketAddr,
    pause: Duration,
    is_invite: bool,
    has_provisional: bool,
}

impl Wire {
    /// Takes over a bound socket.
    ///
    /// # Errors
    /// If the system does not tell the socket's address.
    pub fn new(socket: Arc<UdpSocket>) -> std::io::Result<Self> {
        let local = socket.local_addr()?;
        Ok(Self { socket, local, pending: Mutex::default(), answered: Mutex::default() })
    }

    /// Where this phone is reached.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// A word nobody else uses. Never seeded: a PBX that remembers the last run would take a repeated
    /// Call-ID for a repeated message.
    pub fn token(&self) -> String {
        format!("{:016x}", rand::random::<u64>())
    }

    /// Sends once. What the socket refuses is lost, as on a network; whoever needs an answer repeats.
    pub fn send(&self, bytes: &[u8], to: SocketAddr) {
        let _ = self.socket.try_send_to(bytes, to);
    }

    /// Hands an answer to the request it belongs to; gives it back if there is none.
    pub fn deliver(&self, answer: Message) -> Option<Message> {
        let id = answer.branch().zip(answer.cseq()).map(|(b, (_, method))| (b.to_owned(), method.to_owned()));
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = id.and_then(|id| pending.get(&id)) else { return Some(answer) };
        // An answer too many is lost; the other end repeats it if it matters.
        let _ = sender.try_send(answer);
        None
    }

    /// Sends a request, with a Via of its own, and waits for answers.
    pub fn ask(&self, mut request: Message, to: SocketAddr) -> Asked<'_> {
        let branch = format!("z9hG4bK{}", self.token());
        request
            .headers
            .insert(0, ("Via".into(), format!("SIP/2.0/UDP {};rport;branch={branch}", self.local)));
        let method = match &request.start {
            Start::Request { method, .. } => method.clone(),
            Start::Response { .. } => String::new(),
        };
        let (sender, answers) = mpsc::channel(MAX_WAITING_ANSWERS);
        let is_invite = method == "INVITE";
        let id = (branch, method);
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), sender);
        let bytes = request.to_bytes();
        self.send(&bytes, to);
        Asked { wire: self, id, answers, bytes, to, pause: T1, is_invite, has_provisional: false }
    }

    /// Sends a request whose answer nobody awaits: ACK, or the farewell of a dropped phone.
    pub fn tell(&self, mut request: Message, to: SocketAddr) -> Vec<u8> {
        let via = format!("SIP/2.0/UDP {};rport;branch=z9hG4bK{}", self.local, self.token());
        request.headers.insert(0, ("Via".into(), via));
        let bytes = request.to_bytes();
        self.send(&bytes, to);
        bytes
    }

    /// Answers a request, and keeps the answer in case the request comes again.
    pub fn answer(&self, request: &Message, response: &Message, to: SocketAddr) -> Vec<u8> {
        let bytes = response.to_bytes();
        self.send(&bytes, to);
        if let Some(id) = id_of(request) {
            let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
            answered.retain(|(known, _)| *known != id);
            if answered.len() == MAX_KEPT_ANSWERS {
                answered.pop_front();
            }
            answered.push_back((id, bytes.clone()));
        }
        bytes
    }

    /// Repeats the answer to a request that came before; false if it is new.
    pub fn answer_again(&self, request: &Message, to: SocketAddr) -> bool {
        let Some(id) = id_of(request) else { return false };
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let known = answered.iter().find(|(known, _)| *known == id);
        known.inspect(|(_, bytes)| self.send(bytes, to)).is_some()
    }
}

fn id_of(request: &Message) -> Option<Exchange> {
    Some((request.branch()?.to_owned(), request.cseq()?.1.to_owned()))
}

impl Asked<'_> {
    /// The next answer, provisional or final; none when the time allowed is over. Repeats the request
    /// until an answer comes, an INVITE until the first provisional one (RFC 3261, 17.1).
    pub async fn next(&mut self, give_up_at: Instant) -> Option<Message> {
        loop {
            let repeats = !(self.is_invite && self.has_provisional);
            let repeat_at = if repeats { Instant::now() + self.pause } else { give_up_at };
            match timeout_at(repeat_at.min(give_up_at), self.answers.recv()).await {
                Ok(answer) => {
                    self.has_provisional = true;
                    return answer;
                }
                Err(_) if Instant::now() >= give_up_at => return None,
                Err(_) => {
                    self.wire.send(&self.bytes, self.to);
                    self.pause = if self.is_invite { self.pause * 2 } else { (self.pause * 2).min(T2) };
                }
            }
        }
    }

    /// The final answer.
    ///
    /// # Errors
    /// If none comes within [`GIVE_UP_AFTER`].
    pub async fn last(mut self) -> Result<Message, PhoneError> {
        let give_up_at = Instant::now() + GIVE_UP_AFTER;
        loop {
            match self.next(give_up_at).await {
                Some(answer) if answer.code().is_some_and(|code| code >= 200) => return Ok(answer),
                Some(_) => {}
                None => return Err(self.unanswered()),
            }
        }
    }

    /// What to report if nobody answers.
    pub fn unanswered(&self) -> PhoneError {
        PhoneError::Unanswered { method: self.id.1.clone(), to: self.to }
    }

    /// A request of the same transaction, for ACK (of a refusal) and CANCEL (RFC 3261, 9.1 and 17.1.1.3):
    /// same URI, Via, From, Call-ID and number.
    pub fn sibling(&self, method: &str, to_header: Option<&str>) -> Option<Message> {
        let asked = Message::parse(&self.bytes)?;
        let Start::Request { uri, .. } = &asked.start else { return None };
        let mut sibling = Message::request(method, uri);
        for name in ["Via", "From", "To", "Call-ID", "Route", "Max-Forwards"] {
            let values = asked.all(name).map(str::to_owned);
            let replaced = to_header.filter(|_| name == "To").map(str::to_owned);
            match replaced {
                Some(value) => sibling = sibling.with(name, value),
                None => sibling.headers.extend(values.map(|value| (name.to_owned(), value))),
            }
        }
        Some(sibling.with("CSeq", format!("{} {method}", asked.cseq()?.0)))
    }

    /// Acknowledges a refusal.
    pub fn acknowledge_refusal(&self, answer: &Message) {
        if let Some(ack) = self.sibling("ACK", answer.header("To")) {
            self.wire.send(&ack.to_bytes(), self.to);
        }
    }

    /// Withdraws an INVITE; its refusal (487) then comes as an answer of it.
    pub fn cancel(&self) {
        if let Some(cancel) = self.sibling("CANCEL", None) {
            self.wire.send(&cancel.to_bytes(), self.to);
        }
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.wire.pending.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}
