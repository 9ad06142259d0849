//! One private connection: the keys of one sealed leg, and the few commands that bind and release them.

mod connection;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};
use tokio::time::timeout;

use self::connection::{Connection, fill};
use super::frames::{self, FrameError};
use crate::call::FromPbx;
use crate::card::{READER_MAX_BYTES, SecretBuffer};

/// Commands that may wait on one private connection.
const COMMAND_QUEUE_LENGTH: usize = 8;
/// How long FreeSWITCH may take to take or answer a command here.
const ANSWER_TIMEOUT_MS: u64 = 2_000;
/// Longest header value read out of the answer to `connect`, in bytes.
const VALUE_MAX_BYTES: usize = 128;

/// What FreeSWITCH says about the leg it connects us to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Caller {
    /// The leg.
    pub leg: String,
    /// The word we wrote on the leg when we sealed it.
    pub nonce: Option<String>,
    /// Whether the dialplan offers this leg for payment by itself (self-service).
    pub direct: bool,
    /// The caller's number.
    pub caller_number: Option<String>,
    /// The number dialled.
    pub dialled_number: Option<String>,
    /// `tonegate_reference`.
    pub reference: Option<String>,
    /// `tonegate_amount`.
    pub amount: Option<String>,
    /// `tonegate_currency`.
    pub currency: Option<String>,
    /// `tonegate_language`.
    pub language: Option<String>,
    /// `tonegate_merchant`.
    pub merchant: Option<String>,
    /// `tonegate_queue`.
    pub queue: Option<String>,
    /// `tonegate_customer_name`.
    pub customer_name: Option<String>,
    /// `tonegate_customer_email`.
    pub customer_email: Option<String>,
    /// `tonegate_customer_reference`.
    pub customer_reference: Option<String>,
}

/// What went wrong on a private connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeypadError {
    #[error("the private connection broke: {0}")]
    Io(#[from] std::io::Error),
    #[error("the private connection sent {0}")]
    Frame(#[from] FrameError),
    #[error("FreeSWITCH closed the private connection")]
    Closed,
    #[error("FreeSWITCH did not answer on the private connection in time")]
    Timeout,
    #[error("FreeSWITCH refused a command on the private connection")]
    Refused,
}

/// A private connection that has said whose it is and waits to be used.
pub(super) struct Line {
    stream: TcpStream,
    buffer: SecretBuffer,
    place: OwnedSemaphorePermit,
    /// Whose it is.
    pub caller: Caller,
}

impl Line {
    /// Says `connect` and reads whose leg it is.
    ///
    /// # Errors
    /// If the peer does not answer as FreeSWITCH does.
    pub async fn greet(mut stream: TcpStream, place: OwnedSemaphorePermit) -> Result<Self, KeypadError> {
        let _ = stream.set_nodelay(true);
        let mut buffer = SecretBuffer::with_capacity(READER_MAX_BYTES);
        let greeting = async {
            stream.write_all(b"connect\n\n").await?;
            loop {
                if let Some(frame) = frames::first(buffer.as_slice(), buffer.capacity())? {
                    let caller = read_caller(&buffer.as_slice()[frame.head.clone()]);
                    buffer.consume(frame.length());
                    return caller.ok_or(KeypadError::Refused);
                }
                fill(&mut stream, &mut buffer).await?;
            }
        };
        let caller = within(greeting).await?;
        Ok(Self { stream, buffer, place, caller })
    }

    /// From now on what comes here are reports; [`Keypad::divert`] makes the keys come.
    pub fn take(self, reports: mpsc::Sender<FromPbx>) -> Keypad {
        let (commands, receiver) = mpsc::channel(COMMAND_QUEUE_LENGTH);
        let (ended, end) = oneshot::channel();
        let (ran, run) = watch::channel(Run::default());
        let connection = Connection {
            stream: self.stream,
            buffer: self.buffer,
            commands: receiver,
            asked: VecDeque::new(),
            reports,
            ran,
            open: false,
            _place: self.place,
        };
        tokio::spawn(async move {
            let why = connection.run().await;
            let _ = ended.send(why);
        });
        Keypad { commands, end, run }
    }
}

/// How often the leg has run our binding and its end, by its own report.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    bound: u32,
    cleared: u32,
}

/// The keys of one leg, diverted to us. Dropping it closes the connection: the leg stays sealed.
pub(super) struct Keypad {
    commands: mpsc::Sender<Ask>,
    end: oneshot::Receiver<KeypadError>,
    run: watch::Receiver<Run>,
}

enum Ask {
    Say(String, oneshot::Sender<bool>),
    Open(bool),
}

