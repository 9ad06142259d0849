//! The control connection: one task owns it, because its calls must not be dropped half-way; everybody
//! else sends requests over a bounded channel.

use std::sync::Arc;
use std::time::Duration;

use freeswitch_esl_tokio::{AuthMethod, EslClient, EslConnectOptions, EslError, EslEventStream, EventFormat};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::event::Event;
use super::settings::FreeSwitchSettings;

/// Commands that may wait for the connection before the sender has to wait.
const REQUEST_QUEUE_LENGTH: usize = 256;
/// Events the connection may be ahead of us; beyond, they are lost and every call checks its legs.
const EVENT_QUEUE_LENGTH: usize = 8_192;
/// Longest command, in bytes.
const COMMAND_MAX_BYTES: usize = 4_096;
/// Longest line of a password file, in bytes.
const PASSWORD_MAX_BYTES: usize = 256;
/// Everything the adapter hears. Never DTMF, RECV_INFO or ALL: no digit may enter this connection.
const SUBSCRIPTION: &str = "CHANNEL_APPLICATION CHANNEL_PARK CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HANGUP \
     RECORD_START RECORD_STOP MEDIA_BUG_STOP PLAYBACK_STOP HEARTBEAT";

/// Whether the connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LinkState {
    /// Not tried yet.
    Starting,
    /// No; the sentence says why and what to do.
    Down(String),
    /// Yes, for the `life`th time.
    Up {
        /// Counts connections.
        life: u64,
        /// FreeSWITCH's own words.
        version: String,
    },
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LinkError {
    #[error("no connection to FreeSWITCH")]
    NotConnected,
    #[error("FreeSWITCH did not answer in time")]
    Timeout,
    #[error("FreeSWITCH answered: {0}")]
    Refused(String),
    #[error("a command that would not fit one line was not sent")]
    Unspeakable,
}

enum Request {
    Api {
        command: String,
        answer: oneshot::Sender<Result<String, LinkError>>,
    },
    Background {
        command: String,
        answer: oneshot::Sender<Result<String, LinkError>>,
    },
    Execute {
        leg: String,
        application: String,
        argument: String,
        answer: oneshot::Sender<Result<String, LinkError>>,
    },
}

/// Sends requests to the one task that owns the connection.
#[derive(Clone)]
pub(super) struct Link {
    requests: mpsc::Sender<Request>,
    state: watch::Receiver<LinkState>,
    patience: Duration,
}

/// What the owner of the connection hands events to; must not wait.
pub(super) trait Listener: Send + Sync + 'static {
    /// One event.
    fn hear(&self, event: Event);
    /// Events were lost: whoever follows a call has to look.
    fn lost_events(&self);
}

impl Link {
    /// Starts the owner. It ends when the last `Link` is dropped.
    pub fn start(settings: Arc<FreeSwitchSettings>, listener: Arc<dyn Listener>) -> Self {
        let (requests, receiver) = mpsc::channel(REQUEST_QUEUE_LENGTH);
        let (state_tx, state) = watch::channel(LinkState::Starting);
        // A request may wait behind one that runs into its own timeout.
        let patience = Duration::from_millis(settings.answer_timeout_ms.saturating_mul(2));
        tokio::spawn(Owner { settings, listener, requests: receiver, state: state_tx, life: 0 }.run());
        Self { requests, state, patience }
    }

    /// Follows the state of the connection.
    pub fn state(&self) -> watch::Receiver<LinkState> {
        self.state.clone()
    }

    /// Whether it stands now.
    pub fn is_up(&self) -> bool {
        matches!(*self.state.borrow(), LinkState::Up { .. })
    }

    /// Gives a command (`api …`) and waits for its answer, without line ends.
    pub async fn api(&self, command: String) -> Result<String, LinkError> {
        if command.len() > COMMAND_MAX_BYTES || command.contains(char::is_control) {
            return Err(LinkError::Unspeakable);
        }
        self.ask(|answer| Request::Api { command, answer }).await
    }

    /// Has a leg execute an application; answered when it is queued, not when it has run.
    pub async fn execute(&self, leg: &str, application: &str, argument: &str) -> Result<(), LinkError> {
        if argument.len() > COMMAND_MAX_BYTES
            || [leg, application, argument].iter().any(|t| t.contains(char::is_control))
        {
            return Err(LinkError::Unspeakable);
        }
        let (leg, application, argument) = (leg.into(), application.into(), argument.into());
        self.ask(|answer| Request::Execute { leg, application, argument, answer }).await.map(drop)
    }

