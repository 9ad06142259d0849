//! A second program beside the daemon that listens to everything it may: what it is told, everybody on the
//! PBX is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::StageError;

/// Bytes a spy keeps; what comes after is lost to it, and the spy says so.
const MAX_SPY_BYTES: usize = 256 * 1024 * 1024;

/// A listening spy; it hangs up when dropped.
pub(super) struct Spy {
    told: Arc<Mutex<Vec<u8>>>,
    reading: JoinHandle<()>,
}

impl Drop for Spy {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl Spy {
    /// Logs in to an Event Socket and subscribes to all events and to the log at INFO.
    pub(super) async fn on_event_socket(address: SocketAddr, password: &str) -> Result<Self, StageError> {
        Self::plant(address, &format!("auth {password}\n\nevent plain ALL\n\nlog info\n\n")).await
    }

    /// Says `hello`, which has to be all that is needed to be told everything, and listens.
    pub(super) async fn plant(address: SocketAddr, hello: &str) -> Result<Self, StageError> {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(hello.as_bytes()).await?;
        let told = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&told);
        let reading = tokio::spawn(async move {
            let mut chunk = vec![0_u8; 64 * 1024];
            while let Ok(read) = stream.read(&mut chunk).await {
                if read == 0 {
                    return;
                }
                let mut kept = keep.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() + read > MAX_SPY_BYTES {
                    tracing::warn!("the spy is full and misses what follows");
                    return;
                }
                kept.extend_from_slice(&chunk[..read]);
            }
        });
        Ok(Self { told, reading })
    }

    /// Hangs up, and remembers what it was told.
    pub(super) fn hang_up(&self) {
        self.reading.abort();
    }

    /// Whether it was told this.
    pub(super) fn heard(&self, mark: &[u8]) -> bool {
        let kept = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        kept.windows(mark.len()).rev().any(|told| told == mark)
    }

    /// Everything it was told.
    pub(super) fn told(&self) -> Vec<u8> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
