//! Whether Asterisk can read the files it will be told to play. It answers the order to play with success either way,
//! so it is told to play one of each directory on a bridge that nobody is in, and asked whether it does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::link::{Link, LinkError};
use super::{nonce, words};

/// What the id of the bridge begins with; not as those of payments do, which are cleared away.
const BRIDGE: &str = "tg-prompts-";
/// How long a file may take to begin or to fail.
const BEGIN_MS: u64 = 150;
/// Between two looks whether it has begun.
const LOOK_EACH_MS: u64 = 25;
/// More directories than there are languages are not looked into.
const DIRECTORIES_MAX: usize = 32;

/// Those of the files that it cannot read; one for each directory is tried.
pub(super) async fn lacking(link: &Link, files: &[PathBuf]) -> Result<Vec<PathBuf>, LinkError> {
    let of_directory = longest_of_each_directory(files);
    if of_directory.is_empty() {
        return Ok(Vec::new());
    }
    let bridge = format!("{BRIDGE}{}", nonce());
    link.post(&format!("/bridges/{bridge}?type=mixing&name={bridge}")).await?;
    let mut lacking = Vec::new();
    let tried = async {
        for file in of_directory.into_iter().take(DIRECTORIES_MAX) {
            if !plays(link, &bridge, &file).await? {
                lacking.push(file);
            }
        }
        Ok(())
    };
    let tried = tried.await;
    // It goes with the connection's end if it cannot be taken away now.
    let _ = link.delete(&format!("/bridges/{bridge}")).await;
    tried.map(|()| lacking)
}

/// The longest, so that it cannot have ended when it is looked at.
fn longest_of_each_directory(files: &[PathBuf]) -> Vec<PathBuf> {
    let mut longest: BTreeMap<Option<&Path>, (u64, &PathBuf)> = BTreeMap::new();
    for file in files {
        let bytes = std::fs::metadata(file).map_or(0, |about| about.len());
        let kept = longest.entry(file.parent()).or_insert((bytes, file));
        if bytes > kept.0 {
            *kept = (bytes, file);
        }
    }
    longest.into_values().map(|(_, file)| file.clone()).collect()
}

async fn plays(link: &Link, bridge: &str, file: &Path) -> Result<bool, LinkError> {
    let Ok(sound) = words::sound(file) else { return Ok(false) };
    let playback = format!("{BRIDGE}{}", nonce());
    link.post(&format!("/bridges/{bridge}/play/{playback}?media=sound:{sound}")).await?;
    let until = Instant::now() + Duration::from_millis(BEGIN_MS);
    let mut plays = false;
    while Instant::now() < until {
        sleep(Duration::from_millis(LOOK_EACH_MS)).await;
        // One that failed is forgotten at once; one that waits for its turn does not play yet.
        plays = match link.get(&format!("/playbacks/{playback}")).await {
            Ok(known) => known["state"] == "playing",
            Err(LinkError::Gone) => return Ok(false),
            Err(why) => return Err(why),
        };
    }
    let _ = link.delete(&format!("/playbacks/{playback}")).await;
    Ok(plays)
}
