//! The client of one account: what it trusts, how long it waits, who it says it is.

use reqwest::header::HeaderMap;
use reqwest::{Certificate, Client, Identity, Url, redirect, retry, tls};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

use super::exchange::answer_bound;
use super::settings::{HttpSettings, TIMEOUT_RANGE_MS};
use super::tap::Tap;
use super::words::cause;
use crate::psp::PspConfigError;

/// A spare connection is closed before servers with the shortest usual keep-alive (five seconds) close it: a
/// charge written to a connection that is just being closed would be a charge whose fate is unknown.
const POOL_IDLE_MS: u64 = 4_000;
/// Spare connections kept.
const POOL_IDLE_MAX: usize = 8;
/// Largest password or certificate file read.
const FILE_MAX_BYTES: u64 = 256 * 1024;

/// The way to one account.
pub(crate) struct Http {
    pub(super) client: Client,
    /// Sent with every request.
    pub(super) headers: HeaderMap,
    pub(super) answer_bound: Duration,
    pub(super) read_bound: Duration,
    pub(super) tap: Option<Arc<Tap>>,
}

impl Http {
    /// Checks the settings, reads the files, builds the client; `headers` go with every request.
    pub(crate) fn new(
        psp: &str,
        settings: &HttpSettings,
        headers: HeaderMap,
        tap: Option<Arc<Tap>>,
    ) -> Result<Http, PspConfigError> {
        let check = Check { psp };
        for (setting, value) in [
            ("connect_timeout_ms", settings.connect_timeout_ms),
            ("answer_timeout_ms", settings.answer_timeout_ms),
            ("read_timeout_ms", settings.read_timeout_ms),
        ] {
            if !TIMEOUT_RANGE_MS.contains(&value) {
                let (least, most) = (TIMEOUT_RANGE_MS.start(), TIMEOUT_RANGE_MS.end());
                return Err(check.fault(setting, format!("is {value}; write {least} to {most} milliseconds")));
            }
        }
        Ok(Http {
            client: check.client(settings)?,
            headers,
            answer_bound: answer_bound(settings.connect_timeout_ms, settings.answer_timeout_ms),
            read_bound: Duration::from_millis(settings.read_timeout_ms),
            tap,
        })
    }
}

/// Checks one account's settings and tells faults with the account's name.
pub(crate) struct Check<'a> {
    pub(crate) psp: &'a str,
}

impl Check<'_> {
    pub(crate) fn fault(&self, setting: &'static str, fault: impl Into<String>) -> PspConfigError {
        PspConfigError::Setting { psp: self.psp.into(), setting, fault: fault.into() }
    }

    /// An address that card data may be sent to.
    pub(crate) fn url(&self, setting: &'static str, text: &str) -> Result<Url, PspConfigError> {
        let url = Url::parse(text)
            .map_err(|fault| self.fault(setting, format!("is not an address ({fault}); write https://…")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self.fault(
                setting,
                "has a user or password in it; write them in the keys meant for them, such as `password_file`, \
                 since addresses get into logs",
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

    /// An address of this very machine.
    pub(crate) fn loopback(&self, setting: &'static str, text: &str) -> Result<(), PspConfigError> {
        match is_loopback(&self.url(setting, text)?) {
            true => Ok(()),
            false => {
                Err(self.fault(setting, "is not an address of this machine; configure the account to try it"))
            }
        }
    }

    fn client(&self, settings: &HttpSettings) -> Result<Client, PspConfigError> {
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
            let cause = cause(&fault);
            self.fault("ca_file", format!("or the client certificate cannot be used for TLS: {cause}"))
        })
    }

    /// A small file, in memory that is wiped.
    pub(crate) fn read(
        &self,
        setting: &'static str,
        path: &Path,
    ) -> Result<Zeroizing<Vec<u8>>, PspConfigError> {
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
