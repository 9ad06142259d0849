//! What is searched for digits when a scenario is over.

use super::super::{Scene, StageError};
use super::{Review, Scenario};

/// What [`Scene::nobody_got_a_digit`] looks at.
pub(super) const SEARCHED: [&str; 4] = [
    "the agent's telephone: no telephone event",
    "the agent's ear: no tone",
    "the PBX's log, CDRs and recordings",
    "every event a second client of the PBX was sent",
];

impl Scenario {
    /// Daemon, from outside.
    pub(super) fn search(&self, scene: &Scene, review: &mut Review) -> Result<(), StageError> {
        let files = scene.files_are_clean(self.card)?;
        review
            .clean
            .push(format!("database, log and configuration of tonegate ({} kB)", files.bytes_read / 1024));
        match scene.memory_is_clean(self.card) {
            Ok(memory) => {
                review
                    .clean
                    .push(format!("all memory of the tonegate process ({} MB)", memory.bytes_read >> 20));
            }
            Err(StageError(why)) if why.contains("CAP_SYS_PTRACE") => review.unsearched.push(
                "memory of the tonegate process: it lets nobody look; run the demo as root to search it"
                    .into(),
            ),
            Err(fault) => return Err(fault),
        }
        Ok(())
    }
}
