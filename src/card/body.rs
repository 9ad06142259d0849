//! The only door out: a request body for the payment service provider.

use super::Card;
use super::pages::SecretBytes;
use std::fmt::Write;
use zeroize::Zeroize;

/// What stands for a field that may not be shown at all in [`SecretBody::wire_view`].
const HIDDEN: &str = "xxx";
/// A body starts with at least this much room; one that outgrows its room moves to twice as much.
const ROOM_BYTES_MIN: usize = 1024;

/// A finished request body that holds card data. `bytes::Bytes::from_owner(body)` hands it to an HTTP client
/// without a copy; it is wiped when the client lets go of it.
pub struct SecretBody {
    bytes: SecretBytes,
    length: usize,
    view: String,
}

impl SecretBody {
    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The body as a person may see it: card number masked, everything else of the card struck out.
    pub fn wire_view(&self) -> String {
        self.view.clone()
    }
}

impl AsRef<[u8]> for SecretBody {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Writes a [`SecretBody`] piece by piece, straight from the vault into locked memory.
///
/// Card fields are written as bare digits, which need no escaping in JSON, forms or XML; quotes around them
/// belong to the pieces before and after.
pub struct SecretBodyBuilder {
    body: SecretBody,
}

impl SecretBodyBuilder {
    /// An empty body with room for `bytes` bytes. More are possible: the body then moves to larger pages, and
    /// the old ones are wiped.
    pub fn with_capacity(bytes: usize) -> SecretBodyBuilder {
        let bytes = SecretBytes::zeroed(bytes.max(ROOM_BYTES_MIN));
        SecretBodyBuilder { body: SecretBody { bytes, length: 0, view: String::new() } }
    }

    /// Text as it stands; the syntax around the values.
    pub fn raw(mut self, text: &str) -> Self {
        self.append(text.as_bytes());
        self.body.view.push_str(text);
        self
    }

    /// A JSON string (RFC 8259), escaped, with its quotes.
    pub fn json_str(self, text: &str) -> Self {
        let mut escaped = String::with_capacity(text.len() + 2);
        escaped.push('"');
        for character in text.chars() {
            match character {
                '"' => escaped.push_str("\\\""),
                '\\' => escaped.push_str("\\\\"),
                '\n' => escaped.push_str("\\n"),
                '\r' => escaped.push_str("\\r"),
                '\t' => escaped.push_str("\\t"),
                // Writing to a string cannot fail.
                control if control < ' ' => _ = write!(escaped, "\\u{:04x}", u32::from(control)),
                other => escaped.push(other),
            }
        }
        escaped.push('"');
        self.raw(&escaped)
    }

