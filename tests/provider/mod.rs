//! The far end of connectors: a provider in the test's own process, which is asked over TLS and says whatever the
//! test wants.

pub mod accounts;
pub mod answers;
#[path = "../../src/psp/tests/asked.rs"]
#[allow(dead_code, reason = "shared with the connectors' own tests")]
pub mod asked;

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use asked::{Asked, read};

/// Requests that wait to be looked at.
const WAITING_MAX: usize = 16;

/// What a provider says.
pub struct Said {
    pub status: u16,
    pub body: Value,
}

/// A request that waits for its answer. Dropped without one, its connection is cut.
pub struct Question {
    pub asked: Asked,
    answering: oneshot::Sender<Said>,
}

impl Question {
    pub fn answer(self, said: Said) {
        // Whoever asked may have lost patience.
        let _ = self.answering.send(said);
    }
}

/// What a provider counts.
#[derive(Default)]
pub struct Counts {
    connections: AtomicU64,
    answering_ns: AtomicU64,
}

impl Counts {
    /// Connections accepted so far.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// From the last byte of each request until its answer was made up, in sum.
    pub fn answering(&self) -> Duration {
        Duration::from_nanos(self.answering_ns.load(Ordering::Relaxed))
    }
}

/// A certificate for `localhost`, and what serves with it.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    /// The certificate (PEM), which is its own authority.
    pub pem: String,
}

impl Tls {
    pub fn new() -> Result<Tls, Box<dyn Error>> {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec!["localhost".into()])?;
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key.into())?;
        Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), pem: cert.pem() })
    }
}

/// A provider at work; ends with the runtime it was started in.
pub struct Provider {
    /// `https://localhost:…`
    pub url: String,
    /// What it is asked.
    pub questions: mpsc::Receiver<Question>,
    pub counts: Arc<Counts>,
}

impl Provider {
    /// Listens on a free port; without `tls`, in the clear.
    pub async fn start(tls: Option<&Tls>) -> io::Result<Provider> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let (asking, questions) = mpsc::channel(WAITING_MAX);
        let (counts, tls) = (Arc::new(Counts::default()), tls.cloned());
        let scheme = if tls.is_some() { "https" } else { "http" };
        let counted = Arc::clone(&counts);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.connections.fetch_add(1, Ordering::Relaxed);
                // As every server that answers at once.
                let _ = stream.set_nodelay(true);
                let (tls, asking, counts) = (tls.clone(), asking.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => serve(tls.acceptor.accept(stream).await?, asking, &counts).await,
                        None => serve(stream, asking, &counts).await,
                    }
                });
            }
        });
        Ok(Provider { url: format!("{scheme}://localhost:{port}"), questions, counts })
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    asking: mpsc::Sender<Question>,
    counts: &Counts,
) -> io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(asked) = read(&mut stream, &mut buffer).await? {
        let came = Instant::now();
        let (answering, answer) = oneshot::channel();
        if asking.send(Question { asked, answering }).await.is_err() {
            break;
        }
        let Ok(Said { status, body }) = answer.await else { break };
        let body = body.to_string();
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let took_ns = u64::try_from(came.elapsed().as_nanos()).unwrap_or(u64::MAX);
        counts.answering_ns.fetch_add(took_ns, Ordering::Relaxed);
        stream.write_all(text.as_bytes()).await?;
        stream.flush().await?;
    }
    Ok(())
}
