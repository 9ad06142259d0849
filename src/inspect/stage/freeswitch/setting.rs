//! What one instance is told in its configuration.

use std::path::{Path, PathBuf};

use super::super::StageError;
use super::super::set::secret;
use super::ports::Ports;

/// The configuration, with names between at-signs where an instance differs from the next.
const TEMPLATE: &str = include_str!("freeswitch.xml");

/// The directories of one instance.
const DIRECTORIES: [&str; 15] = [
    "conf", "log", "db", "run", "scripts", "temp", "htdocs", "grammar", "certs", "recordings", "storage", "cache",
    "sounds", "cdr", "cdr/json",
];

/// Writes the configuration into `directory/conf`, and makes the other directories.
///
/// # Errors
/// If something cannot be written, or a path has characters that a dialplan would split or expand.
pub(super) fn write(
    directory: &Path,
    dialplan: &Path,
    ports: &Ports,
    password: &str,
) -> Result<(), StageError> {
    for name in DIRECTORIES {
        std::fs::create_dir_all(directory.join(name))?;
    }
    let filled = [
        ("@DIRECTORY@", plain(directory)?),
        ("@DIALPLAN@", plain(&existing(dialplan)?)?),
        ("@PASSWORD@", password.to_owned()),
        ("@SIP_PORT@", ports.sip().to_string()),
        ("@EVENT_SOCKET_PORT@", ports.event_socket().to_string()),
        ("@KEYPAD_PORT@", ports.keypad().to_string()),
        ("@FIRST_MEDIA_PORT@", ports.first_media().to_string()),
        ("@LAST_MEDIA_PORT@", ports.last_media().to_string()),
    ];
    let text = filled.iter().fold(TEMPLATE.to_owned(), |text, (name, value)| text.replace(name, value));
    secret(&directory.join("conf/freeswitch.xml"), &text)
}

fn existing(dialplan: &Path) -> Result<PathBuf, StageError> {
    dialplan.canonicalize().map_err(|fault| {
        StageError(format!("tonegate's dialplan for FreeSWITCH is not at {}: {fault}", dialplan.display()))
    })
}

fn plain(path: &Path) -> Result<String, StageError> {
    path.to_str()
        .filter(|text| text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+".contains(c)))
        .map(str::to_owned)
        .ok_or_else(|| StageError(format!("{}: use a directory of plain letters and digits", path.display())))
}
