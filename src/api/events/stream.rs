//! `GET /v1/events`: server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::State as Extracted;
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{Event as SseEvent, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};

use super::{Ears, Filter, KEEP_ALIVE_MS, Tap, Told};
use crate::api::auth::Pass;
use crate::api::extract::Params;
use crate::api::problem::{Kind, Problem};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Proxies that know it hand events on at once.
const UNBUFFERED: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");

/// Tells what happens as it happens, as server-sent events.
///
/// The `event` of each is its `type`, its `id` is `seq`, its `data` an Event. Three are none: `gap` (some of the missed
/// events are no longer kept), `lagged` (the reader was too slow; the stream ends) and `closed` (the session or the key
/// holds no longer, or may do something else now, and `why`; the stream ends). After the first two, look up what is under
/// way at `/v1/calls`.
#[utoipa::path(get, path = "/v1/events", operation_id = "stream_events", tag = "events", params(Filter,
    ("Last-Event-ID" = Option<u64>, Header, description = "As `after`; browsers send it by themselves.")), responses(
    (status = 200, description = "The events, for as long as both sides like.",
        body = crate::desk::Event, content_type = "text/event-stream"),
    (status = 400, response = crate::api::openapi::Refusal)))]
pub(in crate::api) async fn stream(
    Extracted(ears): Extracted<Ears>,
    Extension(pass): Extension<Pass>,
    Params(mut filter): Params<Filter>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(last) = headers.get(LAST_EVENT_ID) {
        let last = last.to_str().ok().and_then(|last| last.parse().ok());
        let detail = "Last-Event-ID is the `id` of an event, a number";
        filter.after = Some(last.ok_or_else(|| Problem::of(Kind::Invalid, detail).at("Last-Event-ID"))?);
    }
    let events = futures_util::stream::unfold(ears.tap(filter, pass)?, |mut tap: Tap| async move {
        let told = tap.next().await?;
        Some((Ok::<_, Infallible>(written(&told)), tap))
    });
    let alive = KeepAlive::new().interval(Duration::from_millis(KEEP_ALIVE_MS));
    Ok(([UNBUFFERED], Sse::new(events).keep_alive(alive)).into_response())
}

fn written(told: &Told) -> SseEvent {
    match told {
        Told::Gap => SseEvent::default().event("gap").data("{}"),
        Told::Lagged(lost) => SseEvent::default().event("lagged").data(format!("{{\"lost\":{lost}}}")),
        Told::Closed(why) => {
            SseEvent::default().event("closed").data(serde_json::json!({ "why": why }).to_string())
        }
        Told::Event(event) => {
            SseEvent::default().id(event.seq.to_string()).event(event.body.name()).data(event.json())
        }
    }
}
