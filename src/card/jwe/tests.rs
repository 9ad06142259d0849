use super::*;
use crate::card::{Brand, Entry, Key, YearMonth};
use aws_lc_rs::cipher::{DecryptionContext, PaddedBlockDecryptingKey};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeySize, OaepPrivateDecryptingKey, PrivateDecryptingKey};

fn keyed(keys: &str) -> Entry {
    let mut entry = Entry::new().expect("room in the vault");
    for key in keys.bytes().filter_map(Key::from_ascii) {
        entry.push(key).expect("room in the field");
    }
    entry
}

fn card(code: Option<&str>) -> Card {
    Card {
        pan: keyed("4111111111111111").into_pan(&Brand::ALL).expect("a card number"),
        expiry: keyed("0330").into_expiry(YearMonth::new(2026, 11).expect("a month")).expect("a date"),
        code: code.map(|keys| keyed(keys).into_code(Brand::Visa).expect("a code")),
        postal: None,
    }
}

/// A fresh key pair, and its public half as a provider would publish it.
fn pair() -> (PrivateDecryptingKey, String) {
    let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).expect("a key pair");
    let der = private.public_key().as_der().expect("DER");
    // The modulus is the first integer of the key, behind a sign byte; the exponent is 65537.
    let at = der.as_ref().windows(5).position(|w| w == [0x02, 0x82, 0x01, 0x01, 0x00]).expect("a modulus");
    let modulus = &der.as_ref()[at + 5..at + 5 + 256];
    let published = format!("10001|{}", hex::encode_upper(modulus));
    (private, published)
}

/// The recipient's side, step by step as RFC 7516 section 5.2 has it.
fn opened(private: &PrivateDecryptingKey, compact: &str) -> (String, String) {
    let parts: Vec<Vec<u8>> =
        compact.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64url")).collect();
    let [header, wrapped, iv, text, tag] = &parts[..] else { panic!("five parts") };
    let private = OaepPrivateDecryptingKey::new(private.clone()).expect("a key");
    let mut room = vec![0; private.min_output_size()];
    let content_key = private.decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut room, None).expect("a key");
    let aad = compact.split('.').next().expect("a header");
    let mac_key = hmac::Key::new(hmac::HMAC_SHA512, &content_key[..32]);
    let bits = (aad.len() as u64 * 8).to_be_bytes();
    let signed = [aad.as_bytes(), iv, text, &bits].concat();
    assert_eq!(&hmac::sign(&mac_key, &signed).as_ref()[..32], &tag[..], "the tag");
    let cipher = UnboundCipherKey::new(&AES_256, &content_key[32..]).expect("a key");
    let iv: [u8; 16] = iv[..].try_into().expect("16 bytes");
    let mut text = text.clone();
    let plain = PaddedBlockDecryptingKey::cbc_pkcs7(cipher)
        .and_then(|key| {
            key.decrypt(&mut text, DecryptionContext::Iv128(FixedLength::from(iv))).map(|p| p.to_vec())
        })
        .expect("plain text");
    (String::from_utf8(header.clone()).expect("text"), String::from_utf8(plain).expect("text"))
}

#[test]
fn each_field_opens_with_the_private_key_and_is_never_the_same_twice() {
    let (private, published) = pair();
    let key = CardEncryptionKey::parse(&published).expect("a key");
    let at = "2030-01-01T00:00:00.000Z";
    for (field, name, value) in [
        (CardField::Number, "number", "4111111111111111"),
        (CardField::ExpiryMonth, "expiryMonth", "03"),
        (CardField::ExpiryYear, "expiryYear", "2030"),
        (CardField::Code, "cvc", "737"),
    ] {
        let first = key.encrypted(&card(Some("737")), field, at).expect("encrypted").expect("a field");
        let again = key.encrypted(&card(Some("737")), field, at).expect("encrypted").expect("a field");
        assert_ne!(first, again);
        let (header, plain) = opened(&private, &first);
        assert_eq!(header, HEADER);
        assert_eq!(plain, format!("{{\"{name}\":\"{value}\",\"generationtime\":\"{at}\"}}"));
    }
    assert_eq!(key.encrypted(&card(None), CardField::Code, at), Ok(None));
}

/// Cipher text and tag for a given content key and initialisation vector, as another implementation (jose for
/// Node.js) made them.
#[test]
fn another_implementation_has_the_same_cipher_text_and_tag() {
    let (_, published) = pair();
    let key = CardEncryptionKey::parse(&published).expect("a key");
    let content_key: [u8; 64] = std::array::from_fn(|n| n as u8);
    let iv: [u8; 16] = std::array::from_fn(|n| 0xA0 + n as u8);
    let plain = b"{\"number\":\"4111111111111111\",\"generationtime\":\"2030-01-01T00:00:00.000Z\"}".to_vec();
    let compact = key.compact(&content_key, iv, plain.into()).expect("encrypted");
    let parts: Vec<&str> = compact.split('.').collect();
    assert_eq!(parts[0], "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwidmVyc2lvbiI6IjEifQ");
    assert_eq!(
        parts[3],
        "xzCIkY1yDLg0Pt5eoB_j6OF3J6fOLVbOuib0s9BAqjFK5AU8gi1ia6JgeBAYLwhkaFHuMlabbtWrdY1irtS70FAmP9ZYznYlG7efQwX5rj0"
    );
    assert_eq!(parts[4], "uf1jhu6fvzSn2VPOCwXyIsPKRTsa3YItXWrSWVIotTI");
}

#[test]
fn keys_that_are_none_are_refused() {
    let short = format!("10001|{}", "AB".repeat(128));
    for (text, fault) in [
        ("", CardKeyFault::Form),
        ("10001", CardKeyFault::Form),
        ("10001|XYZ", CardKeyFault::Form),
        (short.as_str(), CardKeyFault::Size(1024)),
    ] {
        assert_eq!(CardEncryptionKey::parse(text).err(), Some(fault), "{text}");
    }
}