    /// A key or value of `application/x-www-form-urlencoded`, escaped.
    pub fn form_str(self, text: &str) -> Self {
        let mut escaped = String::with_capacity(text.len());
        for byte in text.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => {
                    escaped.push(char::from(byte));
                }
                b' ' => escaped.push('+'),
                // Writing to a string cannot fail.
                other => _ = write!(escaped, "%{other:02X}"),
            }
        }
        self.raw(&escaped)
    }

    /// The card number.
    pub fn pan(self, card: &Card) -> Self {
        let masked = card.pan.masked().to_string();
        self.secret(card.pan.digits(), &masked)
    }

    /// The month of expiry in two digits: `03`.
    pub fn expiry_month(self, card: &Card) -> Self {
        self.secret(card.expiry.month(), HIDDEN)
    }

    /// The month of expiry as a number without a leading zero, as JSON numbers must be: `3`.
    pub fn expiry_month_number(self, card: &Card) -> Self {
        let month = card.expiry.month();
        self.secret(month.strip_prefix(b"0").unwrap_or(month), HIDDEN)
    }

    /// The year of expiry in two digits: `30`.
    pub fn expiry_year2(self, card: &Card) -> Self {
        self.secret(&card.expiry.year()[2..], HIDDEN)
    }

    /// The year of expiry in four digits: `2030`.
    pub fn expiry_year4(self, card: &Card) -> Self {
        self.secret(card.expiry.year(), HIDDEN)
    }

    /// The security code. Nothing if the card has none: look at [`Card::code`] before writing the syntax
    /// around it.
    pub fn code(self, card: &Card) -> Self {
        match &card.code {
            Some(code) => self.secret(code.digits(), HIDDEN),
            None => self,
        }
    }

    /// The postal code. Nothing if none was asked for: look at [`Card::postal`] before writing the syntax
    /// around it.
    pub fn postal(self, card: &Card) -> Self {
        match &card.postal {
            Some(postal) => self.secret(postal.digits(), HIDDEN),
            None => self,
        }
    }

    /// The finished body.
    pub fn finish(self) -> SecretBody {
        self.body
    }

    fn secret(mut self, digits: &[u8], shown: &str) -> Self {
        self.append(digits);
        self.body.view.push_str(shown);
        self
    }

    fn append(&mut self, piece: &[u8]) {
        let body = &mut self.body;
        let end = body.length + piece.len();
        if end > body.bytes.len() {
            let mut larger = SecretBytes::zeroed(end.max(body.bytes.len() * 2));
            larger[..body.length].copy_from_slice(&body.bytes[..body.length]);
            // The old bytes are wiped here; `SecretBytes` wipes on drop, and now rather than later.
            body.bytes.zeroize();
            body.bytes = larger;
        }
        body.bytes[body.length..end].copy_from_slice(piece);
        body.length = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::{Brand, Entry, Key, YearMonth};
    use proptest::prelude::*;

    fn keyed(keys: &str) -> Entry {
        let mut entry = Entry::new().expect("room in the vault");
        for key in keys.bytes().filter_map(Key::from_ascii) {
            entry.push(key).expect("room in the field");
        }
        entry
    }

    fn card(code: Option<&str>) -> Card {
        let today = YearMonth::new(2026, 11).expect("a month");
        Card {
            pan: keyed("4111111111111111").into_pan(&Brand::ALL).expect("a card number"),
            expiry: keyed("0330").into_expiry(today).expect("a date"),
            code: code.map(|keys| keyed(keys).into_code(Brand::Visa).expect("a code")),
            postal: keyed("75001").into_postal(5, 5).ok(),
        }
    }

    #[test]
    fn a_charge_is_written_in_full_and_shown_masked() {
        let card = card(Some("737"));
        let body = SecretBodyBuilder::with_capacity(0)
            .raw("{\"reference\":")
            .json_str("order \"7\"\u{1}\u{e9}")
            .raw(",\"number\":\"")
            .pan(&card)
            .raw("\",\"expiryMonth\":\"")
            .expiry_month(&card)
            .raw("\",\"m\":")
            .expiry_month_number(&card)
            .raw(",\"expiryYear\":\"")
            .expiry_year4(&card)
            .raw("\",\"yy\":\"")
            .expiry_year2(&card)
            .raw("\",\"cvc\":\"")
            .code(&card)
            .raw("\",\"postal\":\"")
            .postal(&card)
            .raw("\"}")
            .finish();
        let sent: serde_json::Value = serde_json::from_slice(body.as_ref()).expect("JSON");
        assert_eq!(
            sent,
            serde_json::json!({
                "reference": "order \"7\"\u{1}\u{e9}", "number": "4111111111111111", "expiryMonth": "03",
                "m": 3, "expiryYear": "2030", "yy": "30", "cvc": "737", "postal": "75001"
            })
        );
        assert_eq!(
            body.wire_view(),
            "{\"reference\":\"order \\\"7\\\"\\u0001é\",\"number\":\"xxxxxxxxxxxx1111\",\
             \"expiryMonth\":\"xxx\",\"m\":xxx,\"expiryYear\":\"xxx\",\"yy\":\"xxx\",\"cvc\":\"xxx\",\
             \"postal\":\"xxx\"}"
        );
    }

    #[test]
    fn a_card_without_a_code_writes_none() {
        let body = SecretBodyBuilder::with_capacity(16).raw("[").code(&card(None)).raw("]").finish();
        assert_eq!(body.as_ref(), b"[]");
        assert_eq!((body.len(), body.is_empty()), (2, false));
    }

    #[test]
    fn a_form_is_escaped() {
        let body = SecretBodyBuilder::with_capacity(16)
            .form_str("card[number]")
            .raw("=")
            .pan(&card(None))
            .raw("&x=")
            .form_str("a b&c=é")
            .finish();
        assert_eq!(body.as_ref(), "card%5Bnumber%5D=4111111111111111&x=a+b%26c%3D%C3%A9".as_bytes());
        assert_eq!(body.wire_view(), "card%5Bnumber%5D=xxxxxxxxxxxx1111&x=a+b%26c%3D%C3%A9");
    }

    #[test]
    fn the_http_client_gets_it_without_a_copy() {
        let body = SecretBodyBuilder::with_capacity(64).pan(&card(None)).finish();
        let place = body.as_ref().as_ptr();
        let bytes = bytes::Bytes::from_owner(body);
        assert_eq!(bytes.as_ptr(), place);
        assert_eq!(&bytes[..], b"4111111111111111");
    }

    proptest! {
        #[test]
        fn any_text_survives_json(pieces in proptest::collection::vec(".{0,300}", 1..40)) {
            let mut builder = SecretBodyBuilder::with_capacity(1).raw("[");
            for (n, piece) in pieces.iter().enumerate() {
                builder = builder.raw(if n == 0 { "" } else { "," }).json_str(piece);
            }
            let body = builder.raw("]").finish();
            let back: Vec<String> = serde_json::from_slice(body.as_ref()).expect("JSON");
            prop_assert_eq!(back, pieces);
            let view = body.wire_view();
            prop_assert_eq!(view.as_bytes(), body.as_ref());
        }
    }
}
