//! The control connection: AMI, for orders and ordinary events. It asks for no class that carries keys.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::event;
use super::frames::{self, FRAME_MAX_BYTES, Message};
use super::legs::Legs;
use super::link::LinkError;
use super::settings::AsteriskSettings;

/// Orders that may wait on the connection.
const QUEUE_LENGTH: usize = 256;
/// Orders that may wait for their answer.
const PENDING_MAX: usize = 1_024;
/// Most rows of one list.
const ROWS_MAX: usize = 20_000;
/// How much is read at once, in bytes.
const READ_BYTES: usize = 16 * 1024;
/// Longest greeting, in bytes.
const GREETING_MAX_BYTES: usize = 128;

/// One thing asked of Asterisk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Action(String);

impl Action {
    /// An action and its headers. A value that would end its line is refused when it is sent.
    pub fn new(name: &str) -> Self {
        Self(format!("Action: {name}\r\n"))
    }

    /// One header more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        // What ends a line would begin an order of its own: such a value is cut there.
        let value = value.split(['\r', '\n']).next().unwrap_or_default();
        self.0.push_str(&format!("{name}: {value}\r\n"));
        self
    }
}

/// An answer, with the rows if it was a list.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub message: Message,
    pub rows: Vec<Message>,
}

type Waiter = oneshot::Sender<Answer>;

struct Ask {
    text: String,
    waiters: Vec<(u64, Waiter)>,
}

/// A connection that accepted us.
#[derive(Clone)]
pub(super) struct Ami {
    asks: mpsc::Sender<Ask>,
    answer_timeout: Duration,
    next: Arc<std::sync::atomic::AtomicU64>,
}

/// The work of the connection; it ends with the reason.
pub(super) struct Connection {
    stream: TcpStream,
    bytes: Vec<u8>,
    asks: mpsc::Receiver<Ask>,
    pending: HashMap<u64, (Waiter, Answer)>,
    legs: Arc<Legs>,
}

/// Connects and reads the greeting.
pub(super) async fn dial(settings: &AsteriskSettings) -> Result<TcpStream, String> {
    let address = settings.ami_address;
    let limit = Duration::from_millis(settings.connect_timeout_ms);
    let greeted = async {
        let mut stream = TcpStream::connect(address).await.map_err(|why| {
            format!("AMI does not listen on {address} ({why}): set enabled = yes and bindaddr = 127.0.0.1 in manager.conf, and pbx.asterisk.ami_address here")
        })?;
        let _ = stream.set_nodelay(true);
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let byte = stream.read_u8().await.map_err(|why| {
                format!("AMI on {address} closed the connection ({why}): look at `permit` of the account and at Asterisk's log")
            })?;
            line.push(byte);
            if line.len() > GREETING_MAX_BYTES {
                break;
            }
        }
        if line.starts_with(b"Asterisk Call Manager") {
            Ok(stream)
        } else {
            Err(format!("what listens on {address} is not AMI: correct pbx.asterisk.ami_address"))
        }
    };
    timeout(limit, greeted).await.unwrap_or_else(|_| Err(format!("AMI on {address} does not answer")))
}

/// The words that log in, asking for these classes of events.
pub(super) fn login(user: &str, password: &str, classes: &str) -> zeroize::Zeroizing<String> {
    let password = password.split(['\r', '\n']).next().unwrap_or_default();
    format!("Action: Login\r\nUsername: {user}\r\nSecret: {password}\r\nEvents: {classes}\r\n\r\n").into()
}

/// What to say of a login that was refused.
pub(super) fn refused(user: &str) -> String {
    format!(
        "AMI refuses the account `{user}`: is it in manager.conf with the password of pbx.asterisk.password_file, and was manager reloaded?"
    )
}

impl Ami {
    /// Logs in; the connection then has to be [run](Connection::run).
    ///
    /// # Errors
    /// With a sentence for the admin.
    pub async fn connect(
        settings: &AsteriskSettings,
        password: &str,
        legs: Arc<Legs>,
    ) -> Result<(Self, Connection), String> {
        let mut stream = dial(settings).await?;
        let gone = |why: std::io::Error| format!("AMI closed the connection: {why}");
        stream.write_all(login(&settings.user, password, "user,call").as_bytes()).await.map_err(gone)?;
        let (sender, asks) = mpsc::channel(QUEUE_LENGTH);
        let mut connection = Connection { stream, bytes: Vec::new(), asks, pending: HashMap::new(), legs };
        let answer = async {
            loop {
                match connection.take()? {
                    Some(message) if !message.get("Response").is_empty() => return Ok::<_, String>(message),
                    Some(_) => {}
                    None => connection.fill().await?,
                }
            }
        };
        let limit = Duration::from_millis(settings.connect_timeout_ms);
        let answer: Message =
            timeout(limit, answer).await.unwrap_or_else(|_| Err("AMI does not answer".into()))?;
        if answer.get("Response") != "Success" {
            return Err(refused(&settings.user));
        }
        let answer_timeout = Duration::from_millis(settings.answer_timeout_ms);
        Ok((Self { asks: sender, answer_timeout, next: Arc::default() }, connection))
    }