    /// Has FreeSWITCH run a command in the background (`originate`), without waiting for its end.
    pub async fn background(&self, command: &str) -> Result<(), LinkError> {
        if command.len() > COMMAND_MAX_BYTES || command.contains(char::is_control) {
            return Err(LinkError::Unspeakable);
        }
        let command = command.to_owned();
        self.ask(|answer| Request::Background { command, answer }).await.map(drop)
    }

    async fn ask(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<String, LinkError>>) -> Request,
    ) -> Result<String, LinkError> {
        if !self.is_up() {
            return Err(LinkError::NotConnected);
        }
        let (answer, reply) = oneshot::channel();
        let asked = async {
            self.requests.send(request(answer)).await.map_err(|_| LinkError::NotConnected)?;
            reply.await.map_err(|_| LinkError::NotConnected)?
        };
        timeout(self.patience, asked).await.unwrap_or(Err(LinkError::Timeout))
    }
}

struct Owner {
    settings: Arc<FreeSwitchSettings>,
    listener: Arc<dyn Listener>,
    requests: mpsc::Receiver<Request>,
    state: watch::Sender<LinkState>,
    life: u64,
}

/// Why the owner left a connection.
enum End {
    Lost(String),
    Unwanted,
}

impl Owner {
    async fn run(mut self) {
        let first = Duration::from_millis(self.settings.reconnect_first_ms);
        let longest = Duration::from_millis(self.settings.reconnect_longest_ms);
        let mut pause = first;
        loop {
            match self.connect().await {
                Ok((client, events, version)) => {
                    pause = first;
                    self.life += 1;
                    self.state.send_replace(LinkState::Up { life: self.life, version });
                    let end = self.serve(&client, events).await;
                    let _ =
                        timeout(Duration::from_millis(self.settings.connect_timeout_ms), client.disconnect())
                            .await;
                    match end {
                        End::Unwanted => return,
                        End::Lost(why) => self.down(why),
                    }
                }
                Err(why) => self.down(why),
            }
            if self.rest(Instant::now() + pause).await.is_err() {
                return;
            }
            pause = (pause * 2).min(longest);
        }
    }

    fn down(&self, why: String) {
        self.state.send_if_modified(|state| {
            let news = LinkState::Down(why);
            let changed = *state != news;
            *state = news;
            changed
        });
    }

    /// Waits, saying no to whoever asks meanwhile; an error if nobody can ask any more.
    async fn rest(&mut self, until: Instant) -> Result<(), ()> {
        loop {
            tokio::select! {
                () = sleep_until(until) => return Ok(()),
                request = self.requests.recv() => match request {
                    Some(Request::Api { answer, .. } | Request::Background { answer, .. } | Request::Execute { answer, .. }) => {
                        let _ = answer.send(Err(LinkError::NotConnected));
                    }
                    None => return Err(()),
                },
            }
        }
    }

    async fn connect(&self) -> Result<(EslClient, EslEventStream, String), String> {
        let settings = &self.settings;
        let address = settings.control_address;
        let password = read_password(settings).await?;
        let limit = Duration::from_millis(settings.connect_timeout_ms);
        let options =
            EslConnectOptions::new().with_connect_timeout(limit).with_event_queue_size(EVENT_QUEUE_LENGTH);
        let host = address.ip().to_string();
        let connecting =
            EslClient::connect_with_auth(&host, address.port(), AuthMethod::password(password), options);
        // The crate bounds each step; this bounds them together.
        let (client, events) = match timeout(limit * 4, connecting).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Err(why_not(&error, settings)),
            Err(_) => {
                return Err(format!(
                    "FreeSWITCH at {address} accepts connections but does not greet: is it overloaded, or is this another service's port?"
                ));
            }
        };
        client.set_command_timeout(Duration::from_millis(settings.answer_timeout_ms));
        let refused = |step: &str, error: EslError| {
            format!(
                "FreeSWITCH at {address} let us in but refused {step} ({error}): allow api commands and events for this Event Socket user"
            )
        };
        client
            .subscribe_events_raw(EventFormat::Plain, SUBSCRIPTION)
            .await
            .map_err(|e| refused("the events we need", e))?;
        let version = client.api("version").await.map_err(|e| refused("`version`", e))?;
        let version = version.body().unwrap_or_default().trim().chars().take(120).collect();
        Ok((client, events, version))
    }

    async fn serve(&mut self, client: &EslClient, mut events: EslEventStream) -> End {
        let lost = |error: &EslError| End::Lost(why_lost(error, &self.settings));
        let beat = Duration::from_millis(self.settings.heartbeat_ms);
        let mut quiet_until = Instant::now() + beat;
        loop {
            tokio::select! {
                biased;
                event = events.recv() => match event {
                    None => return End::Lost(format!("FreeSWITCH at {} closed the connection: was it stopped, or mod_event_socket reloaded?", self.settings.control_address)),
                    Some(Ok(event)) => {
                        if let Some(event) = Event::read(&event) {
                            self.listener.hear(event);
                        }
                    }
                    Some(Err(EslError::QueueFull)) => self.listener.lost_events(),
                    Some(Err(error)) if error.is_connection_error() => return lost(&error),
                    Some(Err(_)) => self.listener.lost_events(),
                },
                request = self.requests.recv() => {
                    let Some(request) = request else { return End::Unwanted };
                    if let Err(error) = carry_out(client, request).await {
                        return lost(&error);
                    }
                    quiet_until = Instant::now() + beat;
                }
                () = sleep_until(quiet_until) => {
                    if let Err(error) = client.api("status").await {
                        return lost(&error);
                    }
                    quiet_until = Instant::now() + beat;
                }
            }
        }
    }
}

