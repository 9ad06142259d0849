//! The shield: recordings masked on both legs, and the customer's audio closed where it may carry tones.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::warn;

use super::call::{Call, Seal};
use super::link::LinkError;
use super::words;
use crate::call::{FromPbx, Line};

/// How long the in-band detector may take to stand in the leg's audio.
const DETECTOR_TIMEOUT_MS: u64 = 500;
/// Pause between two looks whether it does.
const DETECTOR_LOOK_PAUSE_MS: u64 = 10;
/// The in-band detector's name among a leg's taps.
const DETECTOR: &str = "spandsp_dtmf_detect";

/// The mute's name among a leg's taps.
const MUTE: &str = "audio";

/// What is masked and closed.
#[derive(Debug, Default)]
pub(super) struct Shield {
    up: bool,
    muted: bool,
    detecting: bool,
    masked: BTreeSet<(String, String)>,
}

/// What kept the shield from being moved.
#[derive(Debug, thiserror::Error)]
pub(super) enum ShieldError {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(
        "a recording's path cannot be written into a command: use recording paths without blanks and quotes"
    )]
    Path,
    #[error("the detector of keys in the audio did not start: is mod_spandsp loaded?")]
    NoDetector,
    #[error("the leg is not sealed")]
    NotSealed,
}

impl Shield {
    /// Whether it is up.
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// A recording ended: it need not be unmasked.
    pub fn forget(&mut self, leg: &str, file: &str) {
        self.masked.remove(&(leg.to_owned(), file.to_owned()));
    }

    /// The legs are gone, and all this with them.
    pub fn forget_all(&mut self) {
        *self = Self::default();
    }
}

impl Call {
    /// Moves the shield; done only when FreeSWITCH has confirmed each part.
    pub async fn move_shield(&mut self, up: bool) -> Result<(), ShieldError> {
        if up { self.raise().await } else { self.lower().await }
    }

    async fn raise(&mut self) -> Result<(), ShieldError> {
        if !matches!(self.seal, Seal::Shut { .. }) {
            return Err(ShieldError::NotSealed);
        }
        // From here on a recording that begins is masked by its event.
        self.shield.up = true;
        let raised = self.raise_parts().await;
        if raised.is_err() {
            self.shield.up = false;
        }
        raised
    }

    async fn raise_parts(&mut self) -> Result<(), ShieldError> {
        let legs = self.legs_here();
        // Of both legs at once: the customer waits for the question meanwhile.
        let taps = futures_util::future::try_join_all(legs.iter().map(|leg| self.link.taps(leg))).await?;
        for (leg, taps) in legs.iter().zip(taps) {
            for file in taps.recordings {
                self.mask(leg, &file).await?;
            }
        }
        if self.in_band && !self.shield.detecting {
            self.start_detector().await?;
        }
        // With nobody at the other end there is nobody to close the audio to.
        if self.line != Line::Clean && self.agent.is_some() && !self.agent_left && !self.shield.muted {
            // After the detector: what is muted first is never heard by it.
            self.link.api(format!("uuid_audio {} start read mute 1", self.customer)).await?;
            self.shield.muted = true;
        }
        Ok(())
    }

    async fn lower(&mut self) -> Result<(), ShieldError> {
        if self.customer_left {
            self.shield.forget_all();
            return Ok(());
        }
        self.shield.up = false;
        if self.shield.muted {
            self.link.api(format!("uuid_audio {} stop", self.customer)).await?;
            self.shield.muted = false;
        }
        let here = self.legs_here();
        for (leg, file) in std::mem::take(&mut self.shield.masked) {
            if !here.contains(&leg) {
                continue;
            }
            if let Err(why) = self.link.api(format!("uuid_record {leg} unmask {file}")).await {
                // A recording that ended in the meantime is no fault.
                if self.link.taps(&leg).await?.recordings.contains(&file) {
                    self.shield.masked.insert((leg, file));
                    return Err(why.into());
                }
            }
        }
        Ok(())
    }

    async fn mask(&mut self, leg: &str, file: &str) -> Result<(), ShieldError> {
        let speakable = words::recording(file).ok_or(ShieldError::Path)?;
        self.link.api(format!("uuid_record {leg} mask {speakable}")).await?;
        self.shield.masked.insert((leg.to_owned(), file.to_owned()));
        Ok(())
    }

    /// A recording began: masked at once if the shield is up.
    pub async fn recording_began(&mut self, leg: &str, file: &str) {
        if !self.shield.up {
            return;
        }
        let leg = leg.to_owned();
        if let Err(why) = self.mask(&leg, file).await {
            // It may have ended again already.
            let still =
                self.link.taps(&leg).await.map_or(true, |taps| taps.recordings.iter().any(|f| f == file));
            if still {
                warn!(%leg, %why, "a recording began during a payment and could not be masked");
                self.tell(FromPbx::ShieldFailed).await;
            }
        }
    }

    async fn start_detector(&mut self) -> Result<(), ShieldError> {
        self.link.execute(&self.customer, "spandsp_start_dtmf", "").await?;
        let until = Instant::now() + Duration::from_millis(DETECTOR_TIMEOUT_MS);
        while !self.link.taps(&self.customer).await?.functions.iter().any(|f| f == DETECTOR) {
            if Instant::now() >= until {
                return Err(ShieldError::NoDetector);
            }
            sleep(Duration::from_millis(DETECTOR_LOOK_PAUSE_MS)).await;
        }
        self.shield.detecting = true;
        Ok(())
    }

    /// Stops the in-band detector, if it runs.
    pub async fn stop_detector(&mut self) -> Result<(), LinkError> {
        if std::mem::take(&mut self.shield.detecting) && !self.customer_left {
            self.link.execute(&self.customer, "spandsp_stop_dtmf", "").await?;
        }
        Ok(())
    }

    /// A former life of the daemon may have left its shield up: finds out what of it stands.
    pub async fn inherit_shield(&mut self) -> Result<(), LinkError> {
        for leg in self.legs_here() {
            let taps = self.link.taps(&leg).await?;
            if leg == self.customer {
                self.shield.muted |= taps.functions.iter().any(|function| function == MUTE);
                self.shield.detecting |= taps.functions.iter().any(|function| function == DETECTOR);
            }
            self.shield.masked.extend(taps.recordings.into_iter().map(|file| (leg.clone(), file)));
        }
        Ok(())
    }

    fn legs_here(&self) -> Vec<String> {
        let agent = self.agent.clone().filter(|_| !self.agent_left);
        std::iter::once(self.customer.clone()).chain(agent).collect()
    }
}
