//! A card number made into a name that leads nowhere: the same card is known again, and nobody can tell which it is.

use std::fmt;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::pan::Pan;

/// Bytes of the secret.
const KEY_BYTES: usize = 32;

/// Bytes of a fingerprint: no two cards of a company share one.
const PRINT_BYTES: usize = 16;

/// What is hashed besides the number, so that no other use of the secret gives the same.
const BOUND_TO: &[u8] = b"tonegate card fingerprint v1:";

/// The installation's own secret. Without it, a fingerprint could be looked up by trying all card numbers; with it, only
/// by whoever has it (PCI DSS 3.5.1.1).
pub struct FingerprintKey(hmac::Key);

/// HMAC-SHA256 of a card number under the installation's secret, cut to 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; PRINT_BYTES]);

impl FingerprintKey {
    /// The secret of 64 hexadecimal digits; none if it is not that.
    #[must_use]
    pub fn of_hex(text: &str) -> Option<FingerprintKey> {
        let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
        hex::decode_to_slice(text, &mut bytes[..]).ok()?;
        Some(FingerprintKey(hmac::Key::new(hmac::HMAC_SHA256, &bytes[..])))
    }

    /// What the same card is known by.
    #[must_use]
    pub fn of_card(&self, pan: &Pan) -> Fingerprint {
        // The library wipes what it hashed.
        let mut hashed = hmac::Context::with_key(&self.0);
        hashed.update(BOUND_TO);
        hashed.update(pan.digits());
        let tag = hashed.sign();
        let mut print = [0; PRINT_BYTES];
        for (to, from) in print.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        Fingerprint(print)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::{Brand, Entry, Key};

    fn pan(number: u64) -> Pan {
        let mut entry = Entry::new().expect("a slot");
        for digit in number.to_string().bytes() {
            entry.push(Key::from_ascii(digit).expect("a key")).expect("room");
        }
        entry.into_pan(&Brand::ALL).expect("a card number")
    }

    #[test]
    fn a_card_is_known_again_under_the_same_secret_alone() {
        let key = |nibble: &str| FingerprintKey::of_hex(&nibble.repeat(64)).expect("a secret");
        let (one, other) = (key("a"), key("b"));
        let [first, second] = [4111111111111111, 5555555555554444].map(pan);
        assert_eq!(one.of_card(&first), one.of_card(&pan(4111111111111111)));
        assert_ne!(one.of_card(&first), one.of_card(&second));
        assert_ne!(one.of_card(&first), other.of_card(&first));
        let shown = one.of_card(&first).to_string();
        assert!(shown.len() == 2 * PRINT_BYTES && !shown.contains("1111111"), "{shown}");
    }

    #[test]
    fn a_secret_is_sixty_four_hexadecimal_digits() {
        assert!(FingerprintKey::of_hex("").is_none() && FingerprintKey::of_hex(&"z".repeat(64)).is_none());
    }
}
