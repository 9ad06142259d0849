//! A provider that breaks on demand: one harness for all connectors.
//!
//! A [`Script`] says how one provider answers; the harness takes requests over real HTTP, remembers answers by
//! idempotency key as far as the provider does, counts what was charged, and lets the way of each answer fail as
//! the test wants.

use serde_json::Value;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::LATE_MS;
pub use super::asked::Asked;
use super::asked::read;

/// What goes wrong on the way of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Done; the connection is cut without an answer.
    Cut,
    /// The connection is cut before anything is done.
    CutBefore,
    /// Done; HTTP 500.
    Error,
    /// HTTP 500 before anything is done.
    ErrorBefore,
    /// Done; the answer comes late.
    Slow,
    /// Done; the connection is cut in the middle of the answer.
    HalfABody,
    /// Done; the answer is no JSON.
    WrongJson,
    /// HTTP 307 to another host, before anything is done.
    Redirect,
}

impl Break {
    pub const ALL: [Break; 8] = [
        Break::Cut,
        Break::CutBefore,
        Break::Error,
        Break::ErrorBefore,
        Break::Slow,
        Break::HalfABody,
        Break::WrongJson,
        Break::Redirect,
    ];

    fn done_first(self) -> bool {
        !matches!(self, Break::CutBefore | Break::ErrorBefore | Break::Redirect)
    }
}

/// What a provider says to a request.
#[derive(Clone, Debug)]
pub struct Said {
    pub status: u16,
    pub body: String,
    /// The key of the charge this made, if it made one.
    pub charged: Option<String>,
}

impl Said {
    pub fn new(status: u16, body: Value) -> Said {
        Said { status, body: body.to_string(), charged: None }
    }

    pub fn charging(self, key: &str) -> Said {
        Said { charged: Some(key.into()), ..self }
    }
}

/// How one provider answers. Sees what was charged so far, by key.
pub trait Script: Send + Sync + 'static {
    /// The idempotency key under which the answer is remembered; `None` where the provider remembers none.
    fn key(&self, asked: &Asked) -> Option<String>;

    /// Whether an answer that became an HTTP 500 is not remembered, so that its key is a new request again.
    fn forgets_errors(&self) -> bool {
        false
    }

    /// The answer to a request whose key was not seen.
    fn answer(&self, asked: &Asked, charges: &HashMap<String, u32>) -> Said;
}

#[derive(Default)]
struct Book {
    asked: Vec<Asked>,
    remembered: HashMap<String, Said>,
    charges: HashMap<String, u32>,
    breaks: Vec<(String, Break)>,
}

/// A fake at work.
#[derive(Clone)]
pub struct Fake {
    pub address: SocketAddr,
    book: Arc<Mutex<Book>>,
}

impl Fake {
    pub async fn start(script: impl Script) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let fake = Fake { address: listener.local_addr().expect("an address"), book: Arc::default() };
        let (script, book) = (Arc::new(script), Arc::clone(&fake.book));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, book) = (Arc::clone(&script), Arc::clone(&book));
                // A connection that ends ends its task.
                tokio::spawn(async move { serve(stream, &*script, &book).await });
            }
        });
        fake
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next request whose line contains `line` breaks like this, once.
    pub fn break_next(&self, line: &str, how: Break) {
        locked(&self.book).breaks.push((line.into(), how));
    }

    /// Everything asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        locked(&self.book).asked.clone()
    }

    /// How often each key was charged.
    pub fn charges(&self) -> HashMap<String, u32> {
        locked(&self.book).charges.clone()
    }
}

fn locked(book: &Mutex<Book>) -> std::sync::MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(mut stream: TcpStream, script: &dyn Script, book: &Mutex<Book>) -> io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(asked) = read(&mut stream, &mut buffer).await? {
        let (said, how) = decide(asked, script, book);
        let head = format!(
            "HTTP/1.1 {} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            said.status,
            said.body.len()
        );
        match how {
            Some(Break::Cut | Break::CutBefore) => return Ok(()),
            Some(Break::HalfABody) => {
                let half = &said.body[..said.body.len() / 2];
                stream.write_all(format!("{head}{half}").as_bytes()).await?;
                return stream.flush().await;
            }
            Some(Break::Slow) => tokio::time::sleep(Duration::from_millis(LATE_MS)).await,
            _ => {}
        }
        let text = match how {
            Some(Break::Error | Break::ErrorBefore) => {
                "HTTP/1.1 500 X\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}".to_owned()
            }
            Some(Break::WrongJson) => "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{\"id\":<".to_owned(),
            Some(Break::Redirect) => {
                "HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n".to_owned()
            }
            _ => format!("{head}{}", said.body),
        };
        stream.write_all(text.as_bytes()).await?;
    }
    Ok(())
}

/// Decides, charges and writes down, in one go.
fn decide(asked: Asked, script: &dyn Script, book: &Mutex<Book>) -> (Said, Option<Break>) {
    let mut book = locked(book);
    book.asked.push(asked.clone());
    let planned = book.breaks.iter().position(|(line, _)| asked.line().contains(line.as_str()));
    let how = planned.map(|at| book.breaks.remove(at).1);
    if how.is_some_and(|how| !how.done_first()) {
        return (Said { status: 500, body: String::new(), charged: None }, how);
    }
    let key = script.key(&asked);
    if let Some(said) = key.as_ref().and_then(|key| book.remembered.get(key)) {
        return (said.clone(), how);
    }
    let said = script.answer(&asked, &book.charges);
    if let Some(charged) = &said.charged {
        *book.charges.entry(charged.clone()).or_default() += 1;
    }
    if let Some(key) = key.filter(|_| !(script.forgets_errors() && how == Some(Break::Error))) {
        book.remembered.insert(key, said.clone());
    }
    (said, how)
}
