//! What stands before the daemon in the open: a proxy that ends TLS, and other sites beside it.

use std::sync::{Arc, OnceLock};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::server::TlsStream;

/// A longer head of a request is none of a browser's.
const HEAD_MAX_BYTES: usize = 32 * 1024;

/// One port, several names: `pay` leads to the daemon, every other one is a site that shows the desk in a frame.
/// Browsers take names under `localhost` for this machine, and each for a site of its own.
pub struct Front {
    port: u16,
    daemon: Arc<OnceLock<String>>,
}

impl Front {
    pub async fn open() -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec!["*.localhost".into()]).expect("a certificate");
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into();
        let config = ServerConfig::builder_with_provider(Arc::new(
            tokio_rustls::rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a certificate and its key");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (acceptor, daemon) = (TlsAcceptor::from(Arc::new(config)), Arc::new(OnceLock::new()));
        let upstream = Arc::clone(&daemon);
        tokio::spawn(async move {
            while let Ok((wire, _)) = listener.accept().await {
                let (acceptor, upstream) = (acceptor.clone(), Arc::clone(&upstream));
                tokio::spawn(async move {
                    if let Ok(wire) = acceptor.accept(wire).await {
                        let _ = answer(wire, &upstream, port).await;
                    }
                });
            }
        });
        Self { port, daemon }
    }

    /// Where requests for `pay` go.
    pub fn leads_to(&self, api: &str) {
        self.daemon.set(api.trim_start_matches("http://").to_owned()).expect("said once");
    }

    pub fn origin(&self, site: &str) -> String {
        format!("https://{site}.localhost:{}", self.port)
    }
}

/// One request, one answer, one connection.
async fn answer(mut wire: TlsStream<TcpStream>, daemon: &OnceLock<String>, port: u16) -> std::io::Result<()> {
    let mut read = Vec::new();
    let end = loop {
        if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if read.len() > HEAD_MAX_BYTES || wire.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    };
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let line = |name: &str| {
        head.lines().find_map(|line| line.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case(name)))
    };
    let host = line("host").map(|(_, host)| host.trim()).unwrap_or_default();
    if !host.starts_with("pay.") {
        let site = format!(
            "<!doctype html><html lang=\"en\"><title>CRM</title><style>body {{ font: 16px system-ui; margin: 2rem; }} \
             iframe {{ width: 400px; height: 760px; border: 1px solid #888; }}</style><h1>Customer 17</h1>\
             <iframe title=\"Payment\" src=\"https://pay.localhost:{port}/desk?agent=1001\"></iframe></html>"
        );
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            site.len()
        );
        wire.write_all(head.as_bytes()).await?;
        wire.write_all(site.as_bytes()).await?;
        return wire.shutdown().await;
    }
    let Some(daemon) = daemon.get() else { return Ok(()) };
    let mut there = TcpStream::connect(daemon).await?;
    let kept: Vec<&str> =
        head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:")).collect();
    let said = "x-forwarded-proto: https\r\nx-forwarded-for: 192.0.2.17\r\nconnection: close\r\n\r\n";
    there.write_all(format!("{}\r\n{said}", kept.join("\r\n")).as_bytes()).await?;
    there.write_all(&read[end + 4..]).await?;
    tokio::io::copy_bidirectional(&mut wire, &mut there).await?;
    Ok(())
}
