//! Connections of callers: how long one may be silent, and what it may hold of ours.

use std::io;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;

/// What the system keeps for one caller who does not read. It takes twice as much for its own book-keeping.
const SEND_BUFFER_BYTES: usize = 32 * 1024;

/// A caller who takes nothing of what was sent for so long is gone, or will not come back to it (RFC 5482).
const UNREAD_TIMEOUT_MS: u64 = 60_000;

/// Prepares a caller's connection.
pub(super) fn prepare(stream: &TcpStream) {
    if let Err(fault) = bounded(stream) {
        tracing::debug!("a caller's connection stays as the system made it: {fault}");
    }
}

fn bounded(stream: &TcpStream) -> io::Result<()> {
    // An event is a small packet, and the next must not wait until the listener has acknowledged it (Nagle).
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.set_tcp_user_timeout(Some(Duration::from_millis(UNREAD_TIMEOUT_MS)))
}
