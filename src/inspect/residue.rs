//! Looks for what is left of a test card: in the memory of another process, in files, in directories.
//!
//! This is how we prove PCI DSS 3.3.1 (no security code after authorisation) and 3.5.1 (no stored card
//! number) from the outside, after a rehearsal call with a published test card. It finds digits as text
//! (ASCII and UTF-16, in groups, in Base64), digits as bytes of value 0–9, and a security code beside a card number or in a field
//! named for it. Compressed and encrypted files are searched as they lie.
//!
//! A process goes on while it is searched: search when the call is over, not while the customer keys.

mod files;
mod needles;
mod process;
mod scanner;
#[cfg(test)]
mod tests;

pub use files::scan_path;
pub use needles::{NeedleFault, Needles};
pub use process::scan_process;

use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// A search stops after this many findings: more would tell nothing new.
pub const FINDINGS_MAX: usize = 1000;
/// At most this many places that could not be read are named.
const UNREADABLE_MAX: usize = 100;
/// How much is read at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// What kind of trace was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Twelve or more digits of the card number, as text.
    PanText,
    /// The same in groups, as it is printed on the card, divided by spaces, hyphens or what stands for a space in a URL.
    PanGrouped,
    /// Nine or more digits of the card number in Base64 (RFC 4648).
    PanBase64,
    /// Twelve or more digits in UTF-16, little-endian.
    PanUtf16,
    /// The same as bytes of value 0–9.
    PanValues,
    /// The security code within 64 bytes of such a trace.
    CodeNearPan,
    /// The security code in a field named for it, as `"cvv":"…"`.
    CodeInField,
}

impl FindingKind {
    /// Whether it is a trace of the security code; otherwise it is one of the card number.
    #[must_use]
    pub fn is_code(self) -> bool {
        matches!(self, FindingKind::CodeNearPan | FindingKind::CodeInField)
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FindingKind::PanText => "card number as text",
            FindingKind::PanGrouped => "card number in groups",
            FindingKind::PanBase64 => "card number in Base64",
            FindingKind::PanUtf16 => "card number as UTF-16 text",
            FindingKind::PanValues => "card number as digit values",
            FindingKind::CodeNearPan => "security code beside a card number",
            FindingKind::CodeInField => "security code in a field of its name",
        })
    }
}

/// One trace of the card. Says where it is, never what it reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file, or the process and the part of its memory.
    #[serde(rename = "where")]
    pub where_: String,
    /// Offset in the file, or address in the process, in bytes.
    pub offset: u64,
    /// What it is.
    pub kind: FindingKind,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {} at {:#x}", self.kind, self.where_, self.offset)
    }
}

/// What a search did and found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Scan {
    /// The traces, at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// How much was searched.
    pub bytes_read: u64,
    /// Places that should have been searched and could not be read, with the reason; the first hundred.
    pub unreadable: Vec<String>,
    /// Whether the search stopped early because a bound was reached.
    pub truncated: bool,
}

impl Scan {
    /// Whether everything was searched and nothing found.
    pub fn clean(&self) -> bool {
        self.findings.is_empty() && self.unreadable.is_empty() && !self.truncated
    }

    fn found(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.truncated = true;
        }
    }

    fn could_not_read(&mut self, place: &str, cause: &std::io::Error) {
        if self.unreadable.len() < UNREADABLE_MAX {
            self.unreadable.push(format!("{place}: {cause}"));
        }
    }
}

/// Why a search could not begin.
#[derive(Debug, thiserror::Error)]
pub enum ResidueError {
    /// The kernel does not let us look.
    #[error(
        "the memory of process {pid} may not be read: run this as root, or give it CAP_SYS_PTRACE \
         (a hardened process is closed even to its own user)"
    )]
    NotReadable {
        /// The process.
        pid: u32,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// There is none of that number, or it has ended.
    #[error(
        "there is no process {pid} (any more): look up the number again, for example in systemctl status"
    )]
    NoSuchProcess {
        /// The process.
        pid: u32,
    },
    /// A file or directory to search cannot be opened.
    #[error("{} cannot be searched: {source}", path.display())]
    Path {
        /// As it was given.
        path: PathBuf,
        /// What the kernel said.
        source: std::io::Error,
    },
}
