//! Digest authentication (RFC 2617) as PBXs ask it of their phones: MD5, with and without `qop=auth`.

use super::Inner;
use super::sip::{Message, Start, split_list};

impl Inner {
    /// The header that answers a 401 or 407; none if the answer is another one, or there is no password.
    pub(super) fn credentials(&self, request: &Message, answer: &Message) -> Option<(String, String)> {
        let password = self.settings.password.as_ref()?;
        let (asks, answers) = match answer.code()? {
            401 => ("WWW-Authenticate", "Authorization"),
            407 => ("Proxy-Authenticate", "Proxy-Authorization"),
            _ => return None,
        };
        let Start::Request { method, uri } = &request.start else { return None };
        let challenge = answer.header(asks)?.strip_prefix("Digest ")?;
        let field = |name: &str| {
            split_list(challenge).find_map(|part| {
                let (key, value) = part.split_once('=')?;
                key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
            })
        };
        if field("algorithm").is_some_and(|algorithm| !algorithm.eq_ignore_ascii_case("MD5")) {
            return None;
        }
        let (realm, nonce) = (field("realm")?, field("nonce")?);
        let user = &self.settings.user;
        let owner = md5_hex(&format!("{user}:{realm}:{password}"));
        let asked = md5_hex(&format!("{method}:{uri}"));
        let mut value =
            format!("Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\"");
        let has_auth = field("qop").is_some_and(|qop| qop.split(',').any(|kind| kind.trim() == "auth"));
        let response = if has_auth {
            let own_nonce = self.wire.token();
            value += &format!(", qop=auth, nc=00000001, cnonce=\"{own_nonce}\"");
            md5_hex(&format!("{owner}:{nonce}:00000001:{own_nonce}:auth:{asked}"))
        } else {
            md5_hex(&format!("{owner}:{nonce}:{asked}"))
        };
        value += &format!(", response=\"{response}\", algorithm=MD5");
        if let Some(opaque) = field("opaque") {
            value += &format!(", opaque=\"{opaque}\"");
        }
        Some((answers.into(), value))
    }
}

/// MD5 (RFC 1321) in hexadecimal. Broken as a hash, but it is what SIP phones are asked for.
fn md5_hex(text: &str) -> String {
    const TURNS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut padded = text.as_bytes().to_vec();
    let bits = (padded.len() as u64).wrapping_mul(8);
    padded.push(0x80);
    padded.resize((padded.len() + 8).next_multiple_of(64) - 8, 0);
    padded.extend(bits.to_le_bytes());
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded.chunks_exact(64) {
        let word = |i: usize| {
            u32::from_le_bytes([block[4 * i], block[4 * i + 1], block[4 * i + 2], block[4 * i + 3]])
        };
        let [mut a, mut b, mut c, mut d] = state;
        for i in 0..64 {
            let (mixed, index) = match i / 16 {
                0 => ((b & c) | (!b & d), i),
                1 => ((d & b) | (!d & c), (5 * i + 1) % 16),
                2 => (b ^ c ^ d, (3 * i + 5) % 16),
                _ => (c ^ (b | !d), (7 * i) % 16),
            };
            // RFC 1321: the integer part of 2³² × |sin(i + 1)|.
            let constant = (4_294_967_296.0 * ((i + 1) as f64).sin().abs()) as u32;
            let sum = a.wrapping_add(mixed).wrapping_add(constant).wrapping_add(word(index));
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(TURNS[i / 16][i % 4]));
        }
        for (total, part) in state.iter_mut().zip([a, b, c, d]) {
            *total = total.wrapping_add(part);
        }
    }
    hex::encode(state.map(u32::to_le_bytes).concat())
}

#[cfg(test)]
mod tests {
    use super::md5_hex;

    #[test]
    fn md5_gives_the_values_of_its_rfc() {
        assert_eq!(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(md5_hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
        let long = "1234567890".repeat(8);
        assert_eq!(md5_hex(&long), "57edf4a22be3c955ac49da2e2107b67a");
        assert_eq!(md5_hex(&"a".repeat(63)), "b06521f39153d618550606be297466d5");
        // RFC 2617, 3.5.
        assert_eq!(md5_hex("Mufasa:testrealm@host.com:Circle Of Life"), "939e7578ed9e3c518a452acee763bce9");
    }
}
