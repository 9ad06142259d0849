//! SIP messages: just enough of RFC 3261 for a phone, and nothing that trusts its sender.

use std::net::SocketAddr;

/// The largest message that is read: that of one datagram.
pub const MAX_MESSAGE_BYTES: usize = 65_535;
/// The most headers a message may have.
const MAX_HEADERS: usize = 128;

/// A SIP request or response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The first line.
    pub start: Start,
    /// Names in full (never compact) with their values, in order.
    pub headers: Vec<(String, String)>,
    /// What follows the empty line.
    pub body: String,
}

/// The first line of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// `INVITE sip:… SIP/2.0`
    Request {
        /// The method, as sent.
        method: String,
        /// The request URI.
        uri: String,
    },
    /// `SIP/2.0 200 OK`
    Response {
        /// The status code, 100 to 699.
        code: u16,
        /// The words after it.
        reason: String,
    },
}

impl Message {
    /// A request without headers.
    pub fn request(method: &str, uri: &str) -> Self {
        let start = Start::Request { method: method.into(), uri: uri.into() };
        Self { start, headers: Vec::new(), body: String::new() }
    }

    /// The response to a request, with the headers RFC 3261 8.2.6.2 has copied.
    pub fn response(to: &Message, code: u16, reason: &str) -> Self {
        let copied = ["Via", "Record-Route", "From", "To", "Call-ID", "CSeq"];
        let headers = to.headers.iter().filter(|(name, _)| copied.contains(&name.as_str())).cloned();
        let start = Start::Response { code, reason: reason.into() };
        Self { start, headers: headers.collect(), body: String::new() }
    }

    /// Adds a header.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds a body.
    pub fn with_body(mut self, content_type: &str, body: String) -> Self {
        self.body = body;
        self.with("Content-Type", content_type)
    }

    /// Reads a datagram; none if it is not SIP, or not whole.
    pub fn parse(datagram: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let start = parse_start(lines.next()?)?;
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            if let Some(folded) = line.strip_prefix([' ', '\t']) {
                let value = &mut headers.last_mut()?.1;
                value.push(' ');
                value.push_str(folded.trim());
                continue;
            }
            let (name, value) = line.split_once(':')?;
            headers.push((full_name(name.trim()), value.trim().into()));
            if headers.len() > MAX_HEADERS {
                return None;
            }
        }
        let mut message = Self { start, headers, body: String::new() };
        let body_bytes = match message.header("Content-Length") {
            Some(length) => length.parse().ok()?,
            None => rest.len(),
        };
        message.body = rest.get(..body_bytes)?.into();
        Some(message)
    }

    /// As bytes for the wire, with its Content-Length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = match &self.start {
            Start::Request { method, uri } => format!("{method} {uri} SIP/2.0\r\n"),
            Start::Response { code, reason } => format!("SIP/2.0 {code} {reason}\r\n"),
        };
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("Content-Length: {}\r\n\r\n{}", self.body.len(), self.body);
        text.into_bytes()
    }

    /// The first header of a name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All headers of a name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// The status code of a response; none for a request.
    pub fn code(&self) -> Option<u16> {
        match self.start {
            Start::Response { code, .. } => Some(code),
            Start::Request { .. } => None,
        }
    }

    /// The number and the method of CSeq.
    pub fn cseq(&self) -> Option<(u32, &str)> {
        let (number, method) = self.header("CSeq")?.split_once(' ')?;
        Some((number.parse().ok()?, method.trim()))
    }

    /// The branch of the topmost Via.
    pub fn branch(&self) -> Option<&str> {
        param(split_list(self.header("Via")?).next()?, "branch")
    }

    /// The tag of From or To.
    pub fn tag(&self, name: &str) -> Option<&str> {
        param(self.header(name)?, "tag")
    }
}

fn parse_start(line: &str) -> Option<Start> {
    if let Some(status) = line.strip_prefix("SIP/2.0 ") {
        let (code, reason) = status.split_once(' ').unwrap_or((status, ""));
        let code = code.parse().ok().filter(|code| (100..700).contains(code))?;
        return Some(Start::Response { code, reason: reason.into() });
    }
    let mut words = line.split(' ');
    let (method, uri, version) = (words.next()?, words.next()?, words.next()?);
    let is_request = version == "SIP/2.0"
        && words.next().is_none()
        && !method.is_empty()
        && method.bytes().all(|b| b.is_ascii_uppercase());
    is_request.then(|| Start::Request { method: method.into(), uri: uri.into() })
}

/// The full name of a header in the spelling this module uses.
fn full_name(name: &str) -> String {
    const COMPACT: [(&str, &str); 8] = [
        ("v", "Via"),
        ("f", "From"),
        ("t", "To"),
        ("i", "Call-ID"),
        ("m", "Contact"),
        ("l", "Content-Length"),
        ("c", "Content-Type"),
        ("r", "Refer-To"),
    ];
    const SPELLED: [&str; 4] = ["CSeq", "Record-Route", "WWW-Authenticate", "Proxy-Authenticate"];
    let known = COMPACT.iter().map(|(_, full)| *full).chain(SPELLED);
    let full = COMPACT.iter().find(|(short, _)| name.eq_ignore_ascii_case(short)).map(|(_, full)| *full);
    full.or_else(|| known.into_iter().find(|full| name.eq_ignore_ascii_case(full))).unwrap_or(name).into()
}