    /// Asks several things in one go, in this order; the answers in the same.
    ///
    /// # Errors
    /// If one of them is refused or not answered; the others are carried out all the same.
    pub async fn all(&self, actions: &[Action]) -> Result<Vec<Answer>, LinkError> {
        let mut text = String::new();
        let (mut waiters, mut answers) = (Vec::new(), Vec::new());
        for action in actions {
            let id = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            text.push_str(&format!("{}ActionID: {id}\r\n\r\n", action.0));
            let (waiter, answer) = oneshot::channel();
            waiters.push((id, waiter));
            answers.push(answer);
        }
        self.asks.send(Ask { text, waiters }).await.map_err(|_| LinkError::NotConnected)?;
        let gathered = async {
            let mut done = Vec::new();
            for answer in answers {
                done.push(answer.await.map_err(|_| LinkError::NotConnected)?);
            }
            Ok(done)
        };
        let done: Vec<Answer> =
            timeout(self.answer_timeout, gathered).await.unwrap_or(Err(LinkError::Timeout))?;
        match done.iter().find(|answer| answer.message.get("Response") == "Error") {
            Some(answer) => Err(LinkError::Refused(answer.message.get("Message").to_owned())),
            None => Ok(done),
        }
    }

    /// Asks one thing.
    ///
    /// # Errors
    /// If it is refused or not answered.
    pub async fn one(&self, action: Action) -> Result<Answer, LinkError> {
        Ok(self.all(&[action]).await?.pop().unwrap_or_default())
    }
}

impl Connection {
    /// Serves until the connection ends.
    pub async fn run(mut self) -> String {
        loop {
            match self.take() {
                Ok(Some(message)) => {
                    self.hear(message);
                    continue;
                }
                Ok(None) => {}
                Err(why) => return why,
            }
            let mut chunk = [0; READ_BYTES];
            tokio::select! {
                read = self.stream.read(&mut chunk) => match read {
                    Ok(0) => return "Asterisk closed the control connection (AMI)".into(),
                    Ok(count) => self.bytes.extend_from_slice(&chunk[..count]),
                    Err(why) => return format!("the control connection (AMI) broke: {why}"),
                },
                ask = self.asks.recv() => {
                    let Some(ask) = ask else { return "closed".into() };
                    self.pending.retain(|_, (waiter, _)| !waiter.is_closed());
                    if self.pending.len() + ask.waiters.len() > PENDING_MAX {
                        return "Asterisk leaves too many orders unanswered".into();
                    }
                    self.pending.extend(ask.waiters.into_iter().map(|(id, w)| (id, (w, Answer::default()))));
                    if let Err(why) = self.stream.write_all(ask.text.as_bytes()).await {
                        return format!("the control connection (AMI) broke: {why}");
                    }
                }
            }
        }
    }

    /// The next whole frame.
    fn take(&mut self) -> Result<Option<Message>, String> {
        let frame = frames::first(&self.bytes, 0, FRAME_MAX_BYTES).map_err(|why| why.to_string())?;
        Ok(frame.map(|frame| {
            let message = Message::read(&self.bytes[frame.clone()]);
            self.bytes.drain(..frames::length(&frame));
            message
        }))
    }

    async fn fill(&mut self) -> Result<(), String> {
        match self.stream.read_buf(&mut self.bytes).await {
            Ok(0) => Err("AMI closed the connection".into()),
            Ok(_) => Ok(()),
            Err(why) => Err(format!("AMI closed the connection: {why}")),
        }
    }

    fn hear(&mut self, message: Message) {
        let list = message.get("EventList").to_ascii_lowercase();
        let asked = message.get("ActionID").parse().ok().filter(|id| self.pending.contains_key(id));
        let Some(id) = asked else {
            if let Some(heard) = event::from_ami(&message) {
                self.legs.hear(heard);
            }
            return;
        };
        let Some((_, answer)) = self.pending.get_mut(&id) else { return };
        let ended = if !message.get("Response").is_empty() {
            let more = list == "start";
            answer.message = message;
            !more
        } else if list == "complete" {
            true
        } else {
            if answer.rows.len() < ROWS_MAX {
                answer.rows.push(message);
            }
            false
        };
        if ended && let Some((waiter, answer)) = self.pending.remove(&id) {
            let _ = waiter.send(answer);
        }
    }
}
