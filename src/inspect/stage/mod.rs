//! A stage: a PBX with two telephones, the test bank, and a real daemon between them.
//!
//! `tonegate demo` plays on it and the stories are told on it. The daemon is a process of its own, the
//! very program an admin installs; PBX, bank and telephones are ours. A [`Theatre`] is one kind of PBX:
//! the rehearsal PBX in this process, or a real one started for the purpose.

mod asterisk;
mod daemon;
mod events;
mod far_end;
mod freeswitch;
mod leaks;
mod person;
mod play;
mod ports;
mod process;
mod rehearsal;
mod relay;
mod scene;
mod second_opinion;
mod set;
mod setting;
mod spy;
mod telephone;

pub use asterisk::{AsteriskTheatre, Otherwise};
pub use daemon::{Daemon, DaemonSettings};
pub use events::{EventLog, Seen};
pub use far_end::FarEnd;
pub use freeswitch::FreeSwitchTheatre;
pub use leaks::leaked_keys;
pub use person::Credentials;
pub use play::{Audience, Review, SCENARIOS, Scenario};
pub use rehearsal::{RehearsalHandset, RehearsalTheatre};
pub use scene::{Scene, TestCard};
pub use second_opinion::{keys_by_multimon, multimon_is_here};
pub use set::{Pace, Set, SetOptions};

use std::path::{Path, PathBuf};
use std::time::Instant;

use tokio::sync::broadcast;

use crate::call::Party;

/// How a telephone sends its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Keys {
    /// Telephone events (RFC 4733).
    Rfc4733,
    /// Tones in the audio; no telephone events are negotiated.
    InBand,
    /// Telephone events, and the tones in the audio as well.
    Both,
    /// SIP INFO.
    Info,
}

/// Who calls whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// The customer calls, the agent's telephone rings.
    Inbound,
    /// The agent calls the customer.
    Outbound,
    /// The customer calls a queue in which the agent works (FreeSWITCH: mod_callcenter; Asterisk: app_queue
    /// with the agent's telephone as member).
    CallCenter,
    /// The customer calls a queue of the other kind (FreeSWITCH: mod_fifo; Asterisk: app_queue whose member is
    /// a Local channel, as FreePBX has it).
    Fifo,
}

/// How the PBX carries the media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Media {
    /// Through the PBX.
    Through,
    /// Past it (FreeSWITCH: `bypass_media`; Asterisk: `direct_media=yes`).
    Bypass,
    /// Through it unlooked at (`proxy_media`; on FreeSWITCH alone).
    Proxy,
    /// Through it, key packets handed on untouched (`pass_rfc2833`; on FreeSWITCH alone).
    PassKeys,
}

/// One conversation to set up.
#[derive(Clone, Debug)]
pub struct CallPlan {
    /// How the customer's telephone sends keys.
    pub keys: Keys,
    /// Who calls whom.
    pub route: Route,
    /// How the media goes.
    pub media: Media,
    /// Whether the PBX records both legs from the start.
    pub record: bool,
    /// What the dialplan says is owed.
    pub amount: Option<&'static str>,
    /// Language tag the dialplan gives.
    pub language: Option<&'static str>,
    /// Whether the agent keys digits between feature code and `#`.
    pub code_digits: bool,
    /// Whether the dialplan declares the customer's line clean.
    pub clean: bool,
    /// Further variables on the customer's leg, as FreeSWITCH writes them: lower case. On a real PBX they are set as
    /// soon as the two talk.
    pub variables: &'static [(&'static str, &'static str)],
}

impl Default for CallPlan {
    fn default() -> Self {
        Self {
            keys: Keys::Rfc4733,
            route: Route::Inbound,
            media: Media::Through,
            record: false,
            amount: Some("42.50"),
            language: None,
            code_digits: false,
            clean: false,
            variables: &[],
        }
    }
}

/// Why something on the stage does not work.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StageError(pub String);

impl From<std::io::Error> for StageError {
    fn from(fault: std::io::Error) -> Self {
        Self(fault.to_string())
    }
}

/// When a key was sent.
#[derive(Clone, Copy, Debug)]
pub struct KeySent {
    /// Its first packet (or the start of its tone).
    pub began: Instant,
    /// Its first END packet (or the end of its tone).
    pub ended: Instant,
}

