//! Signing in, what has to be done first, and the choice of a language. Signing out is `POST /auth/logout`.

mod codes;
mod password;

use askama::Template;
use axum::extract::{Form, FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::api::auth::Origin;
use crate::api::auth::sign::safe_next;
use crate::people::{LoginFault, Password};
use crate::prompts::Language;

use super::Console;
use super::locale::{COOKIE, Locale};
use super::page::{Shell, page, see};

pub(super) use codes::{confirm_codes, show_codes};
pub(super) use password::{change_password, show_password};

/// A choice of language is kept for a year.
const LANGUAGE_KEPT_S: u32 = 31_536_000;

/// A longer name is none.
const MAX_NAME_CHARS: usize = 100;

/// What stands in the address of the login page.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    next: String,
}

#[derive(Template)]
#[template(path = "login.html", config = "src/api/console/askama.toml")]
struct LoginPage {
    shell: Shell,
    next: String,
    name: String,
    told: String,
    told_kind: &'static str,
    provider: bool,
}

/// The language of somebody who is not signed in, and where they are.
pub(super) struct Stranger {
    locale: Locale,
    here: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Stranger {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self { locale: Locale::choose(None, &parts.headers), here: super::reader::here(parts) })
    }
}

impl Stranger {
    fn page(&self, console: &Console, next: &str, name: &str, told: &str, status: StatusCode) -> Response {
        let w = self.locale.words();
        let login = LoginPage {
            shell: Shell::new(self.locale, None, w.sign_in, &self.here),
            next: safe_next(next).to_owned(),
            name: name.chars().take(MAX_NAME_CHARS).collect(),
            told: told.to_owned(),
            told_kind: if status.is_success() { "" } else { "bad" },
            provider: console.auth.provider().is_some(),
        };
        page(&login, status)
    }
}

/// `GET /console/login?next=/desk`
pub(super) async fn show(
    State(console): State<Console>,
    Query(wanted): Query<Wanted>,
    stranger: Stranger,
) -> Response {
    stranger.page(&console, &wanted.next, "", "", StatusCode::OK)
}

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    next: String,
    name: String,
    password: String,
    #[serde(default)]
    totp: String,
}

/// `POST /console/login`
pub(super) async fn sign_in(
    State(console): State<Console>,
    origin: Origin,
    stranger: Stranger,
    Form(typed): Form<Typed>,
) -> Response {
    let w = stranger.locale.words();
    let code = Some(typed.totp.trim()).filter(|code| !code.is_empty());
    let password = Password::new(typed.password);
    match console.auth.sign_in(origin, &typed.name, password, code).await {
        Ok((_, cookie)) => {
            let mut answer = see(safe_next(&typed.next));
            answer.headers_mut().append(header::SET_COOKIE, cookie);
            answer
        }
        Err(fault) => {
            let (status, told) = match &fault {
                LoginFault::Refused => (StatusCode::UNAUTHORIZED, w.sign_in_failed),
                LoginFault::CodeNeeded => (StatusCode::UNAUTHORIZED, w.code_needed),
                LoginFault::NotPrivate => (StatusCode::FORBIDDEN, w.not_private),
                LoginFault::ShutOut { .. } => (StatusCode::TOO_MANY_REQUESTS, w.shut_out),
                LoginFault::Codes => (StatusCode::SERVICE_UNAVAILABLE, w.codes_fail),
                LoginFault::Provider(_) | LoginFault::Hash(_) | LoginFault::Store(_) => {
                    tracing::error!("nobody can sign in: {fault}");
                    (StatusCode::SERVICE_UNAVAILABLE, w.failed_help)
                }
            };
            let mut answer = stranger.page(&console, &typed.next, &typed.name, told, status);
            if let LoginFault::ShutOut { wait_s } = fault {
                answer.headers_mut().insert(header::RETRY_AFTER, wait_s.into());
            }
            answer
        }
    }
}

/// What stands in the address of the choice of a language.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    to: String,
    next: String,
}

/// `GET /console/language?to=fr&next=/desk`: changes nothing but what this browser is shown.
pub(super) async fn language(Query(choice): Query<Choice>, headers: HeaderMap) -> Response {
    let mut answer = see(safe_next(&choice.next));
    // Nobody's page changes another page's language from elsewhere.
    let elsewhere = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if let Ok(language) = choice.to.parse::<Language>()
        && !elsewhere
    {
        let code = language.code();
        let cookie = format!("{COOKIE}={code}; Path=/; Max-Age={LANGUAGE_KEPT_S}; HttpOnly; SameSite=Lax");
        if let Ok(cookie) = cookie.parse() {
            answer.headers_mut().insert(header::SET_COOKIE, cookie);
        }
    }
    answer.into_response()
}
