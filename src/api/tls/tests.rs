//! TLS ended here.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;

use axum::serve::Listener;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion};

use super::*;

struct Files {
    directory: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A new pair; gives the certificate.
    fn renew(&self) -> CertificateDer<'static> {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        std::fs::write(self.path("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(self.path("key.pem"), made.signing_key.serialize_pem()).unwrap();
        std::fs::set_permissions(self.path("key.pem"), std::fs::Permissions::from_mode(0o600)).unwrap();
        made.cert.der().clone()
    }

    fn load(&self) -> Result<Tls, String> {
        Tls::load(&self.path("cert.pem"), &self.path("key.pem"))
            .map_err(|fault| fault.to_string().replace(&format!("{}/", self.directory.path().display()), ""))
    }
}

/// Speaks to the entrance with this certificate alone trusted; gives the version of TLS and what came back.
async fn speak(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> io::Result<(ProtocolVersion, String)> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let spoken = stream.get_ref().1.protocol_version().unwrap();
    stream.write_all(b"hello").await?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await?;
    Ok((spoken, String::from_utf8_lossy(&answer).into_owned()))
}

/// An entrance that says back what it hears.
async fn entrance(tls: Tls, stop: &CancellationToken) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut entrance = Entrance::new(listener, Some(tls), stop).unwrap();
    let address = entrance.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut wire, _) = entrance.accept().await;
            tokio::spawn(async move {
                let mut heard = [0; 5];
                wire.read_exact(&mut heard).await.unwrap();
                wire.write_all(&heard).await.unwrap();
                wire.flush().await.unwrap();
            });
        }
    });
    address
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken_and_a_silent_client_holds_nobody_up() {
    let files = Files::new();
    let certificate = files.renew();
    let stop = CancellationToken::new();
    let address = entrance(files.load().unwrap(), &stop).await;
    let _silent = TcpStream::connect(address).await.unwrap();
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    for version in [&version::TLS13, &version::TLS12] {
        let (spoken, answer) = speak(address, &certificate, &[version]).await.unwrap();
        assert_eq!((spoken, answer.as_str()), (version.version, "hello"));
    }
    stop.cancel();
}

#[tokio::test]
async fn a_renewed_certificate_is_used_and_a_broken_one_is_not() {
    let files = Files::new();
    let old = files.renew();
    let stop = CancellationToken::new();
    let tls = files.load().unwrap();
    let address = entrance(tls.clone(), &stop).await;
    assert_eq!(tls.reload(), Ok(false), "nothing changed");
    speak(address, &old, &[&version::TLS13]).await.unwrap();

    let new = files.renew();
    assert_eq!(tls.reload(), Ok(true));
    speak(address, &new, &[&version::TLS13]).await.unwrap();
    speak(address, &old, &[&version::TLS13]).await.unwrap_err();

    std::fs::write(files.path("cert.pem"), "half a fi").unwrap();
    tls.reload().unwrap_err();
    speak(address, &new, &[&version::TLS13]).await.unwrap();
    stop.cancel();
}

#[test]
fn what_is_wrong_with_the_files_is_said() {
    let files = Files::new();
    let told = files.load().unwrap_err();
    assert!(told.starts_with("cert.pem: No such file or directory"), "{told}");
    files.renew();
    std::fs::set_permissions(files.path("key.pem"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let told = files.load().unwrap_err();
    assert!(told.starts_with("key.pem: every user of this machine can reach it"), "{told}");
    files.renew();
    let kept = std::fs::read(files.path("cert.pem")).unwrap();
    files.renew();
    std::fs::write(files.path("cert.pem"), &kept).unwrap();
    let told = files.load().unwrap_err();
    assert!(told.starts_with("cert.pem: certificate and key do not serve"), "{told}");
    std::fs::write(files.path("cert.pem"), "").unwrap();
    let told = files.load().unwrap_err();
    assert!(told.starts_with("cert.pem: it is no PEM text with certificates"), "{told}");
    std::fs::write(files.path("cert.pem"), &kept).unwrap();
    std::fs::write(files.path("key.pem"), "").unwrap();
    let told = files.load().unwrap_err();
    assert!(told.starts_with("key.pem: it holds no private key"), "{told}");
}
