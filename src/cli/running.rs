//! The running daemon, asked over its API by commands on the same machine.
//!
//! Where it ends TLS itself, the certificate it shows must be the very one that the configuration names: nothing else is
//! needed to know it, neither a name that leads here nor an authority that this machine trusts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use super::Fault;
use crate::config::{Config, Secret};
use crate::outbox::cause;

/// How long the daemon may take to answer.
const ANSWER_TIMEOUT_MS: u64 = 15_000;

/// The API of a daemon that runs.
pub(super) struct Running {
    /// `https://127.0.0.1:8443`
    address: String,
    key: Secret,
    client: Client,
}

impl Running {
    /// The daemon of this configuration.
    pub(super) fn new(config: &Config) -> Result<Self, Fault> {
        let internal = |fault: &dyn std::fmt::Display| Fault::Internal(fault.to_string());
        let bound = Duration::from_millis(ANSWER_TIMEOUT_MS);
        let mut builder = Client::builder().no_proxy().timeout(bound);
        let mut scheme = "http";
        if let Some(file) = &config.api.tls_certificate_file {
            let own = CertificateDer::from_pem_file(file).map_err(|fault| {
                let remedy = "check the path, and that you may read it, or run this as root";
                Fault::Settings(format!(
                    "api.tls_certificate_file: {}: the daemon's certificate cannot be read: {fault}; {remedy}",
                    file.display()
                ))
            })?;
            builder = builder.tls_backend_preconfigured(trust(own).map_err(|fault| internal(&fault))?);
            scheme = "https";
        }
        let client = builder.build().map_err(|fault| internal(&fault))?;
        let address = format!("{scheme}://{}", from_here(config.api.listen));
        Ok(Self { address, key: config.api.key.clone(), client })
    }

    /// Asks for what stands at a path.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Fault> {
        self.ask(self.client.get(format!("{}{path}", self.address))).await
    }

    /// Sends JSON to a path.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        let request = self.client.post(format!("{}{path}", self.address));
        self.ask(request.header("content-type", "application/json").body(body.to_string())).await
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Value, Fault> {
        let answer = request.bearer_auth(self.key.expose()).send().await.map_err(|fault| {
            Fault::Unavailable(format!(
                "{}: the daemon runs and does not answer there: {}; its log says more, and if the section [api] was \
                 changed since it was started, restart it",
                self.address,
                cause(&fault)
            ))
        })?;
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        let value = serde_json::from_str::<Value>(&text);
        if !status.is_success() {
            // A problem says in words what is wrong.
            let detail = value.as_ref().ok().and_then(|problem| problem["detail"].as_str()).unwrap_or(&text);
            return Err(Fault::Unavailable(format!("the daemon answers {status}: {detail}")));
        }
        value.map_err(|fault| Fault::Internal(format!("the daemon's answer: {fault}")))
    }
}

/// Where a program on this machine finds what listens there.
fn from_here(listen: SocketAddr) -> SocketAddr {
    let address = match listen.ip() {
        IpAddr::V4(all) if all.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(all) if all.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        one => one,
    };
    SocketAddr::new(address, listen.port())
}

/// TLS with whoever shows this certificate, and nobody else.
fn trust(own: CertificateDer<'static>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Own { certificate: own, provider: Arc::clone(&provider) };
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

/// Believes one certificate, as it stands in the daemon's file.
#[derive(Debug)]
struct Own {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Own {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if shown.as_ref() == self.certificate.as_ref() {
            return Ok(ServerCertVerified::assertion());
        }
        Err(Error::General(
            "the certificate shown there is not the one in api.tls_certificate_file; if that was just renewed, try \
             again in 15 seconds"
                .into(),
        ))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_listens_everywhere_is_found_on_this_machine() {
        for (listen, wanted) in [
            ("0.0.0.0:8443", "127.0.0.1:8443"),
            ("[::]:8443", "[::1]:8443"),
            ("192.0.2.7:8443", "192.0.2.7:8443"),
        ] {
            assert_eq!(from_here(listen.parse().unwrap()).to_string(), wanted);
        }
    }
}