/// A telephone in a call.
#[async_trait::async_trait]
pub trait Handset: Send + Sync {
    /// Presses keys (published test cards, feature codes), one after another.
    async fn key(&self, keys: &str, tone_ms: u32, gap_ms: u32) -> Result<Vec<KeySent>, StageError>;
    /// Hangs up.
    async fn hang_up(&self) -> Result<(), StageError>;
    /// Puts the other side on hold (re-INVITE).
    async fn hold(&self) -> Result<(), StageError>;
    /// Takes the other side back from hold.
    async fn resume(&self) -> Result<(), StageError>;
    /// Sends the other side to an extension (blind transfer).
    async fn transfer(&self, to: &str) -> Result<(), StageError>;
    /// Whether the call is up.
    fn is_up(&self) -> bool;
    /// Every key that reached this telephone as telephone event or INFO.
    fn keys_received(&self) -> String;
    /// Every key that a detector finds in the audio this telephone received.
    fn tones_heard(&self) -> String;
    /// Whether the other party's voice was heard for at least half of the time between two instants.
    fn hears_voice(&self, of: Party, from: Instant, to: Instant) -> bool;
    /// Whether something else than the other party's voice (a prompt, a whisper) was heard.
    fn hears_prompt(&self, from: Instant, to: Instant) -> bool;
    /// The longest time without the other party's voice.
    fn longest_gap_ms(&self, of: Party, from: Instant, to: Instant) -> u32;
    /// What is heard, live, where the theatre knows it without listening.
    fn listen(&self) -> Option<broadcast::Receiver<crate::pbx::rehearsal::Heard>>;
    /// Everything heard, as WAV, for independent ears; false if this telephone has no audio.
    fn save(&self, path: &Path) -> Result<bool, StageError>;
}

/// A conversation that is up.
pub struct Conversation {
    /// The customer's telephone.
    pub customer: Box<dyn Handset>,
    /// The agent's.
    pub agent: Box<dyn Handset>,
    /// The customer's leg, by the PBX's own name.
    pub customer_leg: String,
    /// The agent's.
    pub agent_leg: String,
}

/// What a PBX has kept, to be searched.
#[derive(Debug, Default)]
pub struct Records {
    /// Its log as an admin keeps it, CDRs, and everything that other programs beside the daemon were told.
    pub texts: Vec<(String, Vec<u8>)>,
    /// Recordings of calls, WAV; the name of each is the leg it was made on.
    pub recordings: Vec<PathBuf>,
    /// Legs, and keys that are audible in their recordings, where the PBX has no audio to listen to.
    pub recorded_keys: Vec<(String, String)>,
}

impl Records {
    /// Keys that are audible in the recordings of a leg.
    ///
    /// # Errors
    /// If a recording cannot be read.
    pub fn keys_recorded_of(&self, leg: &str) -> Result<String, StageError> {
        let mut keys: String =
            self.recorded_keys.iter().filter(|(of, _)| of == leg).map(|(_, keys)| keys.as_str()).collect();
        for path in self.recordings.iter().filter(|path| is_of(path, leg)) {
            let failed = |fault| StageError(format!("{}: {fault}", path.display()));
            let mut wav = hound::WavReader::open(path).map_err(failed)?;
            let channels = usize::from(wav.spec().channels.max(1));
            let samples = wav.samples::<i16>().collect::<Result<Vec<_>, _>>().map_err(failed)?;
            for channel in 0..channels {
                let one: Vec<i16> = samples.iter().skip(channel).step_by(channels).copied().collect();
                keys.extend(crate::inspect::tones::detect(&one).into_iter().map(|tone| tone.key));
            }
        }
        Ok(keys)
    }
}

/// Whether a recording is one of this leg. A leg's name may begin like another's.
fn is_of(recording: &Path, leg: &str) -> bool {
    recording.file_stem().is_some_and(|stem| stem == leg)
}

/// One kind of PBX, running.
#[async_trait::async_trait]
pub trait Theatre: Send + Sync {
    /// `rehearsal`, `freeswitch`, `asterisk`.
    fn name(&self) -> &'static str;
    /// The `[pbx]` part of the daemon's configuration; secrets are written as files into `dir`.
    fn daemon_config(&self, dir: &Path) -> Result<String, StageError>;
    /// Sets a conversation up: both telephones answered, voice both ways.
    async fn call(&self, plan: &CallPlan) -> Result<Conversation, StageError>;
    /// Dials the payment number; answers with the customer's telephone.
    async fn dial_direct(&self, keys: Keys) -> Result<Box<dyn Handset>, StageError>;
    /// Dials the payment number of which the dialplan says neither amount nor reference.
    async fn dial_unsaid(&self, keys: Keys) -> Result<Box<dyn Handset>, StageError>;
    /// Cuts the daemon's control connection, once.
    async fn cut_control_link(&self) -> Result<(), StageError>;
    /// Ends the PBX as a crash would (SIGKILL) and starts it again; returns when it takes calls. All calls are
    /// lost.
    async fn restart(&self) -> Result<(), StageError>;
    /// Whether the PBX keeps the keys of a leg from everybody but the daemon.
    async fn is_sealed(&self, leg: &str) -> Result<bool, StageError>;
    /// Opens, or shuts again, all that an admin must not open: keys of an ordinary conversation are then in
    /// places that begin with these names. FreeSWITCH is open from the beginning: its seal shuts them.
    async fn let_leak(&self, open: bool) -> Result<&'static [&'static str], StageError>;
    /// Value of a channel variable of a leg, if the leg is up and has it.
    async fn variable(&self, leg: &str, name: &str) -> Option<String>;
    /// What the PBX has kept so far. Recordings are complete once their call is over.
    async fn records(&self) -> Result<Records, StageError>;
    /// Ends everything.
    async fn close(&self);
}
