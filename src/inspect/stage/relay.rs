//! A relay in front of a PBX's control port, so that the daemon's connection can be cut.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::StageError;

/// How many connections are relayed at a time.
const MAX_CONNECTIONS: usize = 16;
/// Pause after a fault in accepting, such as a lack of file descriptors.
const RETRY_MS: u64 = 50;

/// Passes connections on until they are cut.
pub(super) struct Relay {
    /// Where it listens.
    pub address: SocketAddr,
    current: Arc<Mutex<CancellationToken>>,
    _acceptor: AbortOnDropHandle<()>,
}

impl Relay {
    /// Passes on to an address.
    ///
    /// # Errors
    /// If it gets no port.
    pub async fn to(target: SocketAddr) -> Result<Self, StageError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let current = Arc::new(Mutex::new(CancellationToken::new()));
        let acceptor = tokio::spawn(accept(listener, target, Arc::clone(&current)));
        Ok(Self { address, current, _acceptor: AbortOnDropHandle::new(acceptor) })
    }

    /// Cuts every connection there is; new ones are passed on again.
    pub fn cut(&self) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *current).cancel();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.cut();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, current: Arc<Mutex<CancellationToken>>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((near, _)) = listener.accept().await else {
            sleep(Duration::from_millis(RETRY_MS)).await;
            continue;
        };
        let cut = current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        tokio::spawn(async move {
            let _place = place;
            let _ = cut.run_until_cancelled(pass_on(near, target)).await;
        });
    }
}

async fn pass_on(mut near: TcpStream, target: SocketAddr) -> std::io::Result<()> {
    let mut far = TcpStream::connect(target).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    tokio::io::copy_bidirectional(&mut near, &mut far).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_cut_ends_what_there_is_and_lets_the_next_pass() {
        let far = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let relay = Relay::to(far.local_addr().expect("it is bound")).await.expect("a relay");
        for _ in 0..2 {
            let mut near = TcpStream::connect(relay.address).await.expect("connected");
            let (mut end, _) = far.accept().await.expect("passed on");
            near.write_all(b"x").await.expect("sent");
            assert_eq!(end.read_u8().await.expect("arrived"), b'x');
            relay.cut();
            assert_eq!(near.read(&mut [0; 1]).await.unwrap_or(0), 0);
        }
    }
}