/// The parts of a comma-separated value; commas in quotes and angle brackets do not part it.
pub fn split_list(value: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut bracketed) = (false, false);
    value
        .split(move |c| {
            match c {
                '"' => quoted = !quoted,
                '<' if !quoted => bracketed = true,
                '>' if !quoted => bracketed = false,
                ',' => return !quoted && !bracketed,
                _ => {}
            }
            false
        })
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// The value of a `;name=value` parameter outside the angle brackets.
pub fn param<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let after_uri = value.rsplit_once('>').map_or(value, |(_, after)| after);
    after_uri.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// The URI of a From, To, Contact, Route or Refer-To.
pub fn uri_of(value: &str) -> &str {
    match value.split_once('<') {
        Some((_, rest)) => rest.split_once('>').map_or(rest, |(uri, _)| uri),
        None => value.split_once(';').map_or(value, |(uri, _)| uri).trim(),
    }
}

/// The address a URI with a numeric host leads to; port 5060 unless it names one.
pub fn address_of(uri: &str) -> Option<SocketAddr> {
    let rest = uri.strip_prefix("sip:")?;
    let rest = rest.split_once(['?', ';']).map_or(rest, |(rest, _)| rest);
    let host_port = rest.rsplit_once('@').map_or(rest, |(_, host_port)| host_port);
    host_port.parse().ok().or_else(|| Some(SocketAddr::new(host_port.parse().ok()?, 5060)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INVITE: &str = "INVITE sip:agent@127.0.0.1:5070 SIP/2.0\r\n\
        v: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKabc\r\n\
        f: \"Ann, of B; tag=no\" <sip:ann@127.0.0.1;tag=none>;tag=a1\r\n\
        To: <sip:agent@127.0.0.1:5070>\r\n\
        Call-ID: x\r\n\
        cseq: 7 INVITE\r\n\
        Subject: one\r\n  two\r\n\
        l: 4\r\n\r\nv=0\nrest that is cut off";

    #[test]
    fn a_request_is_read() {
        let message = Message::parse(INVITE.as_bytes()).expect("it is well formed");
        assert_eq!(message.branch(), Some("z9hG4bKabc"));
        assert_eq!((message.tag("From"), message.tag("To")), (Some("a1"), None));
        assert_eq!(message.cseq(), Some((7, "INVITE")));
        assert_eq!(message.header("subject"), Some("one two"));
        assert_eq!(message.body, "v=0\n");
        assert_eq!(Message::parse(&message.to_bytes()).map(|m| m.body), Some("v=0\n".into()));
    }

    #[test]
    fn uris_are_taken_apart() {
        let value = "\"A\" <sip:bob@127.0.0.1:5070;transport=udp?x=y>;q=1";
        assert_eq!(uri_of(value), "sip:bob@127.0.0.1:5070;transport=udp?x=y");
        assert_eq!(address_of(uri_of(value)), "127.0.0.1:5070".parse().ok());
        assert_eq!(address_of("sip:10.0.0.1"), "10.0.0.1:5060".parse().ok());
        assert_eq!(address_of("sip:bob@example.com"), None);
        assert_eq!(split_list("<sip:a,b>, \"c,d\" <e>,f").count(), 3);
    }

    #[test]
    fn broken_messages_are_refused() {
        for broken in [
            "",
            "\r\n\r\n",
            "INVITE\r\n\r\n",
            "SIP/2.0 99 Low\r\n\r\n",
            "SIP/2.0 abc\r\n\r\n",
            "INVITE sip:a SIP/2.0\r\nno colon\r\n\r\n",
            "INVITE sip:a SIP/2.0\r\n folded: first\r\n\r\n",
            "INVITE sip:a SIP/2.0\r\nContent-Length: 10\r\n\r\nshort",
            "INVITE sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n",
            "INVITE sip:a SIP/2.0\r\nContent-Length: 1\r\n\r\né",
        ] {
            assert_eq!(Message::parse(broken.as_bytes()), None, "{broken:?}");
        }
        assert_eq!(Message::parse(&[0xff; 40]), None);
    }

    proptest! {
        #[test]
        fn no_datagram_makes_the_parser_panic(cut in 0usize..400, at in 0usize..400, byte: u8) {
            let mut bytes = INVITE.as_bytes().to_vec();
            bytes.truncate(cut);
            if let Some(cell) = bytes.get_mut(at) { *cell = byte }
            if let Some(message) = Message::parse(&bytes) {
                let _ = (message.branch(), message.cseq(), message.tag("From"), message.tag("To"));
                for (_, value) in &message.headers {
                    let _ = (uri_of(value), address_of(uri_of(value)), split_list(value).count());
                }
            }
        }
    }
}
