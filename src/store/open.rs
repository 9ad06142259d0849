//! Opening the file: who may read it, how durable it is, which schema it has.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use super::durable::Durable;
use super::{Store, StoreError, StoreSettings};

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations/sqlite");

/// How long another program may hold the file before we give up.
const BUSY_TIMEOUT_MS: u64 = 5_000;

/// How long a write may wait for its turn; longer than the file can be held.
const TURN_TIMEOUT_MS: u64 = 10_000;

/// Those who only read do not wait for one another.
const READERS: u32 = 4;

impl Store {
    /// Opens the store, makes it if it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// If file or directory cannot be made or written, are open to others, are damaged, or come from a
    /// newer release.
    pub async fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        let file = settings.path.clone();
        make_private(&file)?;
        let lock = lock(&file)?;
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(false)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What was committed is on disk once `Durable` says so: one `fsync` for all who wait.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))
            // What is deleted is overwritten.
            .pragma("secure_delete", "ON")
            .disable_statement_logging();
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(Duration::from_millis(TURN_TIMEOUT_MS))
                // SQLite itself rolls back when the disk is full; the connection then waits for ever for a
                // rollback that cannot be. It is thrown away, so that the store recovers when there is room.
                .before_acquire(|connection, _| {
                    let clean = !connection.is_in_transaction();
                    Box::pin(async move { Ok(clean) })
                })
        };
        let failed = |e: sqlx::Error| StoreError::from_sqlx(&file, &e);
        let writer = pool()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await
            .map_err(failed)?;
        MIGRATIONS.run(&writer).await.map_err(|fault| unfit(&file, &fault))?;
        let readers =
            pool().max_connections(READERS).connect_with(options.read_only(true)).await.map_err(failed)?;
        let durable = Arc::new(Durable::new(&file));
        let (lock, life) = (Arc::new(lock), uuid::Uuid::now_v7());
        let store = Self { file, writer, readers, durable, lock, outbox: Arc::default(), life };
        store.announce_trail().await?;
        Ok(store)
    }
}

/// Takes the store for this process alone. A second daemon on it would take the first one's open attempts for
/// those of a former life.
fn lock(file: &Path) -> Result<File, StoreError> {
    let path = file.with_extension("lock");
    let failed = |e: std::io::Error| StoreError::from_io(path.clone(), &e);
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(file.to_path_buf())),
        Err(TryLockError::Error(e)) => Err(failed(e)),
    }
}

/// Makes directory and file for us alone, before SQLite could make them for everybody.
fn make_private(file: &Path) -> Result<(), StoreError> {
    let failed = |e: std::io::Error| StoreError::from_io(file.to_path_buf(), &e);
    let directory = file.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    let about = std::fs::metadata(directory).map_err(failed)?;
    if about.permissions().mode() & 0o022 != 0 {
        return Err(StoreError::OpenDirectory(directory.to_path_buf()));
    }
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(file)
        .map_err(failed)?;
    // A file that was put back from a backup may have come with other permissions. SQLite gives its
    // companions (-wal, -shm) those of the file.
    if opened.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
        opened.set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
    }
    Ok(())
}

fn unfit(file: &Path, fault: &MigrateError) -> StoreError {
    let file = file.to_path_buf();
    match fault {
        MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _) => {
            StoreError::Newer { file, version: *version }
        }
        MigrateError::VersionMismatch(_) | MigrateError::Dirty(_) => {
            StoreError::Damaged { file, why: fault.to_string() }
        }
        MigrateError::Execute(inner) | MigrateError::ExecuteMigration(inner, _) => {
            StoreError::from_sqlx(&file, inner)
        }
        _ => StoreError::Failed { file, why: fault.to_string() },
    }
}
