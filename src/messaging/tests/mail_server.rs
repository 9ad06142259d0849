//! A mail server that says what the test wants (RFC 5321).

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// Longer than any patience of the tests.
const LATE_MS: u64 = 5_000;

/// What it says where it matters; an empty answer cuts the connection, `…` is none for a long time.
#[derive(Clone)]
pub struct Manners {
    pub ehlo: &'static str,
    pub auth: &'static str,
    pub rcpt: &'static str,
    /// To the whole message.
    pub message: &'static str,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            ehlo: "250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
            auth: "235 welcome",
            rcpt: "250 yes",
            message: "250 queued as 42",
        }
    }
}

/// One at work.
pub struct MailServer {
    pub address: SocketAddr,
    /// Its certificate (PEM), which is its own authority.
    pub certificate: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    pub async fn start(manners: Manners, tls: bool) -> MailServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec!["localhost".into()]).expect("a certificate");
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(
                vec![cert.der().clone()],
                PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into(),
            )
            .expect("a configuration");
        let acceptor = tls.then(|| TlsAcceptor::from(Arc::new(config)));
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let notes = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (manners, notes, acceptor) = (manners.clone(), Arc::clone(&notes), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        Some(tls) => serve(tls.accept(stream).await?, &manners, &notes).await,
                        None => serve(stream, &manners, &notes).await,
                    }
                });
            }
        });
        MailServer { address, certificate: cert.pem(), heard }
    }

    /// Every line it was told.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("nobody panics with it").clone()
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    manners: &Manners,
    notes: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.example\r\n").await?;
    let mut in_message = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        notes.lock().expect("nobody panics with it").push(line.to_owned());
        let answer = match line.split(' ').next().unwrap_or_default() {
            "." if in_message => {
                in_message = false;
                manners.message
            }
            _ if in_message => continue,
            "EHLO" => manners.ehlo,
            "AUTH" => manners.auth,
            "RCPT" => manners.rcpt,
            "DATA" => {
                in_message = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        match answer {
            "" => return Ok(()),
            "…" => tokio::time::sleep(Duration::from_millis(LATE_MS)).await,
            answer => stream.write_all(format!("{answer}\r\n").as_bytes()).await?,
        }
        stream.flush().await?;
    }
}
