//! Standard Webhooks signatures: HMAC-SHA256 over name, time and body. What we ask of others is signed in the same way.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{HeaderMap, HeaderValue};
use zeroize::Zeroizing;

/// What a secret begins with, for people to know it by.
const PREFIX: &str = "whsec_";
/// Bytes that a secret may have.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What one endpoint's messages are signed with.
#[derive(Clone)]
pub struct SigningKey(hmac::Key);

/// Not a secret of this standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not `{PREFIX}` and base64 of 24 to 64 bytes")]
pub struct NoSigningKey;

impl SigningKey {
    /// How an admin comes by a secret.
    pub const REMEDY: &str = "make one: printf 'whsec_%s' \"$(head -c 32 /dev/urandom | base64)\"";

    /// Reads `whsec_…`.
    ///
    /// # Errors
    /// If it is not of this form.
    pub fn parse(secret: &str) -> Result<SigningKey, NoSigningKey> {
        let text = secret.strip_prefix(PREFIX).ok_or(NoSigningKey)?;
        let bytes = Zeroizing::new(STANDARD.decode(text).map_err(|_| NoSigningKey)?);
        if !KEY_BYTES.contains(&bytes.len()) {
            return Err(NoSigningKey);
        }
        Ok(SigningKey(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// `webhook-signature` of a message, at a time in seconds since 1970 (UTC).
    #[must_use]
    pub fn sign(&self, id: &str, at_s: i64, body: &str) -> String {
        let tag = hmac::sign(&self.0, format!("{id}.{at_s}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    }

    /// The headers of a message that goes out now.
    #[must_use]
    pub fn headers(&self, id: &str, body: &str) -> HeaderMap {
        let at_s = jiff::Timestamp::now().as_second();
        let signature = self.sign(id, at_s, body);
        let all = [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", at_s.to_string()),
            ("webhook-signature", signature),
        ];
        let sendable = |(name, value): (_, String)| Some((name, HeaderValue::from_str(&value).ok()?));
        all.into_iter()
            .filter_map(sendable)
            .map(|(name, value)| (reqwest::header::HeaderName::from_static(name), value))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the standard's own libraries.
    #[test]
    fn a_message_is_signed_as_the_standard_says() {
        let key = SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
        let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_long_enough_and_of_its_form() {
        let of =
            |bytes: usize| SigningKey::parse(&format!("{PREFIX}{}", STANDARD.encode(vec![7; bytes]))).is_ok();
        assert!(of(24) && of(64) && !of(23) && !of(65));
        assert!(SigningKey::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_err());
        assert!(SigningKey::parse("whsec_öööö").is_err());
    }
}
