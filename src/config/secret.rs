//! Secrets: never in the configuration itself, only in files of their own (PCI DSS 8.6.2).

use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::{ConfigError, Place};

/// A longer secret is a wrong file.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// Bytes of a secret that we make.
const MADE_BYTES: usize = 32;

/// Keys that hold a secret whatever section they stand in; with `_file` or `_credential` behind, they
/// name its place instead.
const SECRET_KEYS: [&str; 15] = [
    "password",
    "passphrase",
    "passwd",
    "secret",
    "client_secret",
    "webhook_secret",
    "api_key",
    "private_key",
    "secret_key",
    "token",
    "access_token",
    "auth_token",
    "api_key_secret",
    "application_secret",
    "consumer_key",
];

/// A password or key. Shown to nobody, wiped when it is dropped.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself, to be sent and not to be kept.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Reads a file that holds a secret alone, on one line, and that not everybody can reach.
    pub(crate) fn read(path: &Path) -> Result<Secret, SecretFault> {
        let shown = path.display();
        let fault = |what: &str, remedy: &str| SecretFault {
            what: format!("{shown}: {what}"),
            remedy: remedy.to_owned(),
        };
        let io = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => fault("there is no such file", "create it with mode 600"),
            std::io::ErrorKind::PermissionDenied => {
                fault("permission denied", &format!("run: chown tonegate {shown}"))
            }
            _ => fault(&error.to_string(), "check the path and the disk"),
        };
        let file = std::fs::File::open(path).map_err(io)?;
        // Of the open file, not of the path: nobody can change it in between.
        let about = file.metadata().map_err(io)?;
        let mode = about.permissions().mode();
        if !about.is_file() {
            return Err(fault("not a file", "name the file that holds the secret"));
        }
        if mode & 0o007 != 0 {
            return Err(fault("every user of this machine can reach it", &format!("run: chmod 600 {shown}")));
        }
        if mode & 0o020 != 0 {
            return Err(fault("its group can change it", &format!("run: chmod 640 {shown}")));
        }
        if about.len() > MAX_SECRET_BYTES {
            return Err(fault("too long for a secret", "put the secret alone into the file"));
        }
        // Room for all of it, and one byte to see the end: a buffer that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SECRET_BYTES as usize + 1));
        file.take(MAX_SECRET_BYTES).read_to_end(&mut bytes).map_err(io)?;
        let Ok(text) = std::str::from_utf8(&bytes) else {
            return Err(fault("not text", "write the secret as UTF-8 text"));
        };
        let text = text.trim_end_matches(['\n', '\r']);
        if text.is_empty() {
            return Err(fault("empty", "put the secret into the file"));
        }
        if text.contains(['\n', '\r', '\0']) {
            return Err(fault("more than one line", "put the secret alone into the file, on one line"));
        }
        Ok(Secret(Zeroizing::new(text.to_owned())))
    }

    /// Makes a file with a new secret of [`MADE_BYTES`] bytes, as hexadecimal digits, that we alone can read.
    pub(crate) fn make(path: &Path) -> Result<(), SecretFault> {
        let mut bytes = Zeroizing::new([0_u8; MADE_BYTES]);
        rand::fill(&mut bytes[..]);
        let text = Zeroizing::new(hex::encode(&bytes[..]));
        write_whole(path, &text).map_err(|fault| SecretFault {
            what: format!("{}: it cannot be made: {fault}", path.display()),
            remedy: "check the disk, and that the directory is the daemon's own".into(),
        })
    }

    /// Reads a file, which is made if it is not there.
    pub(crate) fn read_or_make(path: &Path) -> Result<Secret, SecretFault> {
        if !path.exists() {
            Self::make(path)?;
        }
        Self::read(path)
    }

    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Secret {
        Secret(Zeroizing::new(text.to_owned()))
    }
}

