//! Where a command sits: at the door of the daemon that runs, or in its place.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Fault;
use super::people::daemon;
use crate::config::Config;
use crate::people::{Act, Done, People, PeopleFault, door};
use crate::store::{Store, StoreSettings};

/// Where acts are done. Found out with the first one: while the daemon runs, the store is its own.
pub(super) struct Seat<'a> {
    config: &'a Config,
    file: PathBuf,
    own: Option<(Store, People)>,
}

impl<'a> Seat<'a> {
    pub(super) fn of(config: &'a Config) -> Self {
        Self { config, file: config.store_path(), own: None }
    }

    /// Does it, in the name of whoever types.
    pub(super) async fn perform(&mut self, act: &Act) -> Result<Done, Fault> {
        if self.own.is_none() {
            if let Some(done) = door::ask(&self.file, act).await.map_err(unfit)? {
                return Ok(done);
            }
            own_file(&self.file)?;
            let store = Store::open(&StoreSettings { path: self.file.clone() })
                .await
                .map_err(|fault| Fault::Unavailable(fault.to_string()))?;
            let people = daemon::people(self.config, store.clone())?;
            self.own = Some((store, people));
        }
        let Some((_, people)) = &self.own else { return Err(Fault::Internal("nobody sits here".into())) };
        people.perform(&door::shell(own_uid()?), act).await.map_err(unfit)
    }

    /// Lets the store go, if it was opened here.
    pub(super) async fn close(self) {
        if let Some((store, _)) = self.own {
            store.close().await;
        }
    }
}

/// What is written by another user, the daemon could not read afterwards.
fn own_file(file: &Path) -> Result<(), Fault> {
    let there =
        [file, file.parent().unwrap_or(file)].into_iter().find_map(|path| std::fs::metadata(path).ok());
    let Some(about) = there else { return Ok(()) };
    if about.uid() == own_uid()? {
        return Ok(());
    }
    Err(Fault::Unavailable(format!(
        "{}: it belongs to user {}, and the daemon does not run; start it, or run this as that user: \
         sudo -u '#{}' tonegate …",
        file.display(),
        about.uid(),
        about.uid()
    )))
}

pub(super) fn own_uid() -> Result<u32, Fault> {
    let own =
        std::fs::metadata("/proc/self").map_err(|fault| Fault::Internal(format!("/proc/self: {fault}")))?;
    Ok(own.uid())
}

fn unfit(fault: PeopleFault) -> Fault {
    match fault {
        PeopleFault::Store(_) => Fault::Unavailable(fault.to_string()),
        PeopleFault::Hash(_) => Fault::Internal(fault.to_string()),
        _ => Fault::Usage(fault.to_string()),
    }
}
