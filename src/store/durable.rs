//! One `fsync` for all who wait for one.
//!
//! A payment is written down in half a dozen steps, and each has to be on disk before the next act. With two hundred
//! payments at once, an `fsync` for each step is a queue of seconds. SQLite therefore only writes
//! (`synchronous = NORMAL`: it orders its own writes, so a crash never leaves half a transaction), and whoever has
//! committed waits here until its write-ahead log is on disk. The first to come writes it out; those who
//! commit meanwhile share the next turn.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

use super::StoreError;

/// The write-ahead log, and how much of it is on disk.
#[derive(Debug)]
pub(super) struct Durable {
    log: PathBuf,
    /// Commits so far.
    committed: AtomicU64,
    on_disk: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// So many commits are on disk.
    UpTo(u64),
    /// A disk that once lost a write may report success for the next one although the log has a hole: nothing is
    /// believed any more until the file has been opened anew.
    Lost(StoreError),
}

impl Durable {
    /// Of the database in `file`.
    pub(super) fn new(file: &Path) -> Self {
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        Self { log: log.into(), committed: AtomicU64::new(0), on_disk: Mutex::new(State::UpTo(0)) }
    }

    /// Returns once what was committed before the call is on disk.
    ///
    /// # Errors
    /// If the disk failed, now or earlier.
    pub(super) async fn wait(&self) -> Result<(), StoreError> {
        let mine = self.committed.fetch_add(1, Ordering::AcqRel) + 1;
        let mut on_disk = self.on_disk.lock().await;
        match &*on_disk {
            State::UpTo(done) if *done >= mine => return Ok(()),
            State::UpTo(_) => {}
            State::Lost(fault) => return Err(fault.clone()),
        }
        // Counted before it is written out: who commits later waits for the next turn.
        let all = self.committed.load(Ordering::Acquire);
        let log = self.log.clone();
        let written = tokio::task::spawn_blocking(move || write_out(&log)).await;
        let written = written.unwrap_or_else(|fault| Err(io::Error::other(fault)));
        match written {
            Ok(()) => {
                *on_disk = State::UpTo(all);
                Ok(())
            }
            Err(fault) => {
                let fault = StoreError::from_io(self.log.clone(), &fault);
                tracing::error!(
                    "what was written may be lost: {fault}; mend the disk, then restart tonegate"
                );
                *on_disk = State::Lost(fault.clone());
                Err(fault)
            }
        }
    }
}

fn write_out(log: &Path) -> io::Result<()> {
    match File::open(log) {
        Ok(file) => file.sync_data(),
        // Without a log all of it was moved into the database, and SQLite has written that out.
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(fault) => Err(fault),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn those_who_wait_share_a_turn() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("payments.sqlite");
        std::fs::write(directory.path().join("payments.sqlite-wal"), b"log").expect("a log");
        let durable = Arc::new(Durable::new(&file));
        let held = durable.on_disk.lock().await;
        let waiting: Vec<_> = (0..8)
            .map(|_| {
                let durable = Arc::clone(&durable);
                tokio::spawn(async move { durable.wait().await })
            })
            .collect();
        while durable.committed.load(Ordering::Acquire) < 8 {
            tokio::task::yield_now().await;
        }
        drop(held);
        for one in waiting {
            assert_eq!(one.await.expect("no panic"), Ok(()));
        }
        assert!(matches!(*durable.on_disk.lock().await, State::UpTo(8)));
    }

    #[tokio::test]
    async fn after_a_lost_write_nothing_is_believed() {
        let directory = tempfile::tempdir().expect("a directory");
        // A name that is a directory opens, and its data cannot be looked for below a file.
        let file = directory.path().join("not-a-directory");
        std::fs::write(&file, b"").expect("a file");
        let durable = Durable::new(&file.join("payments.sqlite"));
        let fault = durable.wait().await.expect_err("there is nothing to write to");
        std::fs::remove_file(&file).expect("the file goes");
        std::fs::create_dir(&file).expect("a directory instead");
        assert_eq!(
            durable.wait().await,
            Err(fault),
            "the disk is well again, the hole in the log is still there"
        );
    }
}
