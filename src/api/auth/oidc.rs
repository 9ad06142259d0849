//! `GET /auth/oidc` and `GET /auth/oidc/callback`: login by the identity provider.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::sign::safe_next;
use super::{Auth, Origin, cookies};
use crate::api::problem::Problem;
use crate::people::LoginFault;
use crate::people::oidc::Returned;

/// Where to go after the login.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    next: String,
}

/// What the provider sends the browser back with (RFC 6749, 4.1.2).
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    error: Option<String>,
}

/// Sends the browser to the provider.
pub(super) async fn begin(
    State(auth): State<Auth>,
    origin: Origin,
    Query(wanted): Query<Wanted>,
) -> Response {
    let Some(provider) = &auth.0.provider else { return none() };
    if !origin.private() {
        return refuse(&LoginFault::NotPrivate);
    }
    let begun = match provider.begin().await {
        Ok(begun) => begun,
        Err(fault) => return refuse(&fault.into()),
    };
    match auth.0.people.wait_for_provider(&begun, safe_next(&wanted.next)).await {
        Ok(token) => {
            let cookie = cookies::set(&auth, origin, cookies::WAITING, &token);
            ([(header::SET_COOKIE, cookie)], Redirect::to(&begun.url)).into_response()
        }
        Err(fault) => super::refusal::no_store(&fault),
    }
}

/// Takes the browser back, logged in.
pub(super) async fn finish(
    State(auth): State<Auth>,
    origin: Origin,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
) -> Response {
    let Some(provider) = &auth.0.provider else { return none() };
    let cookie = cookies::find(&headers, origin, cookies::WAITING).unwrap_or_default();
    if let Some(error) = answer.error {
        let words: String = error.chars().filter(|c| c.is_ascii_graphic()).take(60).collect();
        return refuse(&LoginFault::Provider(format!("the identity provider refused: {words}")));
    }
    let from = origin.address.to_string();
    let back = Returned { cookie: &cookie, state: &answer.state, code: &answer.code, from: &from };
    match auth.0.people.login_by_provider(provider, &back).await {
        Ok((session, next)) => {
            let cookies = AppendHeaders([
                (header::SET_COOKIE, cookies::set(&auth, origin, cookies::SESSION, &session.token)),
                (header::SET_COOKIE, cookies::set(&auth, origin, cookies::WAITING, "")),
            ]);
            (cookies, Redirect::to(&next)).into_response()
        }
        Err(fault) => refuse(&fault),
    }
}

fn none() -> Response {
    let detail = "there is no section [oidc] in the configuration; log in with name and password";
    Problem::new(StatusCode::NOT_FOUND, "no identity provider", detail).into_response()
}

fn refuse(fault: &LoginFault) -> Response {
    tracing::warn!("a login by the identity provider did not succeed: {fault}");
    Problem::new(StatusCode::FORBIDDEN, "not logged in", fault.to_string()).into_response()
}
