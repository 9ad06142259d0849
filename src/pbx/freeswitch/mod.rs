//! FreeSWITCH: the private keypad, by Event Socket.
//!
//! Two kinds of connection. The **control** connection (ours to FreeSWITCH) gives every order and hears
//! every ordinary event; no digit ever reaches it. For each payment FreeSWITCH opens one **private**
//! connection to us, to which the sealed leg's keys are diverted from everybody else.
//!
//! # Control connection
//! `auth PASSWORD`, then one subscription, never DTMF, RECV_INFO or ALL:
//!
//! ```text
//! event plain CHANNEL_APPLICATION CHANNEL_PARK CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HANGUP RECORD_START
//!             RECORD_STOP MEDIA_BUG_STOP PLAYBACK_STOP HEARTBEAT
//! ```
//!
//! | Event | Headers read |
//! |---|---|
//! | CHANNEL_APPLICATION | `Unique-ID`, `Other-Leg-Unique-ID`, `tg_code` (`pay`; the keys with an order reference are then read from the leg's `last_matching_digits`), `tg_key` (`*1`…) |
//! | CHANNEL_PARK, CHANNEL_HANGUP | `Unique-ID` |
//! | CHANNEL_BRIDGE, CHANNEL_UNBRIDGE | `Unique-ID`, `Other-Leg-Unique-ID` |
//! | RECORD_START, RECORD_STOP | `Unique-ID`, `Record-File-Path` |
//! | MEDIA_BUG_STOP | `Unique-ID`, `Media-Bug-Function`, `Media-Bug-Target` |
//! | PLAYBACK_STOP | `Unique-ID` |
//!
//! Commands, all `api` unless said otherwise (A: the customer's leg, B: the agent's):
//!
//! | For | Command |
//! |---|---|
//! | greeting, liveness | `version`, then `status` every few seconds without traffic |
//! | the dialplan's lease | `global_setvar tonegate_up=1`, `sched_del tonegate_dead`, `sched_api +10 tonegate_dead global_setvar tonegate_up=0` |
//! | orphans, `find` | `show channels as json` (`uuid`, `direction`, `cid_num`, `dest`, `callee_num`, `presence_data`, `presence_id`) |
//! | what is known of a leg | `uuid_exists A`, `uuid_getvar A NAME` (`_undef_` if it is not set) |
//! | sealing | `uuid_setvar A sensitive_dtmf true`, `uuid_setvar A presence_data tg:PAYMENT`, `uuid_setvar A tonegate_nonce NONCE`, `uuid_setvar A tonegate_peer B`, notes of the numbers (`tonegate_caller`, `tonegate_dialled`, `tonegate_agent`, `tonegate_context`), `uuid_setvar A\|B hangup_after_bridge true`, `uuid_setvar A\|B park_after_bridge [true]`, `uuid_dual_transfer A tonegate_customer/XML/tonegate tonegate_agent/XML/tonegate`, `uuid_bridge A B`, `uuid_media [off ]A` |
//! | agent's keys | `sendmsg B` execute `bind_digit_action` `tgctl,=~^[*][12345679],exec[i]:event,tg_key=\${last_matching_digits}`; afterwards `digit_action_set_realm` and `clear_digit_action` |
//! | shield | `uuid_buglist LEG`, `uuid_record LEG mask\|unmask PATH`, `uuid_audio A start read mute 1`, `uuid_audio A stop`, `sendmsg A` execute `spandsp_start_dtmf`, `spandsp_stop_dtmf` |
//! | prompts in a bridge | `uuid_displace LEG start FILE 0 mux`, `uuid_displace LEG stop FILE` |
//! | prompts in self-service | `sendmsg A` execute `playback` FILE, `uuid_break A all` |
//! | whether it finds the prompts | `file_exists FILE` |
//! | release | `uuid_setvar A NAME` without a value, `uuid_flush_dtmf A`, `uuid_kill A` |
//! | `tonegate sounds play` | `bgapi originate {origination_uuid=A,ignore_early_media=true,…}loopback/EXTENSION/CONTEXT &playback(FILE)`, `uuid_exists A`, `uuid_getvar A current_application` |
//! | `tonegate check` | `module_exists`, `xml_locate dialplan context name CONTEXT`, `global_getvar tonegate_up` |
//! | self-test | `bgapi originate {origination_uuid=…,sensitive_dtmf=true,tonegate_nonce=…,…}null/tonegate tonegate_customer XML tonegate`, `uuid_recv_dtmf A ~N`, `uuid_kill A` |
//!
//! Variables read before a seal: `proxy_media`, `pass_rfc2833`, `signal_bond` (else `bridge_uuid`),
//! `bypass_media`, `local_media_port`, `rtp_2833_recv_payload`, `tonegate_inband`, `tonegate_clean`, `dtmf_type`, `presence_data`;
//! for an offer: `direction`, `caller_id_number`, `destination_number`, `tonegate_caller`, `tonegate_dialled`,
//! `tonegate_agent`, `cc_agent`, `user_name`, `dialed_user`, `tonegate_reference`, `tonegate_amount`,
//! `tonegate_currency`, `tonegate_language`, `last_matching_digits` (of the agent's leg).
//!
//! The self-test's witness is one more connection of the ordinary kind: `auth`, `filter Unique-ID A`,
//! `event plain DTMF CHANNEL_DATA`. While the leg is sealed it must hear nothing; after the release it must
//! hear a DTMF event with `DTMF-Digit`.
//!
//! # Private connection
//! FreeSWITCH dials us from the dialplan (`socket 127.0.0.1:8085 async full`). We send, in this order:
//! `connect` (answered by a `command/reply` that holds the channel: `Unique-ID`,
//! `variable_tonegate_nonce`), `myevents`, `divert_events on`, and `sendmsg` execute `bind_digit_action`
//! `tgkeys,~^[0-9*#],api:uuid_setvar,A last_matching_digits`. A key is a `text/event-plain` frame without
//! `Event-Name` that holds `digits: 4` (percent-encoded: `#` comes as `%23`). A binding counts as
//! run when CHANNEL_EXECUTE_COMPLETE (`Application: bind_digit_action`) comes here. To release: `sendmsg`
//! execute `clear_digit_action` `all`, its CHANNEL_EXECUTE_COMPLETE, `divert_events off`, then the connection
//! is closed.
//!
//! # Dialplan
//! The context `tonegate` holds two extensions, which first put the leg's own context back:
//! `tonegate_customer` (`socket …`, then, if nobody has bridged it, `intercept ${tonegate_peer}`) and `tonegate_agent` (`park`). See
//! `dialplan/freeswitch/`.

