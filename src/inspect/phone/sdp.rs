//! Session descriptions (RFC 4566, offer and answer by RFC 3264) of one audio stream.

use crate::inspect::audio::Law;
use std::net::{IpAddr, SocketAddr};

/// Which way a stream flows, seen by whoever wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// Only from the writer.
    SendOnly,
    /// Only to the writer.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl Direction {
    /// The same stream seen from the other end.
    pub fn mirrored(self) -> Self {
        match self {
            Direction::SendOnly => Direction::RecvOnly,
            Direction::RecvOnly => Direction::SendOnly,
            both => both,
        }
    }

    /// The direction of a writer who sends, or receives, or does both, or neither.
    pub fn of(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Direction::SendRecv,
            (true, false) => Direction::SendOnly,
            (false, true) => Direction::RecvOnly,
            (false, false) => Direction::Inactive,
        }
    }

    /// What is left of this direction when the other side's wishes allow only `other`.
    pub fn and(self, other: Self) -> Self {
        Self::of(self.sends() && other.sends(), self.mirrored().sends() && other.mirrored().sends())
    }

    /// Whether the writer sends.
    pub fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }

    fn name(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }
}

/// One audio stream, as one side describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Where it wants to receive; none if it refuses audio.
    pub address: Option<SocketAddr>,
    /// The codecs it takes, best first. Others than G.711 are left out.
    pub codecs: Vec<Law>,
    /// The payload type of RFC 4733 telephone-events, if it takes them.
    pub telephone_event: Option<u8>,
    /// Which way the audio flows.
    pub direction: Direction,
}

impl Session {
    /// Reads the first audio stream of a description; none if there is no such stream.
    pub fn parse(text: &str) -> Option<Self> {
        let mut host: Option<IpAddr> = None;
        let mut in_audio = false;
        let mut port = 0u16;
        let mut session = Session {
            address: None,
            codecs: Vec::new(),
            telephone_event: None,
            direction: Direction::default(),
        };
        for line in text.lines() {
            let Some((kind, value)) = line.trim_end().split_once('=') else { continue };
            match kind {
                "m" if in_audio => break,
                "m" => {
                    let mut words = value.split(' ');
                    if words.next() != Some("audio") {
                        continue;
                    }
                    in_audio = true;
                    port = words.next()?.split('/').next()?.parse().ok()?;
                    let laws = words.skip(1).filter_map(|word| match word {
                        "0" => Some(Law::Mu),
                        "8" => Some(Law::A),
                        _ => None,
                    });
                    session.codecs = laws.take(2).collect();
                }
                "c" => host = value.rsplit(' ').next()?.split('/').next()?.parse().ok(),
                "a" => session.attribute(value),
                _ => {}
            }
        }
        // The old way to hold a call: an address of zeros (RFC 3264, 8.4).
        if host.is_some_and(|host| host.is_unspecified()) {
            session.direction =
                if session.direction.sends() { Direction::SendOnly } else { Direction::Inactive };
        }
        session.address = host.filter(|_| port != 0).map(|host| SocketAddr::new(host, port));
        in_audio.then_some(session)
    }

    fn attribute(&mut self, value: &str) {
        let directions = [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];
        if let Some(direction) = directions.into_iter().find(|d| d.name() == value) {
            self.direction = direction;
        }
        let Some((number, codec)) = value.strip_prefix("rtpmap:").and_then(|map| map.split_once(' ')) else {
            return;
        };
        if codec.to_ascii_lowercase().starts_with("telephone-event/8000") {
            self.telephone_event = number.parse().ok().filter(|number| (96..128).contains(number));
        }
    }

    /// As text for the wire; `version` counts the descriptions of this dialog.
    pub fn to_text(&self, session_id: u32, version: u32) -> String {
        let (host, port) = match self.address {
            Some(address) => (address.ip().to_string(), address.port()),
            None => ("127.0.0.1".into(), 0),
        };
        let mut formats = String::new();
        let mut maps = String::new();
        for law in &self.codecs {
            let (number, name) = match law {
                Law::Mu => (0, "PCMU"),
                Law::A => (8, "PCMA"),
            };
            formats += &format!(" {number}");
            maps += &format!("a=rtpmap:{number} {name}/8000\r\n");
        }
        if let Some(number) = self.telephone_event {
            formats += &format!(" {number}");
            maps += &format!("a=rtpmap:{number} telephone-event/8000\r\na=fmtp:{number} 0-15\r\n");
        }
        format!(
            "v=0\r\no=tonegate {session_id} {version} IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP{formats}\r\n{maps}a=ptime:20\r\na={}\r\n",
            self.direction.name()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for direction in [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive]
        {
            let session = Session {
                address: "127.0.0.1:4000".parse().ok(),
                codecs: vec![Law::A, Law::Mu],
                telephone_event: Some(101),
                direction,
            };
            assert_eq!(Session::parse(&session.to_text(1, 2)), Some(session));
        }
    }

    #[test]
    fn only_the_first_audio_stream_counts() {
        let text = "v=0\nc=IN IP4 10.0.0.1\na=sendonly\nm=video 9 RTP/AVP 0\nm=audio 4000/1 RTP/AVP 96 8 3 0 97\n\
            c=IN IP4 10.0.0.2/127\na=rtpmap:96 opus/48000/2\na=rtpmap:97 Telephone-Event/8000\n\
            m=audio 5000 RTP/AVP 0\na=inactive\n";
        let session = Session::parse(text).expect("there is audio");
        assert_eq!(session.address, "10.0.0.2:4000".parse().ok());
        assert_eq!(session.codecs, [Law::A, Law::Mu]);
        assert_eq!((session.telephone_event, session.direction), (Some(97), Direction::SendOnly));
    }

    #[test]
    fn odd_descriptions_are_survived() {
        for text in
            ["", "m=audio", "m=audio x RTP/AVP 0", "m=audio 70000 RTP/AVP", "c=\nm=video 1", "=", "a=rtpmap:"]
        {
            assert_eq!(Session::parse(text), None, "{text:?}");
        }
        let refused =
            Session::parse("c=IN IP4 10.0.0.1\nm=audio 0 RTP/AVP 0\na=rtpmap:300 telephone-event/8000");
        assert_eq!(refused.map(|s| (s.address, s.telephone_event)), Some((None, None)));
        let held = Session::parse("c=IN IP4 0.0.0.0\nm=audio 4 RTP/AVP 0\n");
        assert_eq!(held.map(|s| s.direction), Some(Direction::SendOnly));
    }
}
