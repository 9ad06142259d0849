//! The way in: plain TCP, or TLS ended here (at least TLS 1.2; PCI DSS 4.2.1).
//!
//! Certificate and key are read again when their files change; connections that stand keep theirs. A renewed pair that
//! does not fit is said in the log, and the old one stays.

mod entrance;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{ServerConfig, version};
use tokio_util::sync::CancellationToken;

pub(super) use entrance::Entrance;

/// How often the files are looked at.
const RELOAD_INTERVAL_S: u64 = 15;

/// A longer file is none of ours.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Why TLS cannot be ended here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// A file.
    #[error("{}: {why}; {remedy}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The two do not belong together, or the library refuses them.
    #[error("{}: certificate and key do not serve: {why}; write the certificate of this key, then those that sign it", .file.display())]
    Pair {
        /// The certificate's.
        file: PathBuf,
        /// What the library says.
        why: String,
    },
}

/// A certificate and its key, in files.
#[derive(Clone)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: Arc<RwLock<Pair>>,
    config: Arc<ServerConfig>,
}

struct Pair {
    /// Of both files, to see a change.
    digest: [u8; 32],
    certified: Arc<CertifiedKey>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

/// Gives each handshake the pair that counts now.
struct Current(Arc<RwLock<Pair>>);

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current")
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.read().ok().map(|pair| Arc::clone(&pair.certified))
    }
}

impl Tls {
    /// Reads both files.
    ///
    /// # Errors
    /// If one cannot be read, is open to others, or both do not belong together.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsFault> {
        let current = Arc::new(RwLock::new(pair(certificate, key)?));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .map_err(|fault| TlsFault::Pair { file: certificate.into(), why: fault.to_string() })?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Current(Arc::clone(&current))));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let (certificate, key) = (certificate.into(), key.into());
        Ok(Self { certificate, key, current, config: Arc::new(config) })
    }

    /// Reads both files again if they changed; says whether they did.
    ///
    /// # Errors
    /// As [`Tls::load`]; the old pair stays.
    pub(crate) fn reload(&self) -> Result<bool, TlsFault> {
        let new = pair(&self.certificate, &self.key)?;
        let mut current = self.current.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let changed = current.digest != new.digest;
        if changed {
            *current = new;
        }
        Ok(changed)
    }

    /// Looks at the files from time to time, until `stop`.
    async fn watch(self, stop: CancellationToken) {
        let mut told = None;
        loop {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(RELOAD_INTERVAL_S)) => {}
                () = stop.cancelled() => return,
            }
            match self.reload() {
                Ok(true) => tracing::info!(file = %self.certificate.display(), "the new certificate is used"),
                Ok(false) => told = None,
                Err(fault) if told.as_ref() == Some(&fault) => {}
                Err(fault) => {
                    tracing::error!("the old certificate stays: {fault}");
                    told = Some(fault);
                }
            }
        }
    }
}

fn pair(certificate: &Path, key: &Path) -> Result<Pair, TlsFault> {
    let chain_text = read(certificate, false)?;
    let key_text = read(key, true)?;
    let told = |file: &Path, why: String, remedy| TlsFault::File { file: file.into(), why, remedy };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&chain_text).collect();
    let pem = "it is no PEM text with certificates";
    let chain =
        chain.map_err(|fault| told(certificate, format!("{pem}: {fault}"), "write the chain as PEM"))?;
    if chain.is_empty() {
        return Err(told(certificate, pem.into(), "write the chain as PEM, this host's certificate first"));
    }
    let private = PrivateKeyDer::from_pem_slice(&key_text)
        .map_err(|fault| told(key, format!("it holds no private key: {fault}"), "write the key as PEM"))?;
    let wrong = |fault: tokio_rustls::rustls::Error| TlsFault::Pair {
        file: certificate.into(),
        why: fault.to_string(),
    };
    let provider = aws_lc_rs::default_provider();
    let certified = CertifiedKey::from_der(chain, private, &provider).map_err(wrong)?;
    let digest = Sha256::new().chain_update(&chain_text).chain_update(&*key_text).finalize().into();
    Ok(Pair { digest, certified: Arc::new(certified) })
}

fn read(file: &Path, secret: bool) -> Result<zeroize::Zeroizing<Vec<u8>>, TlsFault> {
    let told = |why: String, remedy| TlsFault::File { file: file.into(), why, remedy };
    let io =
        |fault: io::Error| told(fault.to_string(), "check the path, and that the daemon's user may read it");
    let about = std::fs::metadata(file).map_err(io)?;
    if about.len() > MAX_FILE_BYTES {
        return Err(told(format!("it has {} bytes", about.len()), "name the right file"));
    }
    if secret && about.permissions().mode() & 0o007 != 0 {
        return Err(told(
            "every user of this machine can reach it".into(),
            "take their rights away: chmod o= FILE",
        ));
    }
    std::fs::read(file).map(zeroize::Zeroizing::new).map_err(io)
}