impl Keypad {
    /// Diverts the leg's keys to us and to nobody else.
    ///
    /// # Errors
    /// If a step is refused or not answered.
    pub async fn divert(&self, leg: &str) -> Result<(), KeypadError> {
        // At once, in this order: until the answers come, the two parties may hear nothing.
        let (all, divert) = (self.say("myevents".into()), self.say("divert_events on".into()));
        tokio::try_join!(all, divert, self.bind_keys(leg)).map(drop)
    }

    /// Lets keys through, or drops them.
    pub async fn open(&self, open: bool) {
        let _ = self.commands.send(Ask::Open(open)).await;
    }

    /// Diverts and binds the keys again, after a release that kept the connection.
    ///
    /// # Errors
    /// If FreeSWITCH does not confirm.
    pub async fn bind(&self, leg: &str) -> Result<(), KeypadError> {
        self.say("divert_events on".into()).await?;
        self.bind_keys(leg).await
    }

    /// One binding for all keys; the command it runs wipes the variable FreeSWITCH keeps them in.
    async fn bind_keys(&self, leg: &str) -> Result<(), KeypadError> {
        self.execute(
            "bind_digit_action",
            &format!("tgkeys,~^[0-9*#],api:uuid_setvar,{leg} last_matching_digits"),
        )
        .await
    }

    /// Waits until the leg has run the binding: an application is run with the leg's next packet, after it
    /// was accepted.
    ///
    /// # Errors
    /// If it does not in time.
    pub async fn bound(&self) -> Result<(), KeypadError> {
        self.until(|run| run.bound > run.cleared).await
    }

    async fn until(&self, reached: impl Fn(&Run) -> bool) -> Result<(), KeypadError> {
        let mut run = self.run.clone();
        within(async { run.wait_for(|run| reached(run)).await.map(drop).map_err(|_| KeypadError::Closed) })
            .await
    }

    /// Waits for the connection to end.
    pub async fn ended(&mut self) -> KeypadError {
        (&mut self.end).await.unwrap_or(KeypadError::Closed)
    }

    /// Unbinds the keys and ends the diversion, in that order: between the two a key is swallowed, in the
    /// other order it would be published.
    ///
    /// # Errors
    /// If FreeSWITCH does not confirm.
    pub async fn release(&self) -> Result<(), KeypadError> {
        self.open(false).await;
        let before = self.run.borrow().cleared;
        self.execute("clear_digit_action", "all").await?;
        // The application runs with the leg's next packet; `divert_events` acts at once.
        self.until(|run| run.cleared > before).await?;
        self.say("divert_events off".into()).await
    }

    async fn execute(&self, application: &str, argument: &str) -> Result<(), KeypadError> {
        self.say(format!(
            "sendmsg\ncall-command: execute\nexecute-app-name: {application}\nexecute-app-arg: {argument}"
        ))
        .await
    }

    async fn say(&self, command: String) -> Result<(), KeypadError> {
        let (answer, reply) = oneshot::channel();
        let said = async {
            self.commands.send(Ask::Say(command, answer)).await.map_err(|_| KeypadError::Closed)?;
            reply.await.map_err(|_| KeypadError::Closed)
        };
        if within(said).await? { Ok(()) } else { Err(KeypadError::Refused) }
    }
}

async fn within<T>(step: impl Future<Output = Result<T, KeypadError>>) -> Result<T, KeypadError> {
    timeout(Duration::from_millis(ANSWER_TIMEOUT_MS), step).await.unwrap_or(Err(KeypadError::Timeout))
}

fn read_caller(head: &[u8]) -> Option<Caller> {
    let value = |name: &[u8]| frames::text(head, name, VALUE_MAX_BYTES);
    let leg = value(b"Unique-ID").filter(|leg| super::words::is_leg(leg))?;
    Some(Caller {
        leg,
        nonce: value(b"variable_tonegate_nonce"),
        direct: value(b"variable_tonegate_direct").as_deref() == Some("true"),
        caller_number: value(b"Caller-Caller-ID-Number"),
        dialled_number: value(b"variable_tonegate_dialled").or_else(|| value(b"Caller-Destination-Number")),
        reference: value(b"variable_tonegate_reference"),
        amount: value(b"variable_tonegate_amount"),
        currency: value(b"variable_tonegate_currency"),
        language: value(b"variable_tonegate_language"),
        merchant: value(b"variable_tonegate_merchant"),
        queue: value(b"variable_tonegate_queue"),
        customer_name: value(b"variable_tonegate_customer_name"),
        customer_email: value(b"variable_tonegate_customer_email"),
        customer_reference: value(b"variable_tonegate_customer_reference"),
    })
}
