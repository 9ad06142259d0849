//! The live feed, as server-sent events and by WebSocket.
//!
//! Both say the same: `gap` first if some of the missed events are no longer kept, then the events; and to whom
//! does not keep up `lagged`, which is the end. So is `closed`, when the session or the key it was opened with holds no
//! longer. Who comes back names the last event it saw.

mod socket;
mod stream;
#[cfg(test)]
mod tests;

pub(super) use socket::{__path_socket, socket};
pub(super) use stream::{__path_stream, stream};

use std::pin::Pin;
use std::sync::Arc;

use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;

use super::auth::Pass;
use super::extract::read_uuid;
use super::problem::{Kind, Problem};
use crate::desk::{Event, Feed, FeedError, Listener, Wanted};

/// Listeners at the same time.
const LISTENERS_MAX: usize = 2_000;

/// A sign of life is sent after this much silence, so that proxies keep the connection open.
const KEEP_ALIVE_MS: u64 = 15_000;

/// Which events; what is not given does not matter.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only this payment's events.
    #[param(format = Uuid)]
    payment: Option<String>,
    /// Only events of this agent's calls, by extension.
    agent: Option<String>,
    /// The number of the last event that was seen: those after it come first, as far as they are kept.
    #[param(minimum = 0)]
    after: Option<u64>,
}

/// What a listener is told.
pub(super) enum Told {
    /// Some events after the named one are no longer kept.
    Gap,
    /// It was too slow: at most so many are lost to it, and it is told nothing more.
    Lagged(u64),
    /// What it was let in with holds no longer, and why: it is told nothing more.
    Closed(&'static str),
    /// An event.
    Event(Arc<Event>),
}

/// Whom all listeners are counted by.
#[derive(Clone)]
pub(super) struct Ears {
    feed: Feed,
    seats: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Ears {
    pub(super) fn new(feed: Feed, stop: CancellationToken) -> Self {
        Self { feed, seats: Arc::new(Semaphore::new(LISTENERS_MAX)), stop }
    }

    /// Begins to listen, for as long as the pass holds; agents hear of their own calls alone.
    fn tap(&self, filter: Filter, pass: Pass) -> Result<Tap, Problem> {
        let caller = pass.caller();
        let own = filter.agent.as_deref().is_some_and(|agent| caller.serves(agent));
        if !own && !caller.serves_all() {
            let detail = "agents hear of their own calls: name your extension as `agent`";
            return Err(Problem::of(Kind::Forbidden, detail).at("agent"));
        }
        let payment = filter.payment.as_deref().map(read_uuid).transpose()?;
        let seat = Arc::clone(&self.seats).try_acquire_owned().map_err(|_| {
            let detail = format!("{LISTENERS_MAX} listeners are there, as many as can be; close one");
            Problem::of(Kind::NotReady, detail)
        })?;
        let wanted = Wanted { payment, agent: filter.agent };
        let listener = self.feed.listen_to(wanted, filter.after);
        let gap = listener.gap;
        let closed = Box::pin(pass.over());
        Ok(Tap { listener, gap, closed, over: false, stop: self.stop.clone(), _seat: seat })
    }
}

/// One listener's end of the feed.
struct Tap {
    listener: Listener,
    gap: bool,
    /// Ends when it may not listen any more.
    closed: Pin<Box<dyn Future<Output = &'static str> + Send>>,
    over: bool,
    stop: CancellationToken,
    _seat: OwnedSemaphorePermit,
}

impl Tap {
    /// What to tell next; none if that was all. May be dropped and asked again.
    async fn next(&mut self) -> Option<Told> {
        if self.over {
            return None;
        }
        if std::mem::take(&mut self.gap) {
            return Some(Told::Gap);
        }
        let next = tokio::select! {
            next = self.listener.next() => next,
            () = self.stop.cancelled() => Err(FeedError::Ended),
            why = &mut self.closed => {
                self.over = true;
                return Some(Told::Closed(why));
            }
        };
        match next {
            Ok(event) => Some(Told::Event(event)),
            Err(FeedError::Lagged(lost)) => {
                self.over = true;
                Some(Told::Lagged(lost))
            }
            Err(FeedError::Ended) => None,
        }
    }
}
