//! Asterisk, by ARI and AMI.
//!
//! Three connections that live and die together. **Control** is AMI for what ARI may not do (channels outside of
//! Stasis) and ARI's REST for the rest. **Events** is ARI's websocket, with a filter so that no key ever comes
//! over it. The **keypad** is a second AMI connection that asks for keys and nothing else; what it receives lies
//! in wiped memory alone. If one of them is lost, all are made again; sealed calls stay sealed meanwhile.
//!
//! # Control: AMI
//! `Login` with `Events: user,call`. Read of every event: `Uniqueid`.
//!
//! | Event | Headers read |
//! |---|---|
//! | UserEvent `TonegateCode` | `Keyed` (the order reference) |
//! | Hangup, MixMonitorStart | |
//! | BridgeEnter, BridgeLeave | `BridgeUniqueid`, `Channel` |
//! | Newchannel | `Channel` (`Snoop/LEG-…`: somebody spies on the leg) |
//!
//! | For | Action |
//! |---|---|
//! | offers, `find`, orphans | `Status` with `Variables: TONEGATE_…` (`Channel`, `Uniqueid`, `Linkedid`, `BridgeID`, `CallerIDNum`, `DNID`, `Context`, `Variable`) |
//! | sealing | `Getvar PJSIP_DTMF_MODE()`, `Setvar TONEGATE_PAYMENT`, `Setvar TONEGATE_PEER`, one `Redirect` of both channels to `customer` and `agent` in the legs' context |
//! | shield | `MixMonitorMute` (customer `read`, agent `write`), `MuteAudio` (a leg that left us; a channel that spies) |
//! | release | `Setvar`, `Hangup` (a leg that left us) |
//! | liveness | `Ping` |
//! | self-test | `Command`: `manager show user`, `manager show connected`, `dialplan show`, `features show`, `core show settings`, `cel show status` |
//!
//! # Control: ARI
//!
//! | For | Request |
//! |---|---|
//! | sealing | `POST /bridges/ID?type=mixing,dtmf_events&name=tonegate-PAYMENT`, `POST /bridges/ID/addChannel?channel=B,A&absorbDTMF=true`, `GET /bridges/ID` (`technology`, `channels`) |
//! | shield | `POST` and `DELETE /channels/A/mute?direction=in`, `/channels/B/silence` |
//! | who else listens | `POST` and `DELETE /recordings/live/NAME/mute` |
//! | prompts | `POST /channels/LEG/snoop/ID?spy=none&whisper=out`, `POST /channels/ID/play/PLAYBACK?media=sound:…`, `DELETE /playbacks/PLAYBACK` |
//! | whether it can read them | `POST /bridges/ID?type=mixing`, `POST /bridges/ID/play/PLAYBACK?media=sound:…`, `GET /playbacks/PLAYBACK` (`state`), `DELETE` of both |
//! | release | `POST /bridges/ID/addChannel` without `absorbDTMF`, `POST /channels/B/continue` to `rejoin`, `DELETE /channels/LEG`, `DELETE /bridges/ID` |
//! | looking | `GET /channels/LEG`, `GET /bridges`, `GET /bridges/ID`, `GET /asterisk/info`, `/asterisk/ping`, `/asterisk/modules`, `/asterisk/logging`, `/applications` |
//! | the filter | `PUT /applications/APP/eventFilter` with `ChannelDtmfReceived` among `disallowed` |
//!
//! # Events: ARI
//! `GET /ari/events?app=APP` (or Asterisk calls us): StasisStart (`args`, `channel.id`), PlaybackFinished
//! (`playback`), RecordingStarted, RecordingFinished, RecordingFailed (`recording`), ApplicationReplaced. The filter is set before and after connecting, whichever end connects.
//!
//! # Keypad: AMI
//! `Login` with `Events: dtmf`, then `Ping` from time to time. DTMFBegin and DTMFEnd: `Direction`, `Uniqueid`, and
//! of sealed legs `Digit`.
//!
//! # Dialplan
//! See `dialplan/asterisk/`.

