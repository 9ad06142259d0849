//! The Event Socket itself: one task a connection, inbound or outbound.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::command::Reply;
use super::leg::State;
use super::listener::Listener;
use super::records::Level;
use super::request::{Parser, Request};
use super::world::{Core, World};

/// Control connections at once.
const MAX_CONTROL_CONNECTIONS: usize = 256;
/// A reader that takes nothing for so long has gone.
const WRITE_TIMEOUT_MS: u64 = 10_000;
/// Waiting for the daemon to take a private connection.
const CONNECT_TIMEOUT_MS: u64 = 5_000;
/// Pause after an error of the listening socket.
const ACCEPT_PAUSE_MS: u64 = 50;

struct Reader {
    half: OwnedReadHalf,
    parser: Parser,
}

impl Reader {
    /// Safe to be dropped while waiting: nothing read is lost. `None` at the end.
    async fn next(&mut self) -> io::Result<Option<Request>> {
        let mut chunk = [0_u8; 4096];
        loop {
            if let Some(request) = self.parser.next()? {
                return Ok(Some(request));
            }
            match self.half.read(&mut chunk).await? {
                0 => return Ok(None),
                count => self.parser.feed(&chunk[..count]),
            }
        }
    }
}

/// Accepts control connections until the rehearsal is over; a restart closes the port for a while.
pub(super) async fn accept(core: Arc<Core>, listening: TcpListener, address: SocketAddr, away: Arc<Notify>) {
    let places = Arc::new(Semaphore::new(MAX_CONTROL_CONNECTIONS));
    let mut listening = Some(listening);
    loop {
        let Some(socket) = &listening else {
            let pause = core.world().faults.restart_ms.take().unwrap_or(ACCEPT_PAUSE_MS);
            tokio::select! {
                () = core.over.cancelled() => return,
                () = tokio::time::sleep(Duration::from_millis(pause)) => {}
            }
            listening = TcpListener::bind(address).await.ok();
            continue;
        };
        tokio::select! {
            () = core.over.cancelled() => return,
            () = away.notified() => listening = None,
            accepted = socket.accept() => match accepted {
                Ok((stream, _)) => {
                    let Ok(place) = places.clone().try_acquire_owned() else { continue };
                    let (listener, waiting) = Listener::new(None, true);
                    let core = core.clone();
                    tokio::spawn(async move {
                        serve(&core, stream, listener, waiting).await;
                        drop(place);
                    });
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await,
            }
        }
    }
}

/// One connection from its first byte to its last.
async fn serve(core: &Core, stream: TcpStream, listener: Listener, mut waiting: mpsc::Receiver<Vec<u8>>) {
    let _ = stream.set_nodelay(true);
    let (half, mut out) = stream.into_split();
    let mut reader = Reader { half, parser: Parser::default() };
    let (cut, session) = (listener.cut.clone(), listener.session.clone());
    let id = {
        let mut world = core.world();
        let id = world.next();
        world.listeners.insert(id, listener);
        if let Some(leg) = session.as_ref().and_then(|uuid| world.leg_mut(uuid)) {
            leg.listener = Some(id);
        } else if session.is_some() {
            cut.cancel();
        }
        id
    };
    let greeted = session.is_some() || write(&mut out, b"Content-Type: auth/request\n\n").await;
    let polite = greeted && talk(core, id, &cut, &mut reader, &mut out, &mut waiting).await;
    if polite {
        while let Ok(frame) = waiting.try_recv() {
            if !write(&mut out, &frame).await {
                break;
            }
        }
        let _ = write(&mut out, goodbye(session.as_deref()).as_bytes()).await;
    }
    let mut world = core.world();
    world.listeners.remove(&id);
    if let Some(uuid) = session {
        world.socket_closed(&uuid, id);
    }
}

/// True if the connection ends with a notice; false if it is already gone or must vanish.
async fn talk(
    core: &Core,
    id: u64,
    cut: &CancellationToken,
    reader: &mut Reader,
    out: &mut tokio::net::tcp::OwnedWriteHalf,
    waiting: &mut mpsc::Receiver<Vec<u8>>,
) -> bool {
    loop {
        tokio::select! {
            () = core.over.cancelled() => return false,
            () = cut.cancelled() => {
                return !core.world().listeners.get(&id).is_some_and(|listener| listener.abrupt);
            }
            frame = waiting.recv() => {
                let Some(frame) = frame else { return false };
                if !write(out, &frame).await {
                    return false;
                }
            }
            request = reader.next() => {
                let Ok(Some(request)) = request else { return false };
                let (reply, delay_ms) = {
                    let mut world = core.world();
                    (world.answer_request(id, &request), world.faults.answer_delay_ms)
                };
                if delay_ms > 0 {
                    tokio::select! {
                        () = cut.cancelled() => continue,
                        () = tokio::time::sleep(Duration::from_millis(delay_ms)) => {}
                    }
                }
                if !write(out, &reply.frame()).await {
                    return false;
                }
                if matches!(reply, Reply::Bye(_)) {
                    return true;
                }
            }
        }
    }
}

async fn write(out: &mut tokio::net::tcp::OwnedWriteHalf, bytes: &[u8]) -> bool {
    let write = out.write_all(bytes);
    matches!(tokio::time::timeout(Duration::from_millis(WRITE_TIMEOUT_MS), write).await, Ok(Ok(())))
}

fn goodbye(session: Option<&str>) -> String {
    let text = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n";
    let about = session.map_or_else(String::new, |uuid| {
        format!("Controlled-Session-UUID: {uuid}\nContent-Disposition: disconnect\n")
    });
    format!("Content-Type: text/disconnect-notice\n{about}Content-Length: {}\n\n{text}", text.len())
}

impl World {
    fn answer_request(&mut self, id: u64, request: &Request) -> Reply {
        let password = self.settings.password.clone();
        let Some(listener) = self.listeners.get_mut(&id) else { return Reply::Bye("-ERR gone".to_owned()) };
        match request.line.trim_end().split_once(' ') {
            Some(("auth", given)) if given == password => {
                listener.authorised = true;
                Reply::Text("+OK accepted".to_owned())
            }
            Some(("auth" | "userauth", _)) => Reply::Bye("-ERR invalid".to_owned()),
            _ if listener.authorised => self.command(id, request),
            _ if request.line.trim_end() == "exit" => Reply::Bye("+OK bye".to_owned()),
            _ => Reply::Text("-ERR command not found".to_owned()),
        }
    }

    /// The `socket` application: dials the daemon; if nobody answers, the dialplan goes on at once.
    pub(super) fn dial_daemon(&mut self, uuid: &str, data: &str) {
        let mut words = data.split_whitespace();
        let address = words.next().unwrap_or_default().to_owned();
        let full = words.any(|word| word == "full");
        let text = format!("Trying host: {address}");
        self.write_log(Level::Notice, Some(uuid), "mod_event_socket.c:452", &text);
        if let Some(leg) = self.leg_mut(uuid) {
            leg.state = State::Routing;
            leg.set("socket_host", address.split(':').next().unwrap_or_default());
        }
        let Some(core) = self.me.upgrade() else { return };
        let uuid = uuid.to_owned();
        tokio::spawn(async move {
            let connecting = TcpStream::connect(&address);
            let connected = tokio::time::timeout(Duration::from_millis(CONNECT_TIMEOUT_MS), connecting).await;
            match connected {
                Ok(Ok(stream)) => {
                    let (listener, waiting) = Listener::new(Some(uuid), full);
                    serve(&core, stream, listener, waiting).await;
                }
                _ => {
                    let mut world = core.world();
                    world.write_log(Level::Error, Some(&uuid), "mod_event_socket.c:488", "Socket Error!");
                    world.complete(&uuid);
                    world.run(&uuid);
                }
            }
        });
    }

    /// A private connection has ended: a leg that was parked in it goes on with its dialplan; a bridged
    /// one stays as it is, sealed or not, and what is diverted waits.
    fn socket_closed(&mut self, uuid: &str, id: u64) {
        let Some(leg) = self.leg_mut(uuid).filter(|leg| leg.listener == Some(id)) else { return };
        leg.listener = None;
        if matches!(leg.state, State::Controlled | State::Routing) {
            leg.state = State::Routing;
            leg.playing.clear();
            self.complete(uuid);
            self.run(uuid);
        }
    }
}
