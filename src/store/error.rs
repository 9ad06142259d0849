//! What can go wrong, with the file and what to do.

use std::path::{Path, PathBuf};

/// Why something could not be written down or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No room.
    #[error("{}: the disk is full; free some space: no payment is taken until then", .0.display())]
    Full(PathBuf),
    /// Somebody else holds the file.
    #[error(
        "{}: another program holds the database; end it (`fuser {}` names it), and do not copy the file while \
         the daemon runs but use `sqlite3 {} '.backup copy.sqlite'`",
        .0.display(), .0.display(), .0.display()
    )]
    Locked(PathBuf),
    /// Another daemon.
    #[error(
        "{}: another tonegate works with these payments; stop it, or give this one a store.path of its own",
        .0.display()
    )]
    InUse(PathBuf),
    /// We may not.
    #[error("{}: permission denied; run: chown -R tonegate {}", file.display(), directory.display())]
    Permission {
        /// The file.
        file: PathBuf,
        /// The directory it stands in; SQLite writes there as well.
        directory: PathBuf,
    },
    /// Others may write there.
    #[error(
        "{}: other users can write to this directory and could replace the payments; \
         use one of our own, or run: chmod go-w {}", .0.display(), .0.display()
    )]
    OpenDirectory(PathBuf),
    /// A later release has been here.
    #[error(
        "{}: written by a newer release (schema {version}); install that release again, \
         or put back the backup made before the upgrade",
        file.display()
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// What it has.
        version: i64,
    },
    /// Not what we wrote.
    #[error("{}: damaged or not a database of ours ({why}); put back the last backup", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What was found.
        why: String,
    },
    /// Anything else.
    #[error("{}: {why}; check disk and file system", file.display())]
    Failed {
        /// The file.
        file: PathBuf,
        /// What SQLite or the system says.
        why: String,
    },
    /// A payment's number was used before.
    #[error("payment {0} exists already; every payment needs a number of its own")]
    PaymentExists(String),
    /// There is none.
    #[error("there is no payment {0}")]
    NoSuchPayment(String),
    /// There is none.
    #[error("there is no attempt {0}; it has to be journalled first")]
    NoSuchAttempt(String),
    /// The payment is over.
    #[error("payment {0} has ended; a charge needs a new payment")]
    Ended(String),
    /// Charging again could charge twice.
    #[error("attempt {key} is {state}; no other card may be sent before it is known not to be charged")]
    MayBeCharged {
        /// The attempt that stands in the way.
        key: String,
        /// Its state.
        state: &'static str,
    },
    /// It may not be done to this payment.
    #[error(transparent)]
    Change(#[from] super::ChangeFault),
    /// It may not be done to this order.
    #[error(transparent)]
    Order(#[from] super::OrderFault),
    /// Nor does the plan.
    #[error(transparent)]
    Plan(#[from] super::PlanFault),
    /// It is not sent.
    #[error(transparent)]
    Message(#[from] super::MessageFault),
    /// Not masked as it must be.
    #[error("a card number with more than its last four digits was to be stored; it was not")]
    NotMasked,
    /// Not one of ours.
    #[error("`{0}` is no cursor; use `next` of the page before, as it is")]
    Cursor(String),
}

impl StoreError {
    pub(super) fn from_sqlx(file: &Path, fault: &sqlx::Error) -> Self {
        let file = file.to_path_buf();
        let why = fault.to_string();
        match fault {
            sqlx::Error::Database(database) => {
                let code = database.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0);
                Self::from_code(file, code, why)
            }
            sqlx::Error::PoolTimedOut => Self::Locked(file),
            sqlx::Error::Io(io) => Self::from_io(file, io),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Damaged { file, why },
            _ => Self::Failed { file, why },
        }
    }

    /// By SQLite's primary result codes.
    fn from_code(file: PathBuf, code: i32, why: String) -> Self {
        match code & 0xff {
            5 | 6 => Self::Locked(file),
            3 | 8 | 14 | 23 => Self::permission(file),
            11 | 26 => Self::Damaged { file, why },
            13 => Self::Full(file),
            _ => Self::Failed { file, why },
        }
    }

    pub(super) fn from_io(file: PathBuf, fault: &std::io::Error) -> Self {
        match fault.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Self::permission(file)
            }
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full(file),
            _ => Self::Failed { file, why: fault.to_string() },
        }
    }

    fn permission(file: PathBuf) -> Self {
        let directory = file.parent().unwrap_or(Path::new(".")).to_path_buf();
        Self::Permission { file, directory }
    }
}
