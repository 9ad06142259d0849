//! The HTTP client of one account: what it trusts, how long it waits, who it says it is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
};
use reqwest::header::{CONNECTION, TRANSFER_ENCODING};
use reqwest::{Certificate, Client, Identity, Url, redirect, retry, tls};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

use super::settings::{GenericSettings, TIMEOUT_RANGE_MS};
use crate::psp::PspConfigError;

/// The place in `query_url` that the transaction id takes.
pub(super) const QUERY_PLACE: &str = "{transaction_id}";
/// A spare connection is closed before servers with the shortest usual keep-alive (five seconds) close it: a
/// charge written to a connection that is just being closed would be a charge whose fate is unknown.
const POOL_IDLE_MS: u64 = 4_000;
/// Spare connections kept.
const POOL_IDLE_MAX: usize = 8;
/// Largest password or certificate file read.
const FILE_MAX_BYTES: u64 = 256 * 1024;
/// Where systemd puts the credentials of a service.
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
/// Headers that the client itself has to write.
const OWN_HEADERS: [HeaderName; 5] = [CONTENT_LENGTH, CONTENT_TYPE, HOST, CONNECTION, TRANSFER_ENCODING];

/// Everything of the settings that is checked and read at start.
pub(super) struct Account {
    pub(super) client: Client,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
}

/// Checks the settings, reads the files, builds the client.
pub(super) fn account(
    psp: &str,
    settings: &GenericSettings,
    password: Option<Zeroizing<String>>,
) -> Result<Account, PspConfigError> {
    let check = Check { psp };
    let url = check.url("url", &settings.url)?;
    if let Some(query_url) = &settings.query_url {
        if !query_url.contains(QUERY_PLACE) {
            return Err(check.fault("query_url", format!("must contain {QUERY_PLACE}")));
        }
        check.url("query_url", &query_url.replace(QUERY_PLACE, "x"))?;
    }
    for (setting, value) in [
        ("connect_timeout_ms", settings.connect_timeout_ms),
        ("answer_timeout_ms", settings.answer_timeout_ms),
    ] {
        if !TIMEOUT_RANGE_MS.contains(&value) {
            let (least, most) = (TIMEOUT_RANGE_MS.start(), TIMEOUT_RANGE_MS.end());
            return Err(check.fault(setting, format!("is {value}; write {least} to {most} milliseconds")));
        }
    }
    let headers = check.headers(settings, password)?;
    Ok(Account { client: check.client(settings)?, url, headers })
}

/// The password, from wherever the settings say it is.
pub(super) fn password(
    psp: &str,
    settings: &GenericSettings,
) -> Result<Option<Zeroizing<String>>, PspConfigError> {
    Check { psp }.password(settings)
}

struct Check<'a> {
    psp: &'a str,
}

