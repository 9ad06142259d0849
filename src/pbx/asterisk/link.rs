//! The connections to one Asterisk, which live and die together, and the orders given over them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::sleep;
use zeroize::Zeroizing;

use super::ami::{Action, Ami, Answer};
use super::ari::Ari;
use super::events::{self, End};
use super::frames::Message;
use super::keypad::{self, Keypad};
use super::legs::{Legs, lock};
use super::settings::AsteriskSettings;

/// How long we leave the application's name to whoever took it, in milliseconds: two daemons that take it
/// from each other would serve no call.
const TAKEN_PAUSE_MS: u64 = 30_000;
/// Signs of life that may be late one after another, before the connection counts as lost.
const SIGNS_MISSED_MAX: u32 = 3;
/// Longest password file, in bytes.
const PASSWORD_MAX_BYTES: usize = 1_024;
/// How often the filter of events is tried while Asterisk is still making the application.
const FILTER_TRIES: u32 = 20;
/// Pause between two of these tries.
const FILTER_PAUSE_MS: u64 = 25;

/// How the connections stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LinkState {
    /// Not tried yet.
    Starting,
    /// All of them stand.
    Up {
        /// Asterisk's version.
        version: String,
    },
    /// One is missing; why, for an admin.
    Down(String),
}

/// Why an order was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LinkError {
    #[error("Asterisk is not connected")]
    NotConnected,
    #[error("Asterisk did not answer in time")]
    Timeout,
    #[error("Asterisk knows it not (any more)")]
    Gone,
    #[error("Asterisk does not allow it to our account: compare manager.conf and ari.conf with ours")]
    Forbidden,
    #[error("Asterisk refused: {0}")]
    Refused(String),
}

#[derive(Clone)]
struct Wires {
    ami: Ami,
    ari: Ari,
}

struct Inner {
    settings: Arc<AsteriskSettings>,
    listener: Option<TcpListener>,
    wires: Mutex<Option<Wires>>,
    state: watch::Sender<LinkState>,
    legs: Arc<Legs>,
    keypad: Arc<Keypad>,
}

/// The connections to one Asterisk.
#[derive(Clone)]
pub(super) struct Link(Arc<Inner>);

impl Link {
    /// Nothing is connected before [`Link::run`].
    pub fn new(
        settings: Arc<AsteriskSettings>,
        listener: Option<TcpListener>,
        legs: Arc<Legs>,
        keypad: Arc<Keypad>,
    ) -> Self {
        let (state, _) = watch::channel(LinkState::Starting);
        Self(Arc::new(Inner { settings, listener, wires: Mutex::default(), state, legs, keypad }))
    }

    /// How the connections stand, now and from now on.
    pub fn state(&self) -> watch::Receiver<LinkState> {
        self.0.state.subscribe()
    }

    /// Connects, and again whenever a connection is lost.
    pub async fn run(self) {
        let settings = &self.0.settings;
        let mut pause = settings.reconnect_first_ms;
        loop {
            let was_up = |state: &LinkState| matches!(state, LinkState::Up { .. });
            let (why, taken) = match self.live().await {
                Err(why) => (why, false),
                Ok(End::Broken(why)) => (why, false),
                Ok(End::Replaced) => {
                    let name = &settings.application;
                    let why = format!(
                        "another program took the application `{name}` from us: does a second tonegate run, or does another program use that name? stop it, or choose another pbx.asterisk.application and Stasis() name"
                    );
                    (why, true)
                }
            };
            lock(&self.0.wires).take();
            if was_up(&self.0.state.borrow()) {
                pause = settings.reconnect_first_ms;
            }
            let down = LinkState::Down(why);
            self.0.state.send_if_modified(|state| std::mem::replace(state, down.clone()) != down);
            sleep(Duration::from_millis(if taken { TAKEN_PAUSE_MS } else { pause })).await;
            pause = (pause * 2).min(settings.reconnect_longest_ms);
        }
    }

    /// Connects for orders alone, has something done with them, and closes.
    pub async fn probe<T>(&self, work: impl Future<Output = T>) -> Result<T, String> {
        let settings = &self.0.settings;
        let password = Arc::new(password(settings).await?);
        let (ami, control) = Ami::connect(settings, &password, Arc::clone(&self.0.legs)).await?;
        let _keypad = keypad::Connection::connect(settings, &password).await?;
        let ari = Ari::new(settings, password)?;
        version(settings, &ari).await?;
        *lock(&self.0.wires) = Some(Wires { ami, ari });
        tokio::select! {
            done = work => Ok(done),
            why = control.run() => Err(why),
        }
    }

    /// One life of the connections. The filter that keeps keys away from our events is set before anything
    /// else uses them.
    async fn live(&self) -> Result<End, String> {
        let settings = &self.0.settings;
        let password = Arc::new(password(settings).await?);
        let (ami, control) = Ami::connect(settings, &password, Arc::clone(&self.0.legs)).await?;
        let keypad = keypad::Connection::connect(settings, &password).await?;
        let ari = Ari::new(settings, Arc::clone(&password))?;
        let version = version(settings, &ari).await?;
        // Of an earlier life there may be an application with sealed legs, whose keys must not come here.
        let _ = filter(settings, &ari, 1).await;
        let socket = match &self.0.listener {
            Some(listener) => events::answer(listener, settings, &password).await?,
            None => events::dial(settings, &password).await?,
        };
        filter(settings, &ari, FILTER_TRIES).await.map_err(|why| {
            format!("keys cannot be kept from our own events ({why}): is res_ari_applications loaded, and Asterisk 18 or later?")
        })?;
        *lock(&self.0.wires) = Some(Wires { ami, ari });
        let heartbeat = Duration::from_millis(settings.heartbeat_ms);
        let patience = Duration::from_millis(settings.answer_timeout_ms) * SIGNS_MISSED_MAX;
        let up = async {
            self.0.state.send_replace(LinkState::Up { version });
            self.beat(heartbeat).await
        };
        Ok(tokio::select! {
            why = control.run() => End::Broken(why),
            why = keypad.run(&self.0.keypad, heartbeat, patience) => End::Broken(why),
            end = events::run(socket, Arc::clone(&self.0.legs), heartbeat, patience) => end,
            why = up => End::Broken(why),
            () = self.refuse_others() => End::Broken("nobody is sent away any more".into()),
        })
    }

