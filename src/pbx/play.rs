//! A call that the PBX makes to somebody's telephone, so that they hear recordings as its callers do.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use super::clips;

/// How long a telephone may ring.
pub(super) const RING_MAX_S: u64 = 30;
/// How long the PBX may take to begin the call.
const BEGIN_MAX_MS: u64 = 3_000;
/// How often it is looked at.
const LOOK_EACH_MS: u64 = 100;
/// The longest name of an extension or a context.
const NAME_MAX_LETTERS: usize = 80;

/// What is played, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCall {
    /// An extension of the dialplan, or the PBX's own name of a telephone, which has a `/` in it (`user/1001`,
    /// `PJSIP/1001`).
    pub to: String,
    /// The context of the dialplan in which the extension is.
    pub context: String,
    /// The recording.
    pub clip: PathBuf,
}

/// How the call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The PBX could not be asked just now.
    Unseen,
    /// The PBX does not know it.
    Absent,
    /// It is being set up.
    Ringing,
    /// The recordings are being played.
    Playing,
}

impl TestCall {
    /// Whether nothing in it would be read as more than a name.
    pub(super) fn check(&self) -> Result<(), String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "+*#-_.@/".contains(c);
        let fits = |name: &str| !name.is_empty() && name.len() <= NAME_MAX_LETTERS && name.chars().all(plain);
        match [&self.to, &self.context].into_iter().find(|name| !fits(name)) {
            Some(name) => Err(format!("`{}` is no extension, telephone or context", name.escape_default())),
            None => Ok(()),
        }
    }

    /// Whether `to` names a telephone rather than an extension.
    pub(super) fn is_telephone(&self) -> bool {
        self.to.contains('/')
    }

    /// Follows the call to its end; `look` says how it stands.
    pub(super) async fn follow(
        &self,
        mut look: impl AsyncFnMut() -> Result<Standing, String>,
    ) -> Result<(), String> {
        let begun = Instant::now();
        let until = clips::deadline(vec![self.clip.clone()]).await + Duration::from_secs(RING_MAX_S);
        let (mut seen, mut played) = (false, false);
        while Instant::now() < until {
            match look().await? {
                Standing::Playing => (seen, played) = (true, true),
                Standing::Ringing => seen = true,
                Standing::Absent if played => return Ok(()),
                Standing::Absent if seen || begun.elapsed() > Duration::from_millis(BEGIN_MAX_MS) => {
                    return Err(format!(
                        "`{}` did not answer: is it an extension of the context `{}`, and a telephone behind it?",
                        self.to, self.context
                    ));
                }
                Standing::Unseen | Standing::Absent => {}
            }
            tokio::time::sleep(Duration::from_millis(LOOK_EACH_MS)).await;
        }
        Err(format!("the call to `{}` did not end in time; hang it up", self.to))
    }
}
