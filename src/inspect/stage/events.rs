//! The daemon's live events, as an integrator reads them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::StageError;

/// Events kept of one run.
const MAX_EVENTS: usize = 200_000;

/// One event as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When.
    pub at: Instant,
    /// The event.
    pub event: Value,
}

impl Seen {
    /// Its `type`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.event["type"].as_str().unwrap_or_default()
    }
}

/// Everything the stream has told so far.
pub struct EventLog {
    seen: Arc<Mutex<Vec<Seen>>>,
    news: Arc<Notify>,
    reading: JoinHandle<()>,
}

impl Drop for EventLog {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl EventLog {
    /// Opens the stream.
    ///
    /// # Errors
    /// If the daemon refuses it.
    pub async fn open(api: &str, key: &str) -> Result<Self, StageError> {
        let client = reqwest::Client::new();
        let request = client.get(format!("{api}/v1/events")).bearer_auth(key);
        // From the daemon's first event on: what happened before we came belongs to the story.
        let answer = request.header("last-event-id", "0").send().await;
        let mut answer = answer
            .and_then(reqwest::Response::error_for_status)
            .map_err(|fault| StageError(format!("no live events: {fault}")))?;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let news = Arc::new(Notify::new());
        let (keep, tell) = (Arc::clone(&seen), Arc::clone(&news));
        let reading = tokio::spawn(async move {
            let mut text = Vec::new();
            while let Ok(Some(chunk)) = answer.chunk().await {
                let at = Instant::now();
                text.extend_from_slice(&chunk);
                while let Some(end) = text.windows(2).position(|two| two == b"\n\n") {
                    let frame: Vec<u8> = text.drain(..end + 2).collect();
                    let event = String::from_utf8_lossy(&frame).lines().find_map(|line| {
                        line.strip_prefix("data:").and_then(|data| serde_json::from_str(data.trim()).ok())
                    });
                    let mut kept = keep.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(event) = event
                        && kept.len() < MAX_EVENTS
                    {
                        kept.push(Seen { at, event });
                    }
                }
                tell.notify_waiters();
            }
        });
        Ok(Self { seen, news, reading })
    }

    /// All so far.
    #[must_use]
    pub fn all(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many so far: a place to wait from.
    #[must_use]
    pub fn place(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Everything from the beginning on, one after another.
    #[must_use]
    pub fn follow(&self) -> Follower {
        Follower { seen: Arc::clone(&self.seen), news: Arc::clone(&self.news), place: 0 }
    }

    /// Waits for an event after `place` that fits; `fits` must not ask this log itself.
    ///
    /// # Errors
    /// If none comes in time; what came instead is in the error.
    pub async fn wait(
        &self,
        place: usize,
        at_most_ms: u64,
        what: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> Result<Seen, StageError> {
        let end = tokio::time::Instant::now() + Duration::from_millis(at_most_ms);
        loop {
            let news = self.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            let found = {
                let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.iter().skip(place).find(|seen| fits(&seen.event)).cloned()
            };
            if let Some(found) = found {
                return Ok(found);
            }
            if tokio::time::timeout_at(end, news).await.is_err() {
                let came: Vec<_> = self.all().iter().skip(place).map(|seen| seen.event.to_string()).collect();
                return Err(StageError(format!(
                    "waited {at_most_ms} ms for {what}; instead came:\n  {}",
                    came.join("\n  ")
                )));
            }
        }
    }

    /// Waits until so many events of a `type` have come.
    ///
    /// # Errors
    /// If they do not come in time; how many did is in the error.
    pub async fn wait_count(&self, kind: &str, count: usize, at_most_ms: u64) -> Result<(), StageError> {
        let end = tokio::time::Instant::now() + Duration::from_millis(at_most_ms);
        loop {
            let news = self.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            let came = {
                let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.iter().filter(|seen| seen.kind() == kind).count()
            };
            if came >= count {
                return Ok(());
            }
            if tokio::time::timeout_at(end, news).await.is_err() {
                return Err(StageError(format!(
                    "{came} events {kind} instead of {count} after {at_most_ms} ms"
                )));
            }
        }
    }

    /// Waits for an event of this `type` of this payment.
    ///
    /// # Errors
    /// As [`EventLog::wait`].
    pub async fn wait_for(&self, place: usize, kind: &str) -> Result<Seen, StageError> {
        self.wait(place, 20_000, kind, |event| event["type"] == kind).await
    }
}

/// Reads an [`EventLog`] along.
pub struct Follower {
    seen: Arc<Mutex<Vec<Seen>>>,
    news: Arc<Notify>,
    place: usize,
}

impl Follower {
    /// The next event; waits for it.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            let news = self.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            let next = self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(self.place).cloned();
            if let Some(next) = next {
                self.place += 1;
                return Some(next.event);
            }
            news.await;
        }
    }
}