/// All of it or nothing: a file that was begun would be taken for a damaged key.
fn write_whole(file: &Path, text: &str) -> io::Result<()> {
    let directory = file.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let begun = file.with_extension("key-begun");
    let mut written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&begun)?;
    written.write_all(text.as_bytes())?;
    written.write_all(b"\n")?;
    written.sync_all()?;
    std::fs::rename(&begun, file)?;
    File::open(directory)?.sync_all()
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Why a file holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretFault {
    /// Which file, and what is wrong with it.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// Where secrets are looked for.
#[derive(Clone, Debug)]
pub(super) struct SecretPlaces {
    place: Place,
    base: PathBuf,
    credentials: Option<PathBuf>,
}

impl SecretPlaces {
    pub(super) fn new(place: Place, base: &Path, credentials: Option<PathBuf>) -> Self {
        Self { place, base: base.into(), credentials }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn base(&self) -> &Path {
        &self.base
    }

    /// Fetches the secret that stands at `key` with `_file` or `_credential` behind it.
    pub(super) fn fetch(
        &self,
        key: &str,
        file: Option<&Path>,
        credential: Option<&str>,
    ) -> Result<Secret, ConfigError> {
        let name = key.rsplit('.').next().unwrap_or(key);
        match (file, credential) {
            (Some(file), None) => self.read(&format!("{key}_file"), &self.base.join(file)),
            (None, Some(credential)) => self.read_credential(&format!("{key}_credential"), credential),
            (Some(_), Some(_)) => Err(self.place.fault(
                &format!("{key}_file"),
                format_args!("`{name}_credential` is given as well"),
                "keep one of the two",
            )),
            (None, None) => Err(self.place.fault(
                &format!("{key}_file"),
                "missing",
                &format!("put the secret alone into a file of mode 600 and write its path, or write `{name}_credential` with the name of a systemd credential"),
            )),
        }
    }

    fn read_credential(&self, key: &str, name: &str) -> Result<Secret, ConfigError> {
        let fault = |what: &str, remedy: &str| self.place.fault(key, what, remedy);
        if name.is_empty() || name.starts_with('.') || name.contains('/') {
            return Err(fault("not the name of a credential", "write the name as in LoadCredential="));
        }
        let Some(directory) = &self.credentials else {
            return Err(fault(
                "systemd gave no credentials ($CREDENTIALS_DIRECTORY is not set)",
                &format!("add LoadCredential={name}:/path/of/the/secret to the unit, or use a file"),
            ));
        };
        self.read(key, &directory.join(name))
    }

    fn read(&self, key: &str, path: &Path) -> Result<Secret, ConfigError> {
        Secret::read(path).map_err(|fault| self.place.fault(key, fault.what, &fault.remedy))
    }
}

/// Refuses a secret that stands in the file or in the environment, before anything else looks at it.
pub(super) fn refuse_inline(place: &Place, tree: &serde_json::Value) -> Result<(), ConfigError> {
    walk(place, "", tree)
}

fn walk(place: &Place, above: &str, tree: &serde_json::Value) -> Result<(), ConfigError> {
    match tree {
        serde_json::Value::Object(table) => table.iter().try_for_each(|(key, value)| {
            let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
            let secret = SECRET_KEYS.contains(&key.to_ascii_lowercase().as_str()) || path == "api.key";
            if secret && !value.is_object() {
                return Err(place.fault(
                    &path,
                    "a secret does not belong in the configuration",
                    &format!(
                        "put it alone into a file of mode 600 and write {key}_file = \"/path/of/the/file\", \
                         or write {key}_credential = \"name of a systemd credential\""
                    ),
                ));
            }
            walk(place, &path, value)
        }),
        serde_json::Value::Array(list) => list.iter().enumerate().try_for_each(|(index, value)| {
            // An entry is best known by its name.
            let name = value.get("name").and_then(|name| name.as_str());
            walk(
                place,
                &name.map_or_else(|| format!("{above}[{index}]"), |name| format!("{above}.{name}")),
                value,
            )
        }),
        _ => Ok(()),
    }
}
