//! Card fields encrypted for one recipient: compact JWE (RFC 7516) with RSA-OAEP-256 and A256CBC-HS512
//! (RFC 7518 sections 4.3 and 5.2.5), one small JSON object a field.
//!
//! The plain text and the content key live in wiped memory for the moment of the encryption alone.

use aws_lc_rs::cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::Card;

/// The protected header; `version` is the recipient's own.
const HEADER: &str = "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256CBC-HS512\",\"version\":\"1\"}";
/// Content key: 32 bytes for the authentication code, then 32 for the cipher.
const CONTENT_KEY_BYTES: usize = 64;
const IV_BYTES: usize = 16;
/// The authentication code is cut to this.
const TAG_BYTES: usize = 32;
/// A plain text has less than this; room for it and the padding keeps the buffer from moving.
const PLAIN_ROOM_BYTES: usize = 160;
/// Shortest modulus taken (PCI DSS 4.2.1 asks for strong cryptography).
const MODULUS_BYTES_MIN: usize = 256;
/// Longest modulus taken.
const MODULUS_BYTES_MAX: usize = 1024;

/// One field of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardField {
    /// The card number.
    Number,
    /// The month of expiry, two digits.
    ExpiryMonth,
    /// The year of expiry, four digits.
    ExpiryYear,
    /// The security code.
    Code,
}

/// Why a public key cannot be used, or a field not encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardKeyFault {
    /// It is not written as it should be.
    #[error("is not a public key of the form `exponent|modulus` in hexadecimal digits")]
    Form,
    /// It is too short or too long.
    #[error("has a modulus of {0} bits; 2048 to 8192 are possible")]
    Size(usize),
    /// The library refused.
    #[error("cannot be used for encryption")]
    Refused,
}

/// The public key of whoever shall be able to read the card.
pub struct CardEncryptionKey {
    key: OaepPublicEncryptingKey,
}

impl CardEncryptionKey {
    /// Reads `10001|A5A2…`: exponent and modulus in hexadecimal digits.
    ///
    /// # Errors
    /// If it is written in another way, or too short.
    pub fn parse(text: &str) -> Result<CardEncryptionKey, CardKeyFault> {
        let (exponent, modulus) = text.trim().split_once('|').ok_or(CardKeyFault::Form)?;
        let bytes = |digits: &str| {
            let even = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits.to_owned() };
            hex::decode(even).map_err(|_| CardKeyFault::Form)
        };
        let (exponent, modulus) = (bytes(exponent)?, bytes(modulus)?);
        if !(MODULUS_BYTES_MIN..=MODULUS_BYTES_MAX).contains(&modulus.len()) {
            return Err(CardKeyFault::Size(modulus.len() * 8));
        }
        if exponent.is_empty() || exponent.len() > 8 {
            return Err(CardKeyFault::Form);
        }
        let key = PublicEncryptingKey::from_der(&subject_public_key_info(&modulus, &exponent))
            .map_err(|_| CardKeyFault::Refused)?;
        Ok(CardEncryptionKey { key: OaepPublicEncryptingKey::new(key).map_err(|_| CardKeyFault::Refused)? })
    }

    /// One field, encrypted: `{"number":"…","generationtime":"…"}`. `None` if the card has no such field.
    ///
    /// `generated_at` is RFC 3339 in UTC with milliseconds; the recipient takes it for a day.
    ///
    /// # Errors
    /// If the library has no random bytes to give.
    pub fn encrypted(
        &self,
        card: &Card,
        field: CardField,
        generated_at: &str,
    ) -> Result<Option<String>, CardKeyFault> {
        let (name, digits) = match field {
            CardField::Number => ("number", card.pan.digits()),
            CardField::ExpiryMonth => ("expiryMonth", card.expiry.month()),
            CardField::ExpiryYear => ("expiryYear", card.expiry.year()),
            CardField::Code => match &card.code {
                Some(code) => ("cvc", code.digits()),
                None => return Ok(None),
            },
        };
        let mut plain = Zeroizing::new(Vec::with_capacity(PLAIN_ROOM_BYTES));
        for piece in [b"{\"", name.as_bytes(), b"\":\"", digits, b"\",\"generationtime\":\""] {
            plain.extend_from_slice(piece);
        }
        plain.extend_from_slice(generated_at.as_bytes());
        plain.extend_from_slice(b"\"}");
        let mut content_key = Zeroizing::new([0; CONTENT_KEY_BYTES]);
        let mut iv = [0; IV_BYTES];
        rand::fill(&mut content_key[..]).map_err(|_| CardKeyFault::Refused)?;
        rand::fill(&mut iv).map_err(|_| CardKeyFault::Refused)?;
        self.compact(&content_key, iv, plain).map(Some)
    }

    fn compact(
        &self,
        content_key: &[u8; CONTENT_KEY_BYTES],
        iv: [u8; IV_BYTES],
        mut plain: Zeroizing<Vec<u8>>,
    ) -> Result<String, CardKeyFault> {
        let refused = |_| CardKeyFault::Refused;
        let mut wrapped = vec![0; self.key.ciphertext_size()];
        let wrapped =
            self.key.encrypt(&OAEP_SHA256_MGF1SHA256, content_key, &mut wrapped, None).map_err(refused)?;
        let (mac_key, cipher_key) = content_key.split_at(CONTENT_KEY_BYTES / 2);
        let cipher = UnboundCipherKey::new(&AES_256, cipher_key)
            .and_then(PaddedBlockEncryptingKey::cbc_pkcs7)
            .map_err(refused)?;
        // In place: what was the plain text is the cipher text afterwards.
        cipher
            .less_safe_encrypt(&mut *plain, EncryptionContext::Iv128(FixedLength::from(iv)))
            .map_err(refused)?;
        let header = URL_SAFE_NO_PAD.encode(HEADER);
        let header_bits = (header.len() as u64) * 8;
        let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA512, mac_key));
        for piece in [header.as_bytes(), &iv, &plain, &header_bits.to_be_bytes()] {
            mac.update(piece);
        }
        let tag = mac.sign();
        let parts = [&*wrapped, &iv, &plain, &tag.as_ref()[..TAG_BYTES]];
        let mut compact = header;
        for part in parts {
            compact.push('.');
            URL_SAFE_NO_PAD.encode_string(part, &mut compact);
        }
        Ok(compact)
    }
}

/// `SubjectPublicKeyInfo` (RFC 5280) of an RSA key, in DER (ITU-T X.690).
fn subject_public_key_info(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    /// rsaEncryption (RFC 8017) with its NULL parameters.
    const ALGORITHM: [u8; 13] =
        [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00];
    let key = element(0x30, &[unsigned(modulus), unsigned(exponent)].concat());
    // A bit string begins with the number of its unused bits.
    let bits = element(0x03, &[&[0], &key[..]].concat());
    element(0x30, &[element(0x30, &ALGORITHM), bits].concat())
}

/// A positive integer: no needless zeros in front, and one where the first bit is set.
fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len().saturating_sub(1));
    let significant = &bytes[first..];
    let sign: &[u8] = if significant.first().is_some_and(|byte| *byte >= 0x80) { &[0] } else { &[] };
    element(0x02, &[sign, significant].concat())
}

/// Tag, length, content.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1);
    let length = &length[significant..];
    let mut bytes = vec![tag];
    if content.len() >= 0x80 {
        bytes.push(0x80 | length.len() as u8);
    }
    bytes.extend_from_slice(length);
    bytes.extend_from_slice(content);
    bytes
}

#[cfg(test)]
mod tests;