mod ami;
mod ari;
mod call;
mod event;
mod events;
mod files;
mod frames;
mod keeper;
mod keypad;
mod legs;
mod link;
mod mishaps;
mod offers;
mod play;
mod prompts;
mod recorders;
mod release;
mod sealing;
mod selftest;
mod settings;
mod shield;
mod speaking;
mod survey;
mod whisper;
mod words;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use self::call::{Call, Seal};
use self::keypad::Keypad;
use self::legs::Legs;
use self::link::{Link, LinkError};
pub use self::play::play;
pub use self::settings::AsteriskSettings;
pub use self::words::Unspeakable;
use super::{
    CallName, Finding, NEWS_QUEUE_LENGTH, News, Offer, Pbx, PbxError, SESSION_QUEUE_LENGTH, Session,
    SettingError,
};
use crate::call::Line;

/// What the unique id of a channel that whispers begins with.
const WHISPER: &str = "tonegate-whisper-";
/// How long a call that is over tries to end its seal while Asterisk does not answer.
const FINISH_PATIENCE_MS: u64 = 120_000;

/// One Asterisk.
pub struct Asterisk {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

/// What the tasks of one Asterisk share.
struct Shared {
    settings: Arc<AsteriskSettings>,
    link: Link,
    legs: Arc<Legs>,
    keypad: Arc<Keypad>,
    proven: AtomicBool,
    closing: watch::Sender<bool>,
}

impl Shared {
    /// Whether the self-test found nothing that makes a seal void.
    fn is_proven(&self) -> bool {
        self.proven.load(Ordering::Acquire)
    }

    fn prove(&self, proven: bool) {
        self.proven.store(proven, Ordering::Release);
    }
}

/// Why the adapter cannot start at all. An Asterisk that is merely away is told as [`News::Down`].
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting that cannot be.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The port Asterisk is to call is taken or not allowed.
    #[error(
        "cannot listen on pbx.asterisk.ari_listen = {0} ({1}): is another daemon running? choose a free port here and in websocket_client.conf"
    )]
    Listen(std::net::SocketAddr, std::io::Error),
}

impl Asterisk {
    /// Starts the connections to one Asterisk; what happens there comes out of the receiver.
    ///
    /// # Errors
    /// If a setting cannot be, or the port for Asterisk's events cannot be had.
    pub async fn start(settings: AsteriskSettings) -> Result<(Self, mpsc::Receiver<News>), StartError> {
        settings.check()?;
        let listener = match settings.ari_listen {
            Some(at) => Some(TcpListener::bind(at).await.map_err(|why| StartError::Listen(at, why))?),
            None => None,
        };
        let settings = Arc::new(settings);
        let (legs, arrivals) = Legs::new();
        let keypad = Arc::new(Keypad::default());
        let link = Link::new(Arc::clone(&settings), listener, Arc::clone(&legs), Arc::clone(&keypad));
        let (closing, _) = watch::channel(false);
        let shared = Shared { settings, link, legs, keypad, proven: AtomicBool::new(false), closing };
        let shared = Arc::new(shared);
        let (news, receiver) = mpsc::channel(NEWS_QUEUE_LENGTH);
        let tasks = vec![
            tokio::spawn(shared.link.clone().run()),
            tokio::spawn(offers::announce(Arc::clone(&shared), arrivals, news.clone())),
            tokio::spawn(keeper::keep(Arc::clone(&shared), news)),
        ];
        Ok((Self { shared, tasks }, receiver))
    }
}

