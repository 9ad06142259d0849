//! The listener for private connections: who is expected is let in, a caller of the payment number is
//! announced, everybody else is turned away and their call handed on to the rest of the dialplan.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::sleep;
use tracing::{debug, warn};

use super::keypad::{Caller, Line};
use crate::pbx::{LegId, Means, News, Offer};

/// Private connections open at once; one more is turned away.
pub(super) const PRIVATE_CONNECTIONS_MAX: usize = 8_192;
/// How long a caller of the payment number waits for a payment to be opened before the dialplan goes on.
const HELD_TIMEOUT_MS: u64 = 20_000;
/// Pause after the system refused to accept a connection.
const ACCEPT_PAUSE_MS: u64 = 100;

/// Who may come in.
#[derive(Default)]
pub(super) struct Door {
    expected: Mutex<HashMap<String, Expected>>,
    held: Mutex<HashMap<String, Line>>,
}

struct Expected {
    nonce: String,
    line: oneshot::Sender<Line>,
}

/// Somebody we wait for; dropping it ends the wait.
pub(super) struct Waiting {
    door: Arc<Door>,
    leg: String,
    line: oneshot::Receiver<Line>,
}

impl Waiting {
    /// The connection of the leg, once it comes.
    pub async fn line(&mut self) -> Option<Line> {
        (&mut self.line).await.ok()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        lock(&self.door.expected).remove(&self.leg);
    }
}

impl Door {
    /// Lets in the connection of this leg, if it knows the word.
    pub fn expect(self: &Arc<Self>, leg: &str, nonce: &str) -> Waiting {
        let (sender, line) = oneshot::channel();
        lock(&self.expected).insert(leg.to_owned(), Expected { nonce: nonce.to_owned(), line: sender });
        Waiting { door: Arc::clone(self), leg: leg.to_owned(), line }
    }

    /// The connection of a caller of the payment number.
    pub fn held(&self, leg: &str) -> Option<Line> {
        lock(&self.held).remove(leg)
    }

    /// Whether such a caller waits.
    pub fn holds(&self, leg: &str) -> bool {
        lock(&self.held).contains_key(leg)
    }

    /// Hands on every caller of the payment number for whom no payment was opened.
    pub fn close(&self) {
        lock(&self.held).clear();
    }

    /// Accepts connections for ever.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, news: mpsc::Sender<News>) {
        let room = Arc::new(Semaphore::new(PRIVATE_CONNECTIONS_MAX));
        loop {
            let stream = match listener.accept().await {
                Ok((stream, peer)) if peer.ip().is_loopback() => stream,
                Ok(_) => continue,
                Err(error) => {
                    warn!(%error, "cannot accept a private connection of FreeSWITCH");
                    sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
                warn!(most = PRIVATE_CONNECTIONS_MAX, "too many private connections: a call is handed on");
                continue;
            };
            let (door, news) = (Arc::clone(&self), news.clone());
            tokio::spawn(async move { door.admit(stream, place, news).await });
        }
    }

    async fn admit(
        self: Arc<Self>,
        stream: TcpStream,
        place: tokio::sync::OwnedSemaphorePermit,
        news: mpsc::Sender<News>,
    ) {
        let line = match Line::greet(stream, place).await {
            Ok(line) => line,
            Err(error) => {
                debug!(%error, "a connection to the keypad port is not FreeSWITCH's");
                return;
            }
        };
        let leg = line.caller.leg.clone();
        let expected = {
            let mut expected = lock(&self.expected);
            match expected.get(&leg) {
                Some(e) if line.caller.nonce.as_deref() == Some(e.nonce.as_str()) => expected.remove(&leg),
                _ => None,
            }
        };
        if let Some(expected) = expected {
            // Nobody waits any more: dropping the line hands the call on.
            let _ = expected.line.send(line);
            return;
        }
        if !line.caller.direct {
            warn!(%leg, "a leg nobody asked for came to the keypad port: it is handed on");
            return;
        }
        let offer = direct_offer(&line.caller);
        lock(&self.held).insert(leg.clone(), line);
        if news.send(News::Offer(offer)).await.is_err() {
            lock(&self.held).remove(&leg);
            return;
        }
        sleep(Duration::from_millis(HELD_TIMEOUT_MS)).await;
        if lock(&self.held).remove(&leg).is_some() {
            warn!(%leg, "no payment was opened for a caller of the payment number: the dialplan goes on");
        }
    }
}

fn direct_offer(caller: &Caller) -> Offer {
    Offer {
        customer: LegId(caller.leg.clone()),
        agent: None,
        means: Means::DirectNumber,
        caller_number: caller.caller_number.clone(),
        dialled_number: caller.dialled_number.clone(),
        agent_extension: None,
        reference: caller.reference.clone(),
        amount: caller.amount.clone(),
        currency: caller.currency.clone(),
        language: caller.language.clone(),
        merchant: caller.merchant.clone(),
        queue: caller.queue.clone(),
        customer_name: caller.customer_name.clone(),
        customer_email: caller.customer_email.clone(),
        customer_reference: caller.customer_reference.clone(),
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic while it was held cannot leave these maps half-changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
