//! Fresh parts of a page, as server-sent events.
//!
//! Every event holds the whole of what is shown, so it does not matter how many were missed: whoever comes back,
//! whatever the `Last-Event-ID` (which may be one of a former life of the daemon), gets the newest. A beat tells
//! the page that somebody is still there; `closed` that whoever looked is signed in no longer.

use std::convert::Infallible;
use std::time::Duration;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response, Sse};
use futures_util::StreamExt;
use futures_util::stream::unfold;
use tokio::sync::watch;

use super::super::Console;
use super::super::board::AgentPicture;
use super::super::reader::Reader;
use super::Wanted;
use super::view::{CallParts, SideParts};

/// A page that hears nothing for longer than two of these knows that it is cut off.
pub(in super::super) const BEAT_MS: u64 = 10_000;

/// The browser tries again after this.
const RETRY_MS: u64 = 1_000;

/// One screen.
struct Screen {
    console: Console,
    reader: Reader,
    agent: String,
    pictures: watch::Receiver<AgentPicture>,
    first: bool,
}

/// `GET /desk/stream?agent=1001`
pub(in super::super) async fn stream(
    State(console): State<Console>,
    Query(wanted): Query<Wanted>,
    reader: Reader,
) -> Response {
    let Some(agent) = wanted.agent.filter(|agent| reader.viewer.may_see_agent(agent)) else {
        return StatusCode::FORBIDDEN.into_response();
    };
    let pictures = console.board.watch_agent(&agent);
    let gone = reader.viewer.gone();
    let screen = Screen { console, reader, agent, pictures, first: true };
    events(
        unfold(screen, |mut screen| async move {
            let event = screen.next().await?;
            Some((event, screen))
        }),
        gone,
    )
}

/// A stream of events that nothing on the way keeps back; it ends when whoever looks is `gone`.
pub(in super::super) fn events<S, G>(stream: S, gone: G) -> Response
where
    S: futures_util::Stream<Item = Event> + Send + 'static,
    G: Future<Output = &'static str> + Send + 'static,
{
    let both = Some((Box::pin(stream), Box::pin(gone)));
    let bounded = unfold(both, |both| async move {
        let (mut stream, mut gone) = both?;
        tokio::select! {
            why = &mut gone => {
                let closed = Event::default().event("closed").data(serde_json::json!({ "why": why }).to_string());
                Some((Ok::<_, Infallible>(closed), None))
            }
            next = stream.next() => Some((Ok(next?), Some((stream, gone)))),
        }
    });
    let mut answer = Sse::new(bounded).into_response();
    let headers = answer.headers_mut();
    headers.insert("cache-control", axum::http::HeaderValue::from_static("no-store"));
    // Proxies that gather an answer before they hand it on.
    headers.insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
    answer
}

/// Parts of a page as an event. A carriage return cannot be sent, and means nothing in HTML.
pub(in super::super) fn parts(html: &str, id: u64) -> Event {
    let event = Event::default().event("parts").retry(Duration::from_millis(RETRY_MS));
    event.id(id.to_string()).data(html.replace('\r', ""))
}

/// Nothing new, but somebody is there.
pub(in super::super) fn beat() -> Event {
    Event::default().event("beat").data("1")
}

impl Screen {
    async fn next(&mut self) -> Option<Event> {
        if !std::mem::take(&mut self.first) && !next_change(&self.console, &mut self.pictures).await? {
            return Some(beat());
        }
        let picture = self.pictures.borrow_and_update().clone();
        let id = picture.as_ref().map_or(0, |picture| picture.seq);
        let view = self.console.view(picture.as_deref(), &self.reader, &self.agent);
        let html =
            format!("{}{}", CallParts { v: &view }.render().ok()?, SideParts { v: &view }.render().ok()?);
        Some(parts(&html, id))
    }
}

/// Waits for a change: true if there is one, false if it is time for a beat, none if the daemon stops.
pub(in super::super) async fn next_change<T>(
    console: &Console,
    changes: &mut watch::Receiver<T>,
) -> Option<bool> {
    let waited = tokio::time::timeout(Duration::from_millis(BEAT_MS), changes.changed());
    tokio::select! {
        changed = waited => match changed {
            Ok(changed) => changed.ok().map(|()| true),
            Err(_) => Some(false),
        },
        () = console.stop.cancelled() => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_page_that_is_never_still_is_closed_too_when_nobody_is_signed_in_any_more() {
        let busy = futures_util::stream::repeat_with(beat).then(async |beat| {
            tokio::task::yield_now().await;
            beat
        });
        let gone = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            "the session has ended"
        };
        let body = axum::body::to_bytes(events(busy, gone).into_body(), usize::MAX);
        let body = tokio::time::timeout(Duration::from_secs(20), body).await.expect("it ends").unwrap();
        let told = String::from_utf8_lossy(&body);
        assert!(told.starts_with("event: beat\ndata: 1\n\n"), "{told:.100}");
        assert!(told.ends_with("event: closed\ndata: {\"why\":\"the session has ended\"}\n\n"));
    }
}
