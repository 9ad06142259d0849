//! What of a pay connector's settings is checked and read at start.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use reqwest::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
    TRANSFER_ENCODING,
};
use std::sync::Arc;
use zeroize::Zeroizing;

use super::settings::GenericSettings;
use crate::psp::PspConfigError;
use crate::psp::http::{Check, Http, Tap};

/// The place in `query_url` that the transaction id takes.
pub(super) const QUERY_PLACE: &str = "{transaction_id}";
/// Headers that the client itself has to write.
const OWN_HEADERS: [HeaderName; 5] = [CONTENT_LENGTH, CONTENT_TYPE, HOST, CONNECTION, TRANSFER_ENCODING];

/// Everything of the settings that is checked and read at start.
pub(super) struct Account {
    pub(super) http: Http,
    pub(super) url: Url,
}

/// Checks the settings, reads the files, builds the client.
pub(super) fn account(
    psp: &str,
    settings: &GenericSettings,
    password: Option<Zeroizing<String>>,
    tap: Option<Arc<Tap>>,
) -> Result<Account, PspConfigError> {
    let check = Check { psp };
    let url = check.url("url", &settings.url)?;
    if let Some(query_url) = &settings.query_url {
        if !query_url.contains(QUERY_PLACE) {
            return Err(check.fault("query_url", format!("must contain {QUERY_PLACE}")));
        }
        check.url("query_url", &query_url.replace(QUERY_PLACE, "x"))?;
    }
    let headers = headers(&check, settings, password)?;
    Ok(Account { http: Http::new(psp, &settings.http(), headers, tap)?, url })
}

fn headers(
    check: &Check<'_>,
    settings: &GenericSettings,
    password: Option<Zeroizing<String>>,
) -> Result<HeaderMap, PspConfigError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &settings.headers {
        let bad =
            || check.fault("headers", format!("holds `{name}`, which is not a header that can be sent"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
        if OWN_HEADERS.contains(&name) {
            return Err(check.fault("headers", format!("must not hold `{name}`, which is set by the client")));
        }
        let mut value = HeaderValue::from_str(value).map_err(|_| bad())?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    match (&settings.user, password) {
        (Some(user), Some(password)) => {
            if user.contains(':') {
                return Err(check.fault("user", "must not contain a colon (RFC 7617)"));
            }
            let pair = Zeroizing::new(format!("{user}:{}", password.as_str()));
            let basic = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
            let mut value = HeaderValue::from_str(&basic)
                .map_err(|_| check.fault("user", "cannot be sent as a header"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        (None, None) => {}
        (Some(_), None) => {
            return Err(check.fault("user", "needs `password_file` or `password_credential` beside it"));
        }
        (None, Some(_)) => return Err(check.fault("password_file", "needs `user` beside it")),
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of(change: impl FnOnce(&mut GenericSettings)) -> String {
        let mut settings = GenericSettings::at("https://pay.example/charge");
        change(&mut settings);
        let password = settings.password_file.as_ref().map(|_| Zeroizing::new("open sesame".to_owned()));
        account("shop", &settings, password, None).err().map(|fault| fault.to_string()).unwrap_or_default()
    }

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for near in
            ["http://127.0.0.1:8089/charge", "http://localhost/", "http://[::1]:1/", "https://pay.example"]
        {
            assert_eq!(fault_of(|s| s.url = near.into()), "", "{near}");
        }
        for far in ["http://pay.example/", "http://10.0.0.1/", "http://localhost.example/"] {
            assert!(fault_of(|s| s.url = far.into()).contains("in the clear"), "{far}");
        }
        assert!(
            fault_of(|s| s.query_url = Some("http://pay.example/{transaction_id}".into()))
                .contains("query_url")
        );
        assert!(fault_of(|s| s.url = "ftp://pay.example/".into()).contains("`ftp`"));
        assert!(fault_of(|s| s.url = "pay.example".into()).contains("https://"));
    }

    #[test]
    fn each_mistake_is_told_with_its_remedy() {
        assert!(fault_of(|s| s.url = "https://u:p@pay.example/".into()).contains("password_file"));
        assert!(fault_of(|s| s.user = Some("u".into())).contains("needs `password_file`"));
        assert!(fault_of(|s| s.query_url = Some("https://pay.example/".into())).contains("{transaction_id}"));
        assert!(fault_of(|s| s.answer_timeout_ms = 0).contains("10 to 120000"));
        assert!(fault_of(|s| s.client_key_file = Some("/k".into())).contains("client_certificate_file"));
        assert!(fault_of(|s| s.ca_file = Some("/nowhere/ca.pem".into())).contains("/nowhere/ca.pem"));
        assert!(
            fault_of(|s| drop(s.headers.insert("Content-Type".into(), "x".into()))).contains("content-type")
        );
        assert!(fault_of(|s| s.password_file = Some("/x".into())).contains("needs `user`"));
    }

    #[test]
    fn user_and_password_become_a_header_that_is_never_shown() {
        let mut settings = GenericSettings::at("https://pay.example/");
        settings.user = Some("Aladdin".into());
        let check = Check { psp: "shop" };
        let headers = headers(&check, &settings, Some("open sesame".to_owned().into())).expect("headers");
        // The example of RFC 7617 section 2 has the user and password in this form.
        assert_eq!(headers[AUTHORIZATION], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(!format!("{headers:?}").contains("QWxh"), "a password is never shown");
    }
}
