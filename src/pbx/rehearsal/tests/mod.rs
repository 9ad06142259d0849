//! Stories about the stand-in itself: what it says on the wire, what leaks by default, what stops it.

mod adapter;
mod defences;
mod hostile;
mod leaks;
mod media;
mod people;
mod protocol;

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// A published test card.
const CARD: &str = "4111111111111111";
const TONE_MS: u64 = 20;
const GAP_MS: u64 = 5;
/// Longer than anything the stand-in delays, shorter than a digit timeout.
const SETTLE_MS: u64 = 80;

/// A raw Event Socket client.
struct Client {
    stream: TcpStream,
    heard: String,
}

impl Client {
    async fn raw(rehearsal: &Rehearsal) -> Self {
        let stream = TcpStream::connect(rehearsal.control_address()).await.unwrap();
        Self { stream, heard: String::new() }
    }

    async fn login(rehearsal: &Rehearsal) -> Self {
        let mut client = Self::raw(rehearsal).await;
        client.say("auth rehearsal").await;
        client.until("+OK accepted\n\n").await;
        client.heard.clear();
        client
    }

    /// A listener to everything, like another program on the same PBX.
    async fn spy(rehearsal: &Rehearsal) -> Self {
        let mut client = Self::login(rehearsal).await;
        client.ask("event plain ALL").await;
        client
    }

    async fn say(&mut self, command: &str) {
        self.stream.write_all(format!("{command}\n\n").as_bytes()).await.unwrap();
    }

    /// Reads until this text has come; panics with what came instead.
    async fn until(&mut self, text: &str) -> String {
        let wait = tokio::time::timeout(Duration::from_secs(5), async {
            while !self.heard.contains(text) {
                if self.read().await == 0 {
                    break;
                }
            }
        });
        let _ = wait.await;
        assert!(self.heard.contains(text), "no {text:?} in {:?}", self.heard);
        let end = self.heard.find(text).unwrap() + text.len();
        self.heard.drain(..end).collect()
    }

    async fn read(&mut self) -> usize {
        let mut chunk = [0; 16 * 1024];
        let count = self.stream.read(&mut chunk).await.unwrap_or(0);
        self.heard.push_str(&String::from_utf8_lossy(&chunk[..count]));
        count
    }

    /// Everything that comes within the time things need to settle.
    async fn all(&mut self) -> String {
        let _ =
            tokio::time::timeout(Duration::from_millis(SETTLE_MS), async { while self.read().await > 0 {} })
                .await;
        std::mem::take(&mut self.heard)
    }

    /// Sends a command and gives its command/reply.
    async fn ask(&mut self, command: &str) -> String {
        self.say(command).await;
        self.until("Content-Type: command/reply\n").await;
        let reply = self.until("\n\n").await;
        reply.trim_end().trim_start_matches("Reply-Text: ").to_owned()
    }

    /// Sends an `api` command and gives its answer.
    async fn api(&mut self, command: &str) -> String {
        self.say(&format!("api {command}")).await;
        self.until("Content-Type: api/response\nContent-Length: ").await;
        let length: usize = self.until("\n\n").await.trim().parse().unwrap();
        while self.heard.len() < length {
            assert!(self.read().await > 0);
        }
        self.heard.drain(..length).collect()
    }

    async fn execute(&mut self, leg: &str, application: &str, data: &str) {
        let command = format!(
            "sendmsg {leg}\ncall-command: execute\nexecute-app-name: {application}\nexecute-app-arg: {data}"
        );
        assert_eq!(self.ask(&command).await, "+OK");
        settle().await;
    }
}

async fn settle() {
    tokio::time::sleep(Duration::from_millis(SETTLE_MS)).await;
}

/// A stand-in, and the daemon's end of private connections.
async fn start() -> (Rehearsal, TcpListener) {
    let daemon = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = Settings { daemon_address: Some(daemon.local_addr().unwrap()), ..Settings::default() };
    (Rehearsal::start(settings).await.unwrap(), daemon)
}

async fn private(daemon: &TcpListener) -> Client {
    let accepted = tokio::time::timeout(Duration::from_secs(5), daemon.accept()).await;
    Client { stream: accepted.unwrap().unwrap().0, heard: String::new() }
}

/// The whole seal by hand, as an adapter does it.
async fn seal(control: &mut Client, daemon: &TcpListener, call: &RehearsalCall) -> Client {
    let (a, b) = (&call.customer_leg, &call.agent_leg);
    assert_eq!(control.api(&format!("uuid_setvar {a} sensitive_dtmf true")).await, "+OK\n");
    let both = format!("uuid_dual_transfer {a} tonegate_customer/XML/tonegate tonegate_agent/XML/tonegate");
    assert_eq!(control.api(&both).await, "+OK\n");
    let mut line = private(daemon).await;
    line.say("connect").await;
    line.until("Reply-Text: %2BOK%0A\n").await;
    line.until("Control: full\n\n").await;
    assert_eq!(line.ask("myevents").await, "+OK Events Enabled");
    assert_eq!(line.ask("divert_events on").await, "+OK events diverted");
    let keys = format!("tgkeys,~^[0-9*#],api:uuid_setvar,{a} last_matching_digits");
    line.execute("", "bind_digit_action", &keys).await;
    assert_eq!(control.api(&format!("uuid_bridge {a} {b}")).await, format!("+OK {b}\n"));
    line.all().await;
    line
}

/// The keys in the digit events of a private connection.
fn digits_of(text: &str) -> String {
    text.lines()
        .filter_map(|line| line.strip_prefix("digits: "))
        .map(|key| key.replace("%23", "#").trim().to_owned())
        .collect()
}