impl Check<'_> {
    fn fault(&self, setting: &'static str, fault: impl Into<String>) -> PspConfigError {
        PspConfigError::Setting { psp: self.psp.into(), setting, fault: fault.into() }
    }

    fn url(&self, setting: &'static str, text: &str) -> Result<Url, PspConfigError> {
        let url = Url::parse(text)
            .map_err(|fault| self.fault(setting, format!("is not an address ({fault}); write https://…")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self.fault(
                setting,
                "has a user or password in it; write them in `user` and `password_file`, since addresses get \
                 into logs",
            ));
        }
        match url.scheme() {
            "https" => Ok(url),
            "http" if is_loopback(&url) => Ok(url),
            "http" => Err(self.fault(
                setting,
                "is plain http, which would send card numbers in the clear (PCI DSS 4.2.1); write https://…, or \
                 use an address of this machine such as 127.0.0.1",
            )),
            other => Err(self.fault(setting, format!("has the scheme `{other}`; write https://…"))),
        }
    }

    fn headers(
        &self,
        settings: &GenericSettings,
        password: Option<Zeroizing<String>>,
    ) -> Result<HeaderMap, PspConfigError> {
        let mut headers = HeaderMap::new();
        for (name, value) in &settings.headers {
            let bad =
                || self.fault("headers", format!("holds `{name}`, which is not a header that can be sent"));
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
            if OWN_HEADERS.contains(&name) {
                return Err(
                    self.fault("headers", format!("must not hold `{name}`, which is set by the client"))
                );
            }
            let mut value = HeaderValue::from_str(value).map_err(|_| bad())?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        match (&settings.user, password) {
            (Some(user), Some(password)) => {
                if user.contains(':') {
                    return Err(self.fault("user", "must not contain a colon (RFC 7617)"));
                }
                let pair = Zeroizing::new(format!("{user}:{}", password.as_str()));
                let basic = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
                let mut value = HeaderValue::from_str(&basic)
                    .map_err(|_| self.fault("user", "cannot be sent as a header"))?;
                value.set_sensitive(true);
                headers.insert(AUTHORIZATION, value);
            }
            (None, None) => {}
            (Some(_), None) => {
                return Err(self.fault("user", "needs `password_file` or `password_credential` beside it"));
            }
            (None, Some(_)) => return Err(self.fault("password_file", "needs `user` beside it")),
        }
        Ok(headers)
    }

    fn password(&self, settings: &GenericSettings) -> Result<Option<Zeroizing<String>>, PspConfigError> {
        let (setting, path) = match (&settings.password_file, &settings.password_credential) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(self.fault("password_file", "and `password_credential` exclude each other"));
            }
            (Some(path), None) => ("password_file", path.clone()),
            (None, Some(name)) => {
                if name.is_empty() || name.starts_with('.') || name.contains('/') {
                    return Err(self.fault("password_credential", "must be a name, not a path"));
                }
                let directory = std::env::var_os(CREDENTIALS_DIRECTORY).ok_or_else(|| {
                    self.fault(
                        "password_credential",
                        format!("needs systemd: add LoadCredential={name}:/path to the service"),
                    )
                })?;
                ("password_credential", PathBuf::from(directory).join(name))
            }
        };
        let bytes = self.read(setting, &path)?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| self.fault(setting, "does not hold plain text"))?
            .trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(self.fault(setting, "leads to an empty file; write the password into it"));
        }
        Ok(Some(Zeroizing::new(text.into())))
    }

    fn client(&self, settings: &GenericSettings) -> Result<Client, PspConfigError> {
        let mut builder = Client::builder()
            .user_agent(concat!("tonegate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_millis(settings.connect_timeout_ms))
            .tls_version_min(tls::Version::TLS_1_2)
            // A redirect could lead card data anywhere.
            .redirect(redirect::Policy::none())
            .referer(false)
            // Sending again is decided where it is journalled, never down here.
            .retry(retry::never())
            // Card data must not go wherever an environment variable points.
            .no_proxy()
            // One exchange a connection: a connection that breaks concerns one payment alone.
            .http1_only()
            .pool_idle_timeout(Duration::from_millis(POOL_IDLE_MS))
            .pool_max_idle_per_host(POOL_IDLE_MAX);
        if let Some(path) = &settings.ca_file {
            let authorities = Certificate::from_pem_bundle(&self.read("ca_file", path)?)
                .ok()
                .filter(|certificates| !certificates.is_empty())
                .ok_or_else(|| self.fault("ca_file", "holds no certificate in PEM form"))?;
            builder = builder.tls_certs_only(authorities);
        }
        match (&settings.client_certificate_file, &settings.client_key_file) {
            (Some(certificate), Some(key)) => {
                let mut pem = self.read("client_certificate_file", certificate)?;
                pem.push(b'\n');
                pem.extend_from_slice(&self.read("client_key_file", key)?);
                let identity = Identity::from_pem(&pem).map_err(|_| {
                    self.fault(
                        "client_certificate_file",
                        "and `client_key_file` hold no certificate and private key in PEM form",
                    )
                })?;
                builder = builder.identity(identity);
            }
            (None, None) => {}
            (Some(_), None) => {
                return Err(self.fault("client_certificate_file", "needs `client_key_file` beside it"));
            }
            (None, Some(_)) => {
                return Err(self.fault("client_key_file", "needs `client_certificate_file` beside it"));
            }
        }
        builder.build().map_err(|fault| {
            self.fault(
                "ca_file",
                format!(
                    "or the client certificate cannot be used for TLS: {}",
                    super::exchange::cause(&fault)
                ),
            )
        })
    }

    fn read(&self, setting: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, PspConfigError> {
        let failed = |source: io::Error| PspConfigError::File {
            psp: self.psp.into(),
            setting,
            path: path.into(),
            source,
        };
        let mut bytes = Zeroizing::new(Vec::new());
        File::open(path)
            .and_then(|file| file.take(FILE_MAX_BYTES + 1).read_to_end(&mut bytes))
            .map_err(failed)?;
        if bytes.len() as u64 > FILE_MAX_BYTES {
            return Err(self.fault(setting, format!("leads to a file of more than {FILE_MAX_BYTES} bytes")));
        }
        Ok(bytes)
    }
}

/// Whether an address cannot leave this machine.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of(change: impl FnOnce(&mut GenericSettings)) -> String {
        let mut settings = GenericSettings::at("https://pay.example/charge");
        change(&mut settings);
        password("shop", &settings)
            .and_then(|password| account("shop", &settings, password))
            .err()
            .map(|fault| fault.to_string())
            .unwrap_or_default()
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
        assert!(fault_of(|s| s.password_credential = Some("../x".into())).contains("not a path"));
    }

    #[test]
    fn a_password_is_read_from_its_file_without_the_line_end() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("password");
        std::fs::write(&file, "open sesame\n").expect("written");
        let mut settings = GenericSettings::at("https://pay.example/");
        settings.user = Some("Aladdin".into());
        settings.password_file = Some(file.clone());
        let secret = password("shop", &settings).expect("a password");
        let account = account("shop", &settings, secret).expect("an account");
        // The example of RFC 7617 section 2 has the user and password in this form.
        assert_eq!(account.headers[AUTHORIZATION], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(!format!("{:?}", account.headers).contains("QWxh"), "a password is never shown");
        std::fs::write(&file, "\n").expect("written");
        assert!(
            fault_of(|s| (s.user, s.password_file) = (Some("u".into()), Some(file))).contains("empty file")
        );
    }
}
