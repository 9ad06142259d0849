//! The person before a page.

use axum::Json;
use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use axum::http::{Method, header, request::Parts};
use axum::response::{IntoResponse, Redirect, Response};

use serde_json::json;

use super::refusal::{no_store, unauthorised};
use super::{Auth, Origin, cookies};
use crate::people::{Duty, Person};

/// Where one logs in.
pub(crate) const LOGIN_PATH: &str = "/console/login";

/// Where one chooses a password.
pub(crate) const PASSWORD_PATH: &str = "/console/password";

/// Where one sets up one-time codes.
pub(crate) const CODES_PATH: &str = "/console/codes";

/// Where one logs out.
const LOGOUT_PATH: &str = "/auth/logout";

/// `GET /auth/session`: who is logged in, and their form token, for pages of ours that run scripts.
pub(super) async fn show(person: Person) -> Json<serde_json::Value> {
    Json(view(&person))
}

pub(super) fn view(person: &Person) -> serde_json::Value {
    json!({
        "name": person.name,
        "display": person.display,
        "roles": person.roles,
        "extensions": person.extensions,
        "locale": person.locale,
        "csrf": person.csrf,
        "change_password": person.duty == Some(Duty::ChangePassword),
        "set_up_codes": person.duty == Some(Duty::SetUpCodes),
    })
}

/// What pages ask for on their own ends so; it does not keep a session alive.
const STREAM: &str = "/stream";

async fn find(parts: &Parts, auth: &Auth) -> Result<Option<Person>, Response> {
    let origin = parts.extensions.get::<Origin>();
    let token = origin.and_then(|origin| cookies::find(&parts.headers, *origin, cookies::SESSION));
    let Some(token) = token else { return Ok(None) };
    let active = !parts.uri.path().ends_with(STREAM);
    auth.0.people.session(&token, active).await.map_err(|fault| no_store(&fault))
}

/// Whoever is logged in; others are led to the login page, and those with a duty to the page of their duty.
impl<S> FromRequestParts<S> for Person
where
    S: Send + Sync,
    Auth: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let auth = Auth::from_ref(state);
        let person = find(parts, &auth).await?;
        let path = parts.uri.path();
        let duty = person.as_ref().and_then(|person| person.duty).map(|duty| match duty {
            Duty::ChangePassword => PASSWORD_PATH,
            Duty::SetUpCodes => CODES_PATH,
        });
        match (person, duty) {
            (Some(_), Some(page)) if path != page && path != LOGOUT_PATH => {
                Err(Redirect::to(page).into_response())
            }
            (Some(person), _) => Ok(person),
            (None, _) => Err(absent(parts)),
        }
    }
}

/// For pages that also speak to whoever is not logged in.
impl<S> OptionalFromRequestParts<S> for Person
where
    S: Send + Sync,
    Auth: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Response> {
        find(parts, &Auth::from_ref(state)).await
    }
}

fn absent(parts: &Parts) -> Response {
    let accepts = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !accepts.contains("text/html") {
        return unauthorised("the session has ended: log in again");
    }
    // A form cannot be sent again after a login: back to where one reads.
    let here = match (&parts.method, parts.uri.path_and_query()) {
        (&Method::GET, Some(here)) => here.as_str(),
        _ => "/console",
    };
    let next: String = here.bytes().map(escaped).collect();
    Redirect::to(&format!("{LOGIN_PATH}?next={next}")).into_response()
}

/// A byte as it may stand in a query (RFC 3986).
fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
        return char::from(byte).to_string();
    }
    format!("%{byte:02X}")
}