/// Looks at an Asterisk, and whether it can read these prompts, without taking anything from a daemon that may be running.
///
/// # Errors
/// With a sentence for the admin if it cannot be reached or does not let us in.
pub async fn check(settings: AsteriskSettings, prompts: &[PathBuf]) -> Result<Vec<Finding>, String> {
    settings.check().map_err(|why| why.to_string())?;
    let settings = Arc::new(settings);
    let (legs, _) = Legs::new();
    let link = Link::new(Arc::clone(&settings), None, legs, Arc::default());
    let looked = async {
        let mut findings = selftest::run(&link, &settings).await;
        findings.extend(survey::direct_media(&link).await.unwrap_or_default());
        findings.extend(survey::spies(&link).await.unwrap_or_default());
        findings.extend(Finding::prompts(&files::lacking(&link, prompts).await.unwrap_or_default()));
        findings
    };
    link.probe(looked).await
}

impl Drop for Asterisk {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// A word nobody else can know.
fn nonce() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

impl From<LinkError> for PbxError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::NotConnected | LinkError::Timeout => Self::NotConnected(error.to_string()),
            LinkError::Refused(_) | LinkError::Gone | LinkError::Forbidden => {
                Self::Refused(error.to_string())
            }
        }
    }
}

#[async_trait::async_trait]
impl Pbx for Asterisk {
    async fn open(&self, offer: &Offer, payment: &str) -> Result<Session, PbxError> {
        let shared = &self.shared;
        let customer = offer.customer.0.clone();
        let agent = offer.agent.as_ref().map(|leg| leg.0.clone());
        let names: Vec<String> = std::iter::once(customer.clone()).chain(agent.clone()).collect();
        // A caller who is turned away has no payment.
        let named = payment.is_empty() || words::is_name(payment);
        if !named || !names.iter().all(|leg| words::is_leg(leg)) {
            return Err(PbxError::Refused(
                "a leg or payment whose name cannot be written into an order".into(),
            ));
        }
        let following = shared.legs.follow(names).ok_or(PbxError::Busy)?;
        let rows = shared.link.channels(Some(&customer), offers::VARIABLES).await?;
        let Some(row) = offers::row(&rows, &customer) else { return Err(PbxError::NoSuchCall(customer)) };
        let marked = row.variable("TONEGATE_PAYMENT");
        let seal = if marked.is_some_and(|mark| mark == payment) {
            // Sealed for this very payment by an earlier life: it has to be ended, not shut.
            let bridge = row.get("BridgeID");
            let bridge = bridge.starts_with(sealing::BRIDGE).then(|| bridge.to_owned());
            Seal::Shut { bridge, ears: Vec::new() }
        } else {
            Seal::Open
        };
        let (orders, order_queue) = mpsc::channel(SESSION_QUEUE_LENGTH);
        let (report_sender, reports) = mpsc::channel(SESSION_QUEUE_LENGTH);
        let call = Call {
            shared: Arc::clone(shared),
            link: shared.link.clone(),
            customer,
            agent,
            payment: payment.to_owned(),
            orders: order_queue,
            reports: report_sender,
            legs: following,
            seal,
            shield: shield::Shield::default(),
            to_customer: prompts::Prompts::default(),
            to_agent: prompts::Prompts::default(),
            line: Line::Unknown,
            customer_left: false,
            agent_left: false,
            let_go: false,
            parted: None,
            moved: false,
        };
        tokio::spawn(call.run());
        Ok(Session { orders, reports })
    }

    async fn find(&self, name: &CallName) -> Result<Offer, PbxError> {
        offers::find(&self.shared.link, name).await
    }

    async fn whisper(&self, offer: &Offer, clips: Vec<PathBuf>) -> Result<(), PbxError> {
        let Some(agent) = offer.agent.as_ref().map(|leg| leg.0.as_str()).filter(|leg| words::is_leg(leg))
        else {
            return Err(PbxError::Refused("there is no agent on this call to whisper to".into()));
        };
        whisper::once(&self.shared, agent, clips).await
    }

    async fn lacking(&self, files: &[PathBuf]) -> Result<Vec<PathBuf>, PbxError> {
        Ok(files::lacking(&self.shared.link, files).await?)
    }

    async fn close(&self) {
        self.shared.closing.send_replace(true);
    }
}
