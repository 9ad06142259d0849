//! The daemon's own door: a Unix socket beside the store, for `tonegate user`, `tonegate key` and `tonegate orders`.
//!
//! The store belongs to one process. While the daemon runs, these commands ask it here, one JSON line each way; else
//! they open the store themselves. The socket stands in the state directory with mode 600, and whoever connects must
//! be the daemon's own user or root, which the kernel vouches for.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::{Act, Done, People, PeopleFault};

/// The longest line, both ways: a thousand people fit.
const MAX_LINE_BYTES: u64 = 1024 * 1024;

/// The longest name that the system takes for a socket, its end not counted (`sun_path`, unix(7)).
const MAX_SOCKET_NAME_BYTES: usize = 107;

/// Commands at the same time.
const MAX_VISITORS: usize = 4;

/// How long one command may take, a password's hash included.
const VISIT_TIMEOUT_MS: u64 = 15_000;

/// Where the door of a store is.
#[must_use]
pub fn path(store_file: &Path) -> PathBuf {
    store_file.with_extension("door")
}

/// The name of a socket as the system takes it. One that is too long is said by way of its directory, which is held open
/// for as long as the name is used.
struct Name {
    path: PathBuf,
    _directory: Option<File>,
}

impl Name {
    fn of(socket: &Path) -> io::Result<Self> {
        if socket.as_os_str().len() <= MAX_SOCKET_NAME_BYTES {
            return Ok(Self { path: socket.to_owned(), _directory: None });
        }
        let (Some(directory), Some(name)) = (socket.parent(), socket.file_name()) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no name of a file"));
        };
        let only_a_place = libc::O_PATH | libc::O_DIRECTORY;
        let directory = OpenOptions::new().read(true).custom_flags(only_a_place).open(directory)?;
        let path = Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name);
        if path.as_os_str().len() > MAX_SOCKET_NAME_BYTES {
            let words = "the name of the store's file is too long for the door beside it; choose a shorter store.path";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, words));
        }
        Ok(Self { path, _directory: Some(directory) })
    }
}

/// Opens the door and serves it until `stop`. Only the holder of the store's lock may do this.
///
/// # Errors
/// If the socket cannot be made.
pub fn open(people: &People, stop: CancellationToken) -> io::Result<tokio::task::JoinHandle<()>> {
    let path = path(people.store.file());
    // Left behind by a daemon that was killed: the store's lock says that there is no other.
    match std::fs::remove_file(&path) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault),
        _ => {}
    }
    let name = Name::of(&path)?;
    let listener = UnixListener::bind(&name.path)?;
    drop(name);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    let own = std::fs::metadata(&path)?.uid();
    let people = people.clone();
    Ok(tokio::spawn(async move {
        let visitors = Arc::new(Semaphore::new(MAX_VISITORS));
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stop.cancelled() => break,
            };
            let Ok((stream, _)) = accepted else {
                // No more files, most likely: not at full speed.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let Ok(place) = Arc::clone(&visitors).try_acquire_owned() else { continue };
            let people = people.clone();
            tokio::spawn(async move {
                let bound = Duration::from_millis(VISIT_TIMEOUT_MS);
                let visit = tokio::time::timeout(bound, serve(&people, stream, own)).await;
                if let Ok(Err(fault)) = visit {
                    tracing::warn!("a command at the door was not served: {fault}");
                }
                drop(place);
            });
        }
        let _ = std::fs::remove_file(&path);
    }))
}

async fn serve(people: &People, mut stream: UnixStream, own: u32) -> io::Result<()> {
    let uid = stream.peer_cred()?.uid();
    if uid != own && uid != 0 {
        return Err(io::Error::other(format!("user {uid} is neither the daemon's nor root")));
    }
    let line = read_line(&mut stream).await?;
    let answer = match serde_json::from_str::<Act>(&line) {
        Ok(act) => people.perform(&shell(uid), &act).await.map_err(|fault| fault.to_string()),
        Err(_) => Err("the daemon does not know this command: is it of another release?".into()),
    };
    let mut answer = Zeroizing::new(serde_json::to_vec(&answer)?);
    answer.push(b'\n');
    stream.write_all(&answer).await
}

async fn read_line(stream: &mut UnixStream) -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    let mut reader = BufReader::new(stream).take(MAX_LINE_BYTES);
    reader.read_line(&mut line).await?;
    if line.ends_with('\n') {
        return Ok(line);
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "the line is too long, or the other side has gone"))
}

/// How the trail names whoever types commands on this machine.
#[must_use]
pub fn shell(uid: u32) -> String {
    format!("shell:{uid}")
}

/// Asks the daemon of this store; none if it does not run.
///
/// # Errors
/// If it runs and does not answer, or says no.
pub async fn ask(store_file: &Path, act: &Act) -> Result<Option<Done>, PeopleFault> {
    let path = path(store_file);
    let told = |what: String| PeopleFault::Door(format!("{}: {what}", path.display()));
    let connected = match Name::of(&path) {
        Ok(name) => UnixStream::connect(&name.path).await,
        Err(fault) => Err(fault),
    };
    let mut stream = match connected {
        Ok(stream) => stream,
        Err(fault) => match fault.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => return Ok(None),
            io::ErrorKind::PermissionDenied => {
                return Err(told("permission denied; run this as root or as the daemon's user".into()));
            }
            _ => return Err(told(fault.to_string())),
        },
    };
    let talk = async {
        let mut line = Zeroizing::new(serde_json::to_vec(act)?);
        line.push(b'\n');
        stream.write_all(&line).await?;
        read_line(&mut stream).await
    };
    let answer = tokio::time::timeout(Duration::from_millis(VISIT_TIMEOUT_MS), talk).await;
    let Ok(Ok(line)) = answer else {
        return Err(told("the daemon does not answer; its log says why".into()));
    };
    match serde_json::from_str::<Result<Done, String>>(&line) {
        Ok(Ok(done)) => Ok(Some(done)),
        Ok(Err(words)) => Err(PeopleFault::Door(words)),
        Err(_) => Err(told("the daemon's answer cannot be read: is it of another release?".into())),
    }
}