    /// While one Asterisk is connected that called us, no other is.
    async fn refuse_others(&self) {
        match &self.0.listener {
            Some(listener) => events::refuse_others(listener).await,
            None => std::future::pending().await,
        }
    }

    /// Proves that orders are still answered. One answer that is late is no proof of the contrary: on a busy
    /// host, giving every call up for it would only add to the work.
    async fn beat(&self, heartbeat: Duration) -> String {
        let mut missed = 0;
        loop {
            sleep(heartbeat).await;
            let rest = async { self.get("/asterisk/ping").await.map(drop) };
            let control = async { self.one(Action::new("Ping")).await.map(drop) };
            missed = match tokio::try_join!(rest, control) {
                Ok(_) => 0,
                Err(LinkError::Timeout) if missed + 1 < SIGNS_MISSED_MAX => missed + 1,
                Err(why) => return format!("a sign of life was not given: {why}"),
            };
        }
    }

    fn wires(&self) -> Result<Wires, LinkError> {
        lock(&self.0.wires).clone().ok_or(LinkError::NotConnected)
    }

    pub async fn get(&self, path: &str) -> Result<Value, LinkError> {
        self.wires()?.ari.get(path).await
    }

    pub async fn post(&self, path: &str) -> Result<Value, LinkError> {
        self.wires()?.ari.post(path).await
    }

    pub async fn delete(&self, path: &str) -> Result<Value, LinkError> {
        self.wires()?.ari.delete(path).await
    }

    /// Several orders over AMI in one go.
    pub async fn all(&self, actions: &[Action]) -> Result<Vec<Answer>, LinkError> {
        self.wires()?.ami.all(actions).await
    }

    /// One order over AMI.
    pub async fn one(&self, action: Action) -> Result<Answer, LinkError> {
        self.wires()?.ami.one(action).await
    }

    /// What Asterisk's console says to a command, line by line.
    pub async fn console(&self, command: &str) -> Result<Vec<String>, LinkError> {
        let answer = self.one(Action::new("Command").with("Command", command)).await?;
        Ok(answer.message.all("Output").map(str::to_owned).collect())
    }

    /// All channels, or one, with these variables.
    pub async fn channels(&self, leg: Option<&str>, variables: &str) -> Result<Vec<Message>, LinkError> {
        let action = Action::new("Status").with("Variables", variables);
        let action = match leg {
            Some(leg) => action.with("Channel", leg),
            None => action,
        };
        match self.one(action).await {
            Ok(answer) => Ok(answer.rows),
            Err(LinkError::Refused(why)) if why.contains("No such channel") => Ok(Vec::new()),
            Err(why) => Err(why),
        }
    }
}

/// The first line of the password file.
async fn password(settings: &AsteriskSettings) -> Result<Zeroizing<String>, String> {
    let path = &settings.password_file;
    let text = tokio::fs::read_to_string(path).await.map(Zeroizing::new).map_err(|why| {
        format!("the password in {} cannot be read ({why}): see pbx.asterisk.password_file", path.display())
    })?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() || line.len() > PASSWORD_MAX_BYTES {
        return Err(format!("{} holds no password in its first line", path.display()));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

async fn version(settings: &AsteriskSettings, ari: &Ari) -> Result<String, String> {
    let address = settings.ari_address;
    match ari.get("/asterisk/info?only=system").await {
        Ok(info) => Ok(format!("Asterisk {}", info["system"]["version"].as_str().unwrap_or("?"))),
        Err(LinkError::Forbidden) => Err(events::forbidden(&settings.user)),
        Err(LinkError::Gone) => Err(format!(
            "there is no ARI on {address}: load res_ari and res_ari_asterisk, set enabled = yes in ari.conf, and compare `prefix` of http.conf with pbx.asterisk.ari_prefix"
        )),
        Err(LinkError::NotConnected) => Err(format!(
            "ARI does not listen on {address}: set enabled = yes and bindaddr = 127.0.0.1 in http.conf, and pbx.asterisk.ari_address here"
        )),
        Err(why) => Err(format!("ARI on {address}: {why}")),
    }
}

/// Keeps keys out of the events of our application.
async fn filter(settings: &AsteriskSettings, ari: &Ari, tries: u32) -> Result<(), LinkError> {
    let path = format!("/applications/{}/eventFilter", settings.application);
    let body = json!({ "disallowed": [{ "type": "ChannelDtmfReceived" }] });
    let mut tried = 0;
    loop {
        tried += 1;
        match ari.put(&path, &body).await {
            Ok(application) => {
                let kept = &application["events_disallowed"];
                let named =
                    kept.as_array().is_some_and(|all| all.iter().any(|e| e["type"] == "ChannelDtmfReceived"));
                let refused = LinkError::Refused("the filter was not taken".into());
                return if named { Ok(()) } else { Err(refused) };
            }
            Err(LinkError::Gone) if tried < tries => sleep(Duration::from_millis(FILTER_PAUSE_MS)).await,
            Err(why) => return Err(why),
        }
    }
}
