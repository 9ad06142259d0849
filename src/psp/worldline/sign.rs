//! How Worldline Direct's requests are signed: `GCS v1HMAC`.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

/// `Sun, 22 Nov 2026 11:06:56 GMT` (RFC 9110 section 5.6.7).
pub(super) fn date(now: Timestamp) -> String {
    now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// What is signed: method, content type, date, the provider's own headers in order, path with query.
pub(super) fn text(
    method: &str,
    content_type: &str,
    date: &str,
    own_headers: &[(&str, &str)],
    path: &str,
) -> String {
    let mut text = format!("{method}\n{content_type}\n{date}\n");
    for (name, value) in own_headers {
        text.push_str(name);
        text.push(':');
        text.push_str(value);
        text.push('\n');
    }
    text.push_str(path);
    text.push('\n');
    text
}

/// The value of `Authorization`.
pub(super) fn authorisation(key_id: &str, key: &hmac::Key, text: &str) -> String {
    format!("GCS v1HMAC:{key_id}:{}", STANDARD.encode(hmac::sign(key, text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by the provider's own library for Node.js.
    #[test]
    fn the_provider_s_own_library_signs_the_same() {
        let text = text(
            "POST",
            "application/json",
            "Sun, 22 Nov 2026 11:06:56 GMT",
            &[
                ("x-gcs-idempotence-key", "idem-42"),
                (
                    "x-gcs-servermetainfo",
                    "eyJzZGtDcmVhdG9yIjoiT25saW5lUGF5bWVudHMiLCJzZGtJZGVudGlmaWVyIjoiTm9kZWpzU2VydmVyU0RLL3Y2\
                     LjIuMCIsInBsYXRmb3JtSWRlbnRpZmllciI6InVuZGVmaW5lZCBOb2RlLmpzLzIwLjIwLjIiLCJpbnRlZ3JhdG9y\
                     IjoidGVzdCJ9",
                ),
            ],
            "/v2/MERCHANT/payments",
        );
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"SECRET");
        assert_eq!(
            authorisation("KEYID", &key, &text),
            "GCS v1HMAC:KEYID:MwWAO8BiP3uD9mIKAQPzlyWFQ8uG7pW6gQwVy9tlo8w="
        );
        let now: Timestamp = "2026-11-22T11:06:56Z".parse().expect("a time");
        assert_eq!(date(now), "Sun, 22 Nov 2026 11:06:56 GMT");
    }
}
