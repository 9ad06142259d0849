//! Logging in and out, with the cookie that goes with it.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::person::LOGIN_PATH;
use super::{Auth, Origin, cookies};
use crate::api::problem::Problem;
use crate::people::{Login, LoginFault, Password, Person, Session};

/// Where one goes if nothing else is said.
const HOME: &str = "/console";

/// The longest address to go back to.
const MAX_NEXT_BYTES: usize = 1024;

impl Auth {
    /// Logs somebody in; the header is a `Set-Cookie` for the answer.
    ///
    /// # Errors
    /// As [`People::login`](crate::people::People::login), over plain HTTP from another machine, and from an address that
    /// was wrong too often.
    pub(crate) async fn sign_in(
        &self,
        origin: Origin,
        name: &str,
        password: Password,
        code: Option<&str>,
    ) -> Result<(Session, HeaderValue), LoginFault> {
        if !origin.private() {
            return Err(LoginFault::NotPrivate);
        }
        if let Some(wait_s) = self.shut_out(origin.address) {
            return Err(LoginFault::ShutOut { wait_s });
        }
        let from = origin.address.to_string();
        let done = self.0.people.login(&Login { name, password, code, from: &from }).await;
        if matches!(done, Err(LoginFault::Refused)) {
            self.guessed_wrong(origin.address).await;
        }
        let session = done?;
        let cookie = cookies::set(self, origin, cookies::SESSION, &session.token);
        Ok((session, cookie))
    }
}

/// What somebody types to log in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    name: String,
    password: Password,
    code: Option<String>,
}

/// `POST /auth/login`: logs somebody in from a page of ours that runs scripts; sets the cookie.
pub(super) async fn log_in(
    State(auth): State<Auth>,
    origin: Origin,
    typed: Result<Json<Typed>, JsonRejection>,
) -> Response {
    let Ok(Json(typed)) = typed else {
        let detail = "send {\"name\", \"password\", \"code\"} as JSON; the code only if one is asked for";
        return Problem::new(StatusCode::BAD_REQUEST, "the request cannot be understood", detail)
            .into_response();
    };
    match auth.sign_in(origin, &typed.name, typed.password, typed.code.as_deref()).await {
        Ok((session, cookie)) => {
            ([(header::SET_COOKIE, cookie)], Json(super::person::view(&session.person))).into_response()
        }
        Err(LoginFault::Store(fault)) => super::refusal::no_store(&fault),
        Err(LoginFault::ShutOut { wait_s }) => super::refusal::shut_out(wait_s),
        Err(fault) => {
            let status = match fault {
                LoginFault::Hash(_) | LoginFault::Codes => StatusCode::SERVICE_UNAVAILABLE,
                LoginFault::NotPrivate => StatusCode::FORBIDDEN,
                _ => StatusCode::UNAUTHORIZED,
            };
            let title = if fault == LoginFault::CodeNeeded { "code needed" } else { "not logged in" };
            Problem::new(status, title, fault.to_string()).into_response()
        }
    }
}

/// `POST /auth/logout`: ends the session, and the provider's too if it vouches for the person.
pub(super) async fn log_out(State(auth): State<Auth>, origin: Origin, person: Person) -> Response {
    if let Err(fault) = auth.0.people.logout(&person).await {
        return super::refusal::no_store(&fault);
    }
    let elsewhere = match &auth.0.provider {
        Some(provider) if person.by_provider => provider.logout_url().await,
        _ => None,
    };
    let gone = cookies::set(&auth, origin, cookies::SESSION, "");
    let next = elsewhere.unwrap_or_else(|| LOGIN_PATH.into());
    ([(header::SET_COOKIE, gone)], Redirect::to(&next)).into_response()
}

/// An address of ours to go to after a login: never another site's, whatever the link said.
pub(crate) fn safe_next(next: &str) -> &str {
    let ours = next.starts_with('/') && !next.starts_with("//") && next.len() <= MAX_NEXT_BYTES;
    if ours && !next.chars().any(|c| c == '\\' || c.is_control()) { next } else { HOME }
}

#[cfg(test)]
mod tests {
    use super::safe_next;

    #[test]
    fn a_login_leads_nowhere_else() {
        for ours in ["/desk?agent=1001", "/console/payments", "/"] {
            assert_eq!(safe_next(ours), ours);
        }
        for other in
            ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "", "/a\r\nb"]
        {
            assert_eq!(safe_next(other), "/console", "{other}");
        }
    }
}
