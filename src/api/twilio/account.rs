//! Who may ask: account and token, or an API key, by HTTP Basic (RFC 7617); and how callbacks are signed.

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::config::{Secret, TwilioSection};

/// The one account there is.
pub(super) struct Account {
    pub(super) sid: String,
    token: Secret,
    key: Option<(String, Secret)>,
}

impl Account {
    pub(super) fn new(section: &TwilioSection) -> Account {
        Account {
            sid: section.account_sid.clone(),
            token: section.auth_token.clone(),
            key: section.api_key_sid.clone().map(|sid| (sid, section.api_key_secret.clone())),
        }
    }

    /// Whether these are the headers of somebody who may ask.
    pub(super) fn admits(&self, headers: &HeaderMap) -> bool {
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
            .and_then(|text| STANDARD.decode(text).ok())
            .map(Zeroizing::new);
        let Some(given) = given else { return false };
        let pairs =
            [(&self.sid, &self.token)].into_iter().chain(self.key.iter().map(|(sid, key)| (sid, key)));
        // Every pair is compared, so that the time tells nothing.
        pairs.fold(false, |admitted, (user, secret)| {
            let pair = Zeroizing::new(format!("{user}:{}", secret.expose()));
            let same: bool = given.ct_eq(pair.as_bytes()).into();
            admitted | (same && !secret.expose().is_empty())
        })
    }

    /// `X-Twilio-Signature`: HMAC-SHA1 over the address and all parameters in the order of their names.
    pub(super) fn signature(&self, url: &str, parameters: &[(&'static str, String)]) -> String {
        let mut sorted: Vec<_> = parameters.iter().collect();
        sorted.sort();
        let mut text = url.to_owned();
        for (name, value) in sorted {
            text.push_str(name);
            text.push_str(value);
        }
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.token.expose().as_bytes());
        STANDARD.encode(hmac::sign(&key, text.as_bytes()))
    }
}
