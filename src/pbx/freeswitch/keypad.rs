//! One private connection: the keys of one sealed leg, and the few commands that bind and release them.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};
use tokio::time::timeout;

use super::frames::{self, FrameError, Kind};
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

    /// Diverts the leg's keys to us and to nobody else, and from now on sends them as reports.
    ///
    /// # Errors
    /// If a step is refused or not answered; the connection is then closed.
    pub async fn take(self, reports: mpsc::Sender<FromPbx>) -> Result<Keypad, KeypadError> {
        let leg = self.caller.leg.clone();
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
        let keypad = Keypad { commands, end, run };
        // At once, in this order: until the answers come, the two parties hear nothing.
        let (all, divert) = (keypad.say("myevents".into()), keypad.say("divert_events on".into()));
        tokio::try_join!(all, divert, keypad.bind_keys(&leg))?;
        Ok(keypad)
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

/// The task that owns the socket.
struct Connection {
    stream: TcpStream,
    buffer: SecretBuffer,
    commands: mpsc::Receiver<Ask>,
    asked: VecDeque<oneshot::Sender<bool>>,
    reports: mpsc::Sender<FromPbx>,
    ran: watch::Sender<Run>,
    open: bool,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    async fn run(mut self) -> KeypadError {
        loop {
            if let Err(why) = self.read_frames().await {
                return why;
            }
            tokio::select! {
                filled = fill(&mut self.stream, &mut self.buffer) => {
                    if let Err(why) = filled {
                        return why;
                    }
                }
                ask = self.commands.recv() => match ask {
                    Some(Ask::Open(open)) => self.open = open,
                    Some(Ask::Say(mut command, answer)) => {
                        command.push_str("\n\n");
                        let written = async { Ok(self.stream.write_all(command.as_bytes()).await?) };
                        if let Err(why) = within(written).await {
                            return why;
                        }
                        self.asked.push_back(answer);
                    }
                    None => return KeypadError::Closed,
                },
            }
        }
    }

    async fn read_frames(&mut self) -> Result<(), KeypadError> {
        while let Some(frame) = frames::first(self.buffer.as_slice(), self.buffer.capacity())? {
            let bytes = self.buffer.as_slice();
            match frame.kind {
                Kind::Reply => {
                    let reply = frames::header(&bytes[frame.head.clone()], b"Reply-Text");
                    let good = reply.is_some_and(|text| text.starts_with(b"+OK"));
                    if let Some(answer) = self.asked.pop_front() {
                        let _ = answer.send(good);
                    }
                }
                Kind::Event => {
                    self.count_runs(&bytes[frame.body.clone()]);
                    for key in frames::keys(&bytes[frame.body.clone()]) {
                        if self.open {
                            // A desk that is gone is told by the order channel's end, not here.
                            let limit = Duration::from_millis(super::REPORT_TIMEOUT_MS);
                            let _ = self.reports.send_timeout(FromPbx::Key(key), limit).await;
                        }
                    }
                }
                Kind::Other => {}
                Kind::Goodbye => {
                    self.buffer.consume(frame.length());
                    return Err(KeypadError::Closed);
                }
            }
            self.buffer.consume(frame.length());
        }
        Ok(())
    }
}

impl Connection {
    fn count_runs(&self, event: &[u8]) {
        if frames::header(event, b"Event-Name") != Some(b"CHANNEL_EXECUTE_COMPLETE") {
            return;
        }
        match frames::header(event, b"Application") {
            Some(b"bind_digit_action") => self.ran.send_modify(|run| run.bound += 1),
            Some(b"clear_digit_action") => self.ran.send_modify(|run| run.cleared += 1),
            _ => {}
        }
    }
}

async fn fill(stream: &mut TcpStream, buffer: &mut SecretBuffer) -> Result<(), KeypadError> {
    match stream.read(buffer.spare_mut()).await? {
        0 => Err(KeypadError::Closed),
        bytes => {
            buffer.filled(bytes);
            Ok(())
        }
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
    })
}
