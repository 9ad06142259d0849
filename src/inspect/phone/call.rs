//! What a phone knows of its call: the dialog of RFC 3261, chapter 12, and the media agreed on.

use super::PhoneError;
use super::sdp::{Direction, Session};
use super::sip::{Message, address_of, split_list, uri_of};
use crate::inspect::audio::Law;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Who ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// This phone hung up, or gave up.
    Here,
    /// The other side hung up, or withdrew its call.
    There,
}

/// One call of a phone.
pub struct Call {
    /// Its Call-ID.
    pub id: String,
    /// Our side of From or To, with its tag.
    pub local: String,
    /// The INVITE that brought it, if it came in.
    pub invite: Option<Message>,
    /// Why it ended; none while it lasts.
    pub ended: watch::Sender<Option<EndedBy>>,
    /// The last status a NOTIFY told of our transfer; none before.
    pub transfer: watch::Sender<Option<u16>>,
    state: Mutex<CallState>,
}

/// What changes during a call.
pub struct CallState {
    /// Their side of From or To, with its tag once known.
    pub remote: String,
    /// The URI their Contact gave.
    pub target: String,
    /// The proxies in between.
    pub routes: Vec<String>,
    /// Where their last message came from.
    pub peer: SocketAddr,
    /// The number of our last request.
    pub cseq: u32,
    /// How many descriptions we have sent.
    pub sdp_version: u32,
    /// What we want: sendonly while we hold the call.
    pub wish: Direction,
    /// What is agreed on, seen from here.
    pub agreed: Option<Agreed>,
    /// The call is answered, and not ended.
    pub is_up: bool,
    /// An INVITE of ours is under way in the dialog.
    pub is_offering: bool,
    /// The ACK of our last INVITE, to be repeated with its answer.
    pub last_ack: Option<(u32, Vec<u8>)>,
    /// Our answer to their INVITE of this number is repeated until this is cancelled.
    pub unacknowledged: Option<(u32, CancellationToken)>,
}

/// The media both sides agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Where they listen.
    pub to: SocketAddr,
    /// The codec.
    pub law: Law,
    /// Telephone-events: our payload type and theirs.
    pub telephone_event: Option<(u8, u8)>,
    /// Which way audio flows, seen from here.
    pub direction: Direction,
}

impl Call {
    /// A call of which nothing is agreed yet.
    pub fn new(
        id: String,
        local: String,
        remote: String,
        target: String,
        peer: SocketAddr,
        invite: Option<Message>,
    ) -> Self {
        let routes = invite.as_ref().map(record_routes).unwrap_or_default();
        let state = CallState {
            remote,
            target,
            routes,
            peer,
            cseq: 1,
            sdp_version: 0,
            wish: Direction::SendRecv,
            agreed: None,
            is_up: false,
            is_offering: false,
            last_ack: None,
            unacknowledged: None,
        };
        let (ended, transfer) = (watch::Sender::new(None), watch::Sender::new(None));
        Self { id, local, invite, ended, transfer, state: Mutex::new(state) }
    }

    /// The state, for a moment.
    pub fn state(&self) -> MutexGuard<'_, CallState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a message belongs to this call.
    pub fn owns(&self, message: &Message) -> bool {
        message.header("Call-ID") == Some(self.id.as_str())
    }

    /// A request in this call, and where to send it; ACK keeps the number of its INVITE.
    pub fn request(&self, method: &str, ack_of: Option<u32>) -> (Message, SocketAddr) {
        let mut state = self.state();
        let number = ack_of.unwrap_or_else(|| {
            state.cseq += 1;
            state.cseq
        });
        let mut request = Message::request(method, &state.target)
            .with("Max-Forwards", "70")
            .with("From", self.local.as_str())
            .with("To", state.remote.as_str())
            .with("Call-ID", self.id.as_str())
            .with("CSeq", format!("{number} {method}"));
        for route in &state.routes {
            request = request.with("Route", route.as_str());
        }
        let next_hop = state.routes.first().map_or(state.target.as_str(), |route| uri_of(route));
        let to = address_of(next_hop).unwrap_or(state.peer);
        (request, to)
    }

    /// Learns the other side's tag, contact and route from its answer to our INVITE.
    pub fn learn(&self, answer: &Message) {
        let mut state = self.state();
        if let Some(to) = answer.header("To") {
            state.remote = to.into();
        }
        if let Some(contact) = answer.header("Contact") {
            state.target = uri_of(contact).into();
        }
        state.routes = record_routes(answer).into_iter().rev().collect();
    }

    /// Ends the call; only the first reason counts. True if it was not ended before.
    pub fn end(&self, by: EndedBy) -> bool {
        let mut state = self.state();
        state.is_up = false;
        if let Some((_, repeating)) = state.unacknowledged.take() {
            repeating.cancel();
        }
        self.ended.send_if_modified(|ended| {
            let is_first = ended.is_none();
            ended.get_or_insert(by);
            is_first
        })
    }
}

/// Agrees on media: what they described, within what we take.
///
/// # Errors
/// If there is no codec in common, or no address to send to.
pub fn agree(ours: &Session, theirs: &Session, we_offered: bool) -> Result<Agreed, PhoneError> {
    let law = theirs.codecs.iter().copied().find(|law| ours.codecs.contains(law));
    let (law, to) = law.zip(theirs.address).ok_or(PhoneError::NoCommonCodec)?;
    let telephone_event = match (ours.telephone_event, theirs.telephone_event) {
        // Whoever answers uses the numbers of the offer.
        (Some(our), Some(their)) => Some((if we_offered { our } else { their }, their)),
        _ => None,
    };
    Ok(Agreed { to, law, telephone_event, direction: ours.direction.and(theirs.direction.mirrored()) })
}

fn record_routes(message: &Message) -> Vec<String> {
    message.all("Record-Route").flat_map(split_list).map(str::to_owned).collect()
}
