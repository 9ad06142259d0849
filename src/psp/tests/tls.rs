//! Certificates: who is trusted, and what happens with anybody else.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

fn issued(authority: &Issuer, name: &str, usage: ExtendedKeyUsagePurpose) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    params.extended_key_usages = vec![usage];
    (params.signed_by(&key, authority).expect("a certificate"), key)
}

/// A connector's far end that approves whatever arrives, over TLS; asks for a client certificate of
/// `clients_of`, if given.
async fn approving_server(authority: &Issuer, name: &str, clients_of: Option<&Issuer>) -> SocketAddr {
    let (certificate, key) = issued(authority, name, ExtendedKeyUsagePurpose::ServerAuth);
    let builder = ServerConfig::builder();
    let builder = match clients_of {
        None => builder.with_no_client_auth(),
        Some(clients_of) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients_of.der().clone()).expect("an authority");
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().expect("a verifier");
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let config =
        builder.with_single_cert(vec![certificate.der().clone()], key.into()).expect("a configuration");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let body = "{\"charge_id\":\"tls-1\",\"error_code\":null}";
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    address
}

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Files {
        Files(tempfile::tempdir().expect("a directory"))
    }

    fn put(&self, name: &str, text: &str) -> Option<PathBuf> {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("written");
        Some(path)
    }
}

async fn charged_at(address: SocketAddr, change: impl FnOnce(&mut GenericSettings)) -> Answer {
    let mut settings = GenericSettings::at(&format!("https://localhost:{}/charge", address.port()));
    settings.deduplicates = true;
    change(&mut settings);
    let connector = GenericConnector::new("shop", &settings, None, None).expect("a connector");
    connector.authorise(&charge("att-1", "42.50"), &card("4111111111111111")).await
}

#[tokio::test]
async fn a_private_authority_is_trusted_only_when_it_is_named() {
    let (files, ours, other) = (Files::new(), authority(), authority());
    let server = approving_server(&ours, "localhost", None).await;
    let trusted = charged_at(server, |s| s.ca_file = files.put("ours.pem", &ours.pem())).await;
    assert_eq!(trusted.outcome, Outcome::Approved { reference: "tls-1".into() }, "{trusted:?}");
    let by_system = charged_at(server, |_| {}).await;
    let by_another = charged_at(server, |s| s.ca_file = files.put("other.pem", &other.pem())).await;
    for refused in [by_system, by_another] {
        assert_eq!((&refused.outcome, refused.may_retry), (&Outcome::NotCharged, false), "{refused:?}");
        assert!(refused.remedy.is_some_and(|remedy| remedy.contains("ca_file")));
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (files, ours) = (Files::new(), authority());
    let server = approving_server(&ours, "pay.example", None).await;
    let answer = charged_at(server, |s| s.ca_file = files.put("ours.pem", &ours.pem())).await;
    assert_eq!((&answer.outcome, answer.may_retry), (&Outcome::NotCharged, false), "{answer:?}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_wanted() {
    let (files, ours, clients) = (Files::new(), authority(), authority());
    let server = approving_server(&ours, "localhost", Some(&clients)).await;
    let (certificate, key) = issued(&clients, "shop", ExtendedKeyUsagePurpose::ClientAuth);
    let shown = charged_at(server, |s| {
        s.ca_file = files.put("ours.pem", &ours.pem());
        s.client_certificate_file = files.put("shop.pem", &certificate.pem());
        s.client_key_file = files.put("shop.key", &key.serialize_pem());
    })
    .await;
    assert!(approved(&shown), "{shown:?}");
    let not_shown = charged_at(server, |s| s.ca_file = files.put("ours.pem", &ours.pem())).await;
    assert!(!approved(&not_shown), "{not_shown:?}");
}

#[test]
fn files_without_certificates_are_named() {
    let files = Files::new();
    let mut settings = GenericSettings::at("https://pay.example");
    settings.ca_file = files.put("empty.pem", "nothing here");
    let fault = GenericConnector::new("shop", &settings, None, None).err().map(|fault| fault.to_string());
    assert!(fault.is_some_and(|fault| fault.contains("`ca_file`")));
}
