//! Signing in and out, and the choice of a language.

use axum::extract::Query;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::locale::COOKIE;
use super::page::{own_place, see};
use crate::prompts::Language;

/// A choice of language is kept for a year.
const LANGUAGE_KEPT_S: u32 = 31_536_000;

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Choice {
    to: String,
    next: String,
}

/// `GET /console/language?to=fr&next=/desk`: changes nothing but what this browser is shown.
pub(super) async fn language(Query(choice): Query<Choice>) -> Response {
    let mut answer = see(own_place(&choice.next));
    if let Ok(language) = choice.to.parse::<Language>() {
        let cookie = format!(
            "{COOKIE}={}; Path=/; Max-Age={LANGUAGE_KEPT_S}; HttpOnly; SameSite=Lax",
            language.code()
        );
        if let Ok(cookie) = cookie.parse() {
            answer.headers_mut().insert(header::SET_COOKIE, cookie);
        }
    }
    answer.into_response()
}
