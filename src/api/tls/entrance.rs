//! What the server accepts connections from.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::Tls;

/// How long a client may take for its handshake.
const HANDSHAKE_TIMEOUT_MS: u64 = 10_000;

/// Handshakes at the same time; those who come after wait in the kernel's queue.
const HANDSHAKES_MAX: usize = 128;

/// Connections that may wait to be served.
const READY_QUEUE_LENGTH: usize = 64;

/// How long to wait when no connection can be accepted: no file handle is left, most likely.
const ACCEPT_PAUSE_MS: u64 = 200;

/// What the server accepts connections from.
#[derive(Debug)]
pub(crate) struct Entrance {
    address: SocketAddr,
    ready: mpsc::Receiver<(Wire, SocketAddr)>,
}

impl Entrance {
    /// Accepts until `stop`.
    ///
    /// # Errors
    /// If the listener has no address.
    pub(in crate::api) fn new(
        listener: TcpListener,
        tls: Option<Tls>,
        stop: &CancellationToken,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (tell, ready) = mpsc::channel(READY_QUEUE_LENGTH);
        if let Some(tls) = &tls {
            tokio::spawn(tls.clone().watch(stop.clone()));
        }
        let accepting = accept(listener, tls, tell);
        let stop = stop.clone();
        tokio::spawn(async move { stop.run_until_cancelled(accepting).await });
        Ok(Self { address, ready })
    }
}

async fn accept(listener: TcpListener, tls: Option<Tls>, tell: mpsc::Sender<(Wire, SocketAddr)>) {
    let places = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let acceptor = tls.map(|tls| TlsAcceptor::from(tls.config));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(fault) => {
                tracing::debug!("no connection could be accepted: {fault}");
                tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                continue;
            }
        };
        // An event is a small packet, and the next must not wait until the listener has acknowledged it (Nagle).
        if let Err(fault) = stream.set_nodelay(true) {
            tracing::debug!("events to a listener may come late: {fault}");
        }
        let Some(acceptor) = acceptor.clone() else {
            drop(place);
            if tell.send((Wire::Plain(stream), peer)).await.is_err() {
                return;
            }
            continue;
        };
        let tell = tell.clone();
        tokio::spawn(async move {
            let bound = Duration::from_millis(HANDSHAKE_TIMEOUT_MS);
            match tokio::time::timeout(bound, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => {
                    let _ = tell.send((Wire::Sealed(Box::new(stream)), peer)).await;
                }
                Ok(Err(fault)) => tracing::debug!(%peer, "no TLS came about: {fault}"),
                Err(_) => tracing::debug!(%peer, "the TLS handshake took too long"),
            }
            drop(place);
        });
    }
}

impl axum::serve::Listener for Entrance {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        match self.ready.recv().await {
            Some(accepted) => accepted,
            // Asked to stop: the server is, too.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) enum Wire {
    /// As it came.
    Plain(TcpStream),
    /// TLS.
    Sealed(Box<TlsStream<TcpStream>>),
}

/// Hands a call on to whichever stream it is.
macro_rules! hand_on {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Wire::Plain($stream) => $call,
            Wire::Sealed($stream) => $call,
        }
    };
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        hand_on!(self, stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        hand_on!(self, stream => Pin::new(stream).poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        hand_on!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        hand_on!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        hand_on!(self, stream => Pin::new(stream).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Sealed(stream) => stream.is_write_vectored(),
        }
    }
}
