//! What a phone is told before it is bound, and what it may report.

use crate::inspect::audio::Law;
use std::io;
use std::net::SocketAddr;

/// What a phone is.
#[derive(Clone, Debug)]
pub struct PhoneSettings {
    /// Its number: the user part of its address.
    pub user: String,
    /// The registrar, for [`Phone::register`](super::Phone::register) and for targets without a numeric host.
    pub registrar: Option<SocketAddr>,
    /// The password for digest authentication (RFC 2617, MD5); none if the PBX asks for none.
    pub password: Option<String>,
    /// The codecs it offers, best first.
    pub codecs: Vec<Law>,
    /// The payload type of RFC 4733 telephone-events it offers; none offers no such events.
    pub telephone_event: Option<u8>,
    /// What it does when it is called.
    pub answer: Answer,
    /// How long its own calls may ring before it withdraws them.
    pub ring_timeout_ms: u64,
    /// Whether it keeps the sound it hears; without, a thousand phones need little memory.
    pub keeps_audio: bool,
    /// Gives the numbers its media begin with: source, sequence, timestamp. Chosen anew for each phone;
    /// set it to repeat a run to the packet, and differently for each phone.
    pub seed: u64,
}

impl PhoneSettings {
    /// A phone with this number: PCMU before PCMA, telephone-events as 101, answers after half a second.
    pub fn new(user: &str) -> Self {
        Self {
            user: user.into(),
            registrar: None,
            password: None,
            codecs: vec![Law::Mu, Law::A],
            telephone_event: Some(101),
            answer: Answer::AfterMs(500),
            ring_timeout_ms: 60_000,
            keeps_audio: true,
            seed: rand::random(),
        }
    }
}

/// What a phone does when it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It rings for so long and answers; the call is fetched with [`Phone::answered`](super::Phone::answered).
    AfterMs(u64),
    /// It rings until somebody fetches the call with [`Phone::ringing`](super::Phone::ringing) and answers it.
    ByHand,
    /// It refuses, with this status code.
    Refuse(u16),
}

/// What can go wrong with a phone.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// No socket on the loopback interface.
    #[error("the test phone gets no socket on 127.0.0.1: {0}; check the limit of open files (ulimit -n)")]
    Socket(#[from] io::Error),
    /// The other end does not answer.
    #[error("{to} did not answer the phone's {method}; check that the PBX runs and listens there over UDP")]
    Unanswered {
        /// The request.
        method: String,
        /// Where it went.
        to: SocketAddr,
    },
    /// The other end says no.
    #[error("the PBX refused the phone's {method}: {code} {reason}")]
    Refused {
        /// The request.
        method: String,
        /// The status code.
        code: u16,
        /// Its words.
        reason: String,
    },
    /// The target is no `sip:user@address:port`.
    #[error("the phone cannot call {0:?}: write sip:number@127.0.0.1:port, or give the phone a registrar")]
    BadTarget(String),
    /// The phone has a call already.
    #[error("the phone is busy with another call; hang up first")]
    Busy,
    /// There is no call any more.
    #[error("the call is over, or not answered yet")]
    NotUp,
    /// Something in the media description cannot be used.
    #[error("the phone and the PBX have no codec in common; allow PCMU or PCMA on this line")]
    NoCommonCodec,
    /// Keys as telephone-events where none are agreed on.
    #[error("this call carries no telephone-events; press the keys in the audio or by INFO instead")]
    NoTelephoneEvents,
    /// Characters that are no keys, too many of them, or a length that cannot be sent.
    #[error("keys are 0-9, *, # and A-D, at most 64 at a time, each held 1 to 8000 ms")]
    NotKeys,
    /// A register without registrar.
    #[error("the phone has no registrar to register with")]
    NoRegistrar,
    /// A transfer that the PBX did not carry out.
    #[error("the transfer failed: the PBX reported {0}")]
    TransferFailed(u16),
}