mod call;
mod check;
mod door;
mod event;
mod facts;
mod files;
mod find;
mod frames;
mod keeper;
mod keypad;
mod leg;
mod legs;
mod link;
mod mishaps;
mod offers;
mod play;
mod prompts;
mod release;
mod sealing;
mod selftest;
mod settings;
mod shield;
mod takeover;
mod words;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use self::call::{Call, Restore, Seal};
pub use self::check::check;
use self::door::Door;
use self::legs::Legs;
use self::link::{Link, LinkError};
pub use self::play::play;
pub use self::settings::FreeSwitchSettings;
pub use self::words::Unspeakable;
use super::{
    CallName, NEWS_QUEUE_LENGTH, News, Offer, Pbx, PbxError, SESSION_QUEUE_LENGTH, Session, SettingError,
};
use crate::call::{Line, SayId};

/// What `presence_data` of a leg we sealed begins with; the payment follows.
const MARK: &str = "tg:";
/// How long a call that is over tries to end its seal while FreeSWITCH does not answer.
const FINISH_PATIENCE_MS: u64 = 120_000;

/// One FreeSWITCH.
pub struct FreeSwitch {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

/// What the tasks of one FreeSWITCH share.
struct Shared {
    settings: Arc<FreeSwitchSettings>,
    link: Link,
    legs: Arc<Legs>,
    door: Arc<Door>,
    proven: AtomicBool,
    closing: watch::Sender<bool>,
}

impl Shared {
    /// Whether the seal passed its self-test on this connection.
    fn is_proven(&self) -> bool {
        self.proven.load(Ordering::Acquire)
    }

    fn prove(&self, proven: bool) {
        self.proven.store(proven, Ordering::Release);
    }
}

/// Why the adapter cannot start at all. A FreeSWITCH that is merely away is told as [`News::Down`].
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting that cannot be.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The port for private connections is taken or not allowed.
    #[error(
        "cannot listen on pbx.freeswitch.keypad_listen = {0} ({1}): is another daemon running? choose a free port here and in the dialplan"
    )]
    Listen(std::net::SocketAddr, std::io::Error),
}

