//! A sentence to an agent on whose call no payment is running.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::event::Happening;
use super::legs::Following;
use super::{Shared, WHISPER, nonce, prompts};
use crate::pbx::{PbxError, clips};

/// How long the channel that whispers may take to come to us.
const COMING_TIMEOUT_MS: u64 = 1_000;

/// Whispers these files to a leg; the rest goes on behind the caller's back.
///
/// # Errors
/// If it could not be begun.
pub(super) async fn once(shared: &Arc<Shared>, leg: &str, files: Vec<PathBuf>) -> Result<(), PbxError> {
    let media = prompts::media(&files).map_err(|why| PbxError::Refused(why.to_string()))?;
    let id = format!("{WHISPER}{}", nonce());
    let mut following = shared.legs.follow(vec![id.clone()]).ok_or(PbxError::Busy)?;
    let application = &shared.settings.application;
    let path = format!("/channels/{leg}/snoop/{id}?spy=none&whisper=out&app={application}&appArgs=whisper");
    shared.link.post(&path).await?;
    let until = Instant::now() + Duration::from_millis(COMING_TIMEOUT_MS);
    let begun = if heard(&mut following, until, |kind| matches!(kind, Happening::Came(_))).await {
        shared.link.post(&format!("/channels/{id}/play?media={media}")).await.map_err(PbxError::from)
    } else {
        Err(PbxError::Refused("the channel that whispers did not come to us".into()))
    };
    let over = clips::deadline(files).await;
    let link = shared.link.clone();
    let is_playing = begun.is_ok();
    tokio::spawn(async move {
        if is_playing {
            let ended = |kind: &Happening| matches!(kind, Happening::Played { .. } | Happening::Hangup);
            heard(&mut following, over, ended).await;
        }
        let _ = link.delete(&format!("/channels/{id}")).await;
    });
    begun.map(drop)
}

/// Waits for one event of the leg; false if it did not come.
async fn heard(legs: &mut Following, until: Instant, which: impl Fn(&Happening) -> bool) -> bool {
    while let Ok(Some(event)) = timeout_at(until, legs.next()).await {
        if which(&event.kind) {
            return true;
        }
    }
    false
}
