//! `GET /v1/events`: the live feed as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Query, State as Extracted};
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event as SseEvent, KeepAlive};
use futures_util::Stream;
use serde::Deserialize;
use uuid::Uuid;

use super::State;
use crate::desk::{Event, FeedError, Listener};

/// A comment is sent after this much silence, so that proxies keep the stream open.
const KEEP_ALIVE_MS: u64 = 15_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Only this payment's events.
    payment: Option<Uuid>,
}

/// What is left to send to one listener.
struct Tap {
    listener: Listener,
    backlog: std::vec::IntoIter<Event>,
    gap: bool,
    only: Option<Uuid>,
    stop: tokio_util::sync::CancellationToken,
    over: bool,
}

pub(super) async fn stream(
    Extracted(state): Extracted<State>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<SseEvent, Infallible>>> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let mut listener = state.desk.feed.listen(last);
    let backlog = std::mem::take(&mut listener.missed).into_iter();
    let gap = listener.gap;
    let tap = Tap { listener, backlog, gap, only: wanted.payment, stop: state.stop, over: false };
    let events = futures_util::stream::unfold(tap, |mut tap| async move {
        let event = tap.next().await?;
        Some((Ok(event), tap))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_millis(KEEP_ALIVE_MS)))
}

impl Tap {
    async fn next(&mut self) -> Option<SseEvent> {
        if self.over {
            return None;
        }
        if std::mem::take(&mut self.gap) {
            return Some(SseEvent::default().event("gap").data("{}"));
        }
        loop {
            let event = match self.backlog.next() {
                Some(event) => event,
                None => {
                    let next = tokio::select! {
                        next = self.listener.next() => next,
                        () = self.stop.cancelled() => return None,
                    };
                    match next {
                        Ok(event) => event,
                        Err(FeedError::Lagged(lost)) => {
                            // Dropped with a marker: whoever comes back names the last event it saw.
                            self.over = true;
                            let data = format!("{{\"lost\":{lost}}}");
                            return Some(SseEvent::default().event("lagged").data(data));
                        }
                        Err(FeedError::Ended) => return None,
                    }
                }
            };
            if self.only.is_none_or(|only| only == event.payment) {
                let data = serde_json::to_string(&event).unwrap_or_default();
                return Some(
                    SseEvent::default().id(event.seq.to_string()).event(event.body.name()).data(data),
                );
            }
        }
    }
}