/// Carries out one request to its end. An error means that the connection is not to be trusted any more.
async fn carry_out(client: &EslClient, request: Request) -> Result<(), EslError> {
    let (result, answer) = match request {
        Request::Api { command, answer } => {
            let response = client.api(&command).await;
            (response.and_then(|r| r.api_result().map(|text| text.trim().to_owned())), answer)
        }
        Request::Background { command, answer } => {
            let response = client.bgapi(&command).await;
            (response.and_then(|r| r.into_result().map(|_| String::new())), answer)
        }
        Request::Execute { leg, application, argument, answer } => {
            let response = client.execute(&application, Some(&argument), Some(&leg)).await;
            (response.and_then(|r| r.into_result().map(|_| String::new())), answer)
        }
    };
    let (told, verdict) = match result {
        Ok(text) => (Ok(text), Ok(())),
        // A refusal is an answer; anything else may leave a late answer on the wire.
        Err(error) => match error.command_failure().and_then(freeswitch_esl_tokio::CommandFailure::payload) {
            Some(text) => (Err(LinkError::Refused(text.trim().chars().take(120).collect())), Ok(())),
            None if matches!(error, EslError::Timeout { .. }) => (Err(LinkError::Timeout), Err(error)),
            None if error.is_connection_error() => (Err(LinkError::NotConnected), Err(error)),
            None => (Err(LinkError::Refused(error.to_string().chars().take(120).collect())), Ok(())),
        },
    };
    let _ = answer.send(told);
    verdict
}

/// The password as the admin wrote it down; an error is a sentence for them.
pub(super) async fn read_password(settings: &FreeSwitchSettings) -> Result<String, String> {
    let file = &settings.password_file;
    let text = tokio::fs::read_to_string(file).await.map_err(|e| {
        format!("cannot read the Event Socket password in {} ({e}): write it there and let the daemon's user read it", file.display())
    })?;
    let password = text.lines().next().unwrap_or_default().trim().to_owned();
    if password.is_empty() || password.len() > PASSWORD_MAX_BYTES || password.contains(char::is_control) {
        return Err(format!("{} does not hold a password in its first line", file.display()));
    }
    Ok(password)
}

fn why_not(error: &EslError, settings: &FreeSwitchSettings) -> String {
    let address = settings.control_address;
    match error {
        EslError::AuthenticationFailed { .. } => format!(
            "FreeSWITCH at {address} refuses our password: write the one of event_socket.conf into {}",
            settings.password_file.display()
        ),
        EslError::AccessDenied { .. } => {
            format!(
                "FreeSWITCH at {address} refuses our address: allow 127.0.0.1 in apply-inbound-acl of event_socket.conf"
            )
        }
        EslError::Io(error) => format!(
            "no Event Socket at {address} ({error}): is FreeSWITCH running, mod_event_socket loaded, and the address right?"
        ),
        other => format!(
            "FreeSWITCH at {address} cannot be reached over its Event Socket ({other}): is this FreeSWITCH's port?"
        ),
    }
}

fn why_lost(error: &EslError, settings: &FreeSwitchSettings) -> String {
    let address = settings.control_address;
    match error {
        EslError::Timeout { timeout_ms } => {
            format!("FreeSWITCH at {address} did not answer within {timeout_ms} ms: is the host overloaded?")
        }
        other => format!("the connection to FreeSWITCH at {address} broke ({other}): was it stopped?"),
    }
}
