//! The control connections: one hears the events and says whether FreeSWITCH is there; a few more carry the
//! commands, so that one that takes long (a prompt whose file has to be opened, on a busy host) keeps no seal
//! waiting. Each is owned by one task, because its calls must not be dropped half-way; everybody else sends
//! requests over a bounded channel.

mod connect;
mod hand;
mod owner;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::time::timeout;

use self::hand::Hand;
use self::owner::Owner;
use super::event::Event;
use super::settings::FreeSwitchSettings;

pub(super) use self::connect::read_password;

/// Commands that may wait for the connection before the sender has to wait.
const REQUEST_QUEUE_LENGTH: usize = 256;
/// Connections that carry commands. A call waits for each answer before it gives the next command, so the
/// order is kept whichever of them it comes by.
const COMMAND_CONNECTIONS: usize = 8;
/// Longest command, in bytes.
const COMMAND_MAX_BYTES: usize = 4_096;

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

/// A command, and who waits for its answer.
struct Request {
    order: Command,
    answer: oneshot::Sender<Result<String, LinkError>>,
}

enum Command {
    /// `api`.
    Api(String),
    /// `bgapi`.
    Background(String),
    /// `sendmsg LEG`, execute.
    Execute { leg: String, application: String, argument: String },
}

/// Sends requests to the tasks that own the connections.
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
    /// Starts the owners. They end when the last `Link` is dropped.
    pub fn start(settings: Arc<FreeSwitchSettings>, listener: Arc<dyn Listener>) -> Self {
        let (requests, receiver) = mpsc::channel(REQUEST_QUEUE_LENGTH);
        let (state_tx, state) = watch::channel(LinkState::Starting);
        // A request may wait behind one that runs into its own timeout.
        let patience = Duration::from_millis(settings.answer_timeout_ms.saturating_mul(2));
        let requests_to_do = Arc::new(Mutex::new(receiver));
        for _ in 0..COMMAND_CONNECTIONS {
            let hand = Hand::new(Arc::clone(&settings), Arc::clone(&requests_to_do), state.clone());
            tokio::spawn(hand.run());
        }
        tokio::spawn(Owner::new(settings, listener, state_tx).run());
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
        self.ask(Command::Api(command)).await
    }

    /// Has a leg execute an application; answered when it is queued, not when it has run.
    pub async fn execute(&self, leg: &str, application: &str, argument: &str) -> Result<(), LinkError> {
        if argument.len() > COMMAND_MAX_BYTES
            || [leg, application, argument].iter().any(|t| t.contains(char::is_control))
        {
            return Err(LinkError::Unspeakable);
        }
        let (leg, application, argument) = (leg.into(), application.into(), argument.into());
        self.ask(Command::Execute { leg, application, argument }).await.map(drop)
    }

    /// Has FreeSWITCH run a command in the background (`originate`), without waiting for its end.
    pub async fn background(&self, command: &str) -> Result<(), LinkError> {
        if command.len() > COMMAND_MAX_BYTES || command.contains(char::is_control) {
            return Err(LinkError::Unspeakable);
        }
        let command = command.to_owned();
        self.ask(Command::Background(command)).await.map(drop)
    }

    async fn ask(&self, order: Command) -> Result<String, LinkError> {
        if !self.is_up() {
            return Err(LinkError::NotConnected);
        }
        let (answer, reply) = oneshot::channel();
        let asked = async {
            self.requests.send(Request { order, answer }).await.map_err(|_| LinkError::NotConnected)?;
            reply.await.map_err(|_| LinkError::NotConnected)?
        };
        timeout(self.patience, asked).await.unwrap_or(Err(LinkError::Timeout))
    }
}
