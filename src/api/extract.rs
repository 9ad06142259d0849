//! What a request holds, or a problem that says what is wrong with it.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Json, Path, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::MAX_BODY_BYTES;
use super::problem::{Kind, Problem};
use crate::store::{Cursor, MAX_PAGE_LENGTH, StoreError};

/// The body, read as JSON.
pub(super) struct Body<T>(pub T);

/// What stands after the `?`.
pub(super) struct Params<T>(pub T);

/// The payment that the address names.
pub(super) struct PaymentId(pub Uuid);

/// Another name that the address holds: one segment.
pub(super) struct Segments<T>(pub T);

impl<S, T> FromRequest<S> for Body<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Json::from_request(request, state).await.map(|Json(body)| Self(body)).map_err(refused)
    }
}

fn refused(fault: JsonRejection) -> Problem {
    match &fault {
        JsonRejection::MissingJsonContentType(_) => {
            Problem::of(Kind::MediaType, "send the body as JSON, with `Content-Type: application/json`")
        }
        JsonRejection::JsonSyntaxError(_) => Problem::of(Kind::NotJson, fault.body_text()),
        JsonRejection::JsonDataError(_) => Problem::of(Kind::Invalid, fault.body_text()),
        fault if fault.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::of(Kind::TooLong, format!("a body has at most {MAX_BODY_BYTES} bytes"))
        }
        _ => Problem::of(Kind::Invalid, format!("the body could not be read: {}", fault.body_text())),
    }
}

impl<S, T> FromRequestParts<S> for Params<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Query::from_request_parts(parts, state).await;
        read.map(|Query(params)| Self(params)).map_err(|fault| Problem::of(Kind::Invalid, fault.body_text()))
    }
}

impl<S> FromRequestParts<S> for PaymentId
where
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Segments(id): Segments<String> = Segments::from_request_parts(parts, state).await?;
        read_uuid(&id).map(Self)
    }
}

impl<S, T> FromRequestParts<S> for Segments<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Path::from_request_parts(parts, state).await;
        read.map(|Path(segments)| Self(segments))
            .map_err(|fault| Problem::of(Kind::Invalid, fault.body_text()))
    }
}

/// A UUID in its usual form, with hyphens (RFC 9562): one thing has one address.
pub(super) fn read_uuid(text: &str) -> Result<Uuid, Problem> {
    let read = Uuid::try_parse(text).ok().filter(|_| text.len() == uuid::fmt::Hyphenated::LENGTH);
    read.ok_or_else(|| {
        let detail = "an id looks like 0190b2c4-7e1f-7000-8000-1234567890ab";
        Problem::of(Kind::Invalid, detail).at("id")
    })
}

/// An instant as RFC 3339 writes it.
pub(super) fn read_instant(name: &'static str, text: &str) -> Result<i64, Problem> {
    let read = text.parse::<jiff::Timestamp>();
    read.map(jiff::Timestamp::as_millisecond).map_err(|_| {
        let detail =
            format!("{name}: `{}` is no instant; write for example 2026-11-22T09:00:00Z", shown(text));
        Problem::of(Kind::Invalid, detail).at(name)
    })
}

/// A page if nobody says how long.
const PAGE_LENGTH: u32 = 50;

/// The longest text that is looked for.
pub(super) const SOUGHT_MAX_CHARS: usize = 256;

/// What is looked for has a length.
pub(super) fn not_longer(name: &'static str, text: Option<&str>, max_chars: usize) -> Result<(), Problem> {
    match text.is_some_and(|text| text.chars().count() > max_chars) {
        true => Err(Problem::invalid(name, format!("{name}: at most {max_chars} characters"))),
        false => Ok(()),
    }
}

/// Where a page begins, and how long it is.
pub(super) fn page_of(cursor: Option<&str>, limit: Option<u32>) -> Result<(Option<Cursor>, u32), Problem> {
    let limit = limit.unwrap_or(PAGE_LENGTH);
    if !(1..=MAX_PAGE_LENGTH).contains(&limit) {
        let detail = format!("a page has at least one entry and at most {MAX_PAGE_LENGTH}");
        return Err(Problem::of(Kind::Invalid, detail).at("limit"));
    }
    let after = cursor.map(str::parse).transpose();
    let after = after.map_err(|fault: StoreError| Problem::of(Kind::Invalid, fault.to_string()).at("cursor"));
    Ok((after?, limit))
}

/// An instant as it is told.
pub(super) fn instant(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}

/// The beginning of what a caller sent, to be shown to them.
pub(super) fn shown(text: &str) -> &str {
    const SHOWN_BYTES: usize = 40;
    &text[..text.floor_char_boundary(SHOWN_BYTES)]
}