impl FreeSwitch {
    /// Starts the connections to one FreeSWITCH; what happens there comes out of the receiver.
    ///
    /// # Errors
    /// If a setting cannot be, or the port for private connections cannot be had.
    pub async fn start(settings: FreeSwitchSettings) -> Result<(Self, mpsc::Receiver<News>), StartError> {
        settings.check()?;
        let address = settings.keypad_listen;
        let listener = TcpListener::bind(address).await.map_err(|e| StartError::Listen(address, e))?;
        let settings = Arc::new(settings);
        let (legs, codes) = Legs::new();
        let link = Link::start(Arc::clone(&settings), Arc::clone(&legs) as Arc<dyn link::Listener>);
        let door = Arc::new(Door::default());
        let (closing, _) = watch::channel(false);
        let shared = Arc::new(Shared { settings, link, legs, door, proven: AtomicBool::new(false), closing });
        let (news, receiver) = mpsc::channel(NEWS_QUEUE_LENGTH);
        let tasks = vec![
            tokio::spawn(Arc::clone(&shared.door).serve(listener, news.clone())),
            tokio::spawn(offers::announce(Arc::clone(&shared), codes, news.clone())),
            tokio::spawn(keeper::keep(Arc::clone(&shared), news)),
        ];
        Ok((Self { shared, tasks }, receiver))
    }
}

impl Drop for FreeSwitch {
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
            LinkError::Refused(_) | LinkError::Unspeakable => Self::Refused(error.to_string()),
        }
    }
}

#[async_trait::async_trait]
impl Pbx for FreeSwitch {
    async fn open(&self, offer: &Offer, payment: &str) -> Result<Session, PbxError> {
        let shared = &self.shared;
        let customer = offer.customer.0.clone();
        let agent = offer.agent.as_ref().map(|leg| leg.0.clone());
        let names: Vec<String> = std::iter::once(customer.clone()).chain(agent.clone()).collect();
        if !words::is_name(payment) || !names.iter().all(|leg| words::is_leg(leg)) {
            return Err(PbxError::Refused(
                "a leg or payment whose name cannot be written into a command".into(),
            ));
        }
        let following = shared.legs.follow(names).ok_or(PbxError::Busy)?;
        if !shared.link.exists(&customer).await? {
            return Err(PbxError::NoSuchCall(customer));
        }
        let seal = match shared.link.get(&customer, "presence_data").await? {
            // Sealed for this very payment by an earlier life: it has to be ended, not shut.
            Some(mark) if mark.strip_prefix(MARK) == Some(payment) => {
                Seal::Shut { keypad: None, restore: Restore::default() }
            }
            _ => Seal::Open,
        };
        let (orders, order_queue) = mpsc::channel(SESSION_QUEUE_LENGTH);
        let (report_sender, reports) = mpsc::channel(SESSION_QUEUE_LENGTH);
        let call = Call {
            shared: Arc::clone(shared),
            link: shared.link.clone(),
            customer,
            agent,
            offer: offer.clone(),
            payment: payment.to_owned(),
            orders: order_queue,
            reports: report_sender,
            legs: following,
            seal,
            shield: shield::Shield::default(),
            to_customer: prompts::Prompts::default(),
            to_agent: prompts::Prompts::default(),
            line: Line::Unknown,
            in_band: false,
            customer_left: false,
            agent_left: false,
            parted: None,
            moved: false,
        };
        tokio::spawn(call.run());
        Ok(Session { orders, reports })
    }

    async fn find(&self, name: &CallName) -> Result<Offer, PbxError> {
        find::find(&self.shared, name).await
    }

    async fn whisper(&self, offer: &Offer, clips: Vec<PathBuf>) -> Result<(), PbxError> {
        let Some(agent) = offer.agent.as_ref().map(|leg| leg.0.as_str()).filter(|leg| words::is_leg(leg))
        else {
            return Err(PbxError::Refused("there is no agent on this call to whisper to".into()));
        };
        let mut whisper = prompts::Prompts::default();
        whisper.add(SayId(0), clips).map_err(|why| PbxError::Refused(why.to_string()))?;
        whisper.play_once(&self.shared.link, agent).await?;
        Ok(())
    }

    async fn lacking(&self, files: &[PathBuf]) -> Result<Vec<PathBuf>, PbxError> {
        Ok(files::lacking(&self.shared.link, files).await?)
    }

    async fn close(&self) {
        self.shared.closing.send_replace(true);
        keeper::end_lease(&self.shared.link).await;
        self.shared.door.close();
    }
}
