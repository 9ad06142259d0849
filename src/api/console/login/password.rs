//! Choosing a password of one's own.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::people::Password;

use super::super::Console;
use super::super::page::{Shell, page, see};
use super::super::reader::Reader;

#[derive(Template)]
#[template(path = "password.html", config = "src/api/console/askama.toml")]
struct PasswordPage {
    shell: Shell,
    csrf: String,
    told: String,
    detail: String,
}

/// `GET /console/password`
pub(in super::super) async fn show_password(reader: Reader) -> Response {
    password_page(&reader, "", String::new(), StatusCode::OK)
}

fn password_page(reader: &Reader, told: &str, detail: String, status: StatusCode) -> Response {
    let shell = reader.shell(reader.locale.words().choose_password);
    page(&PasswordPage { shell, csrf: reader.csrf(), told: told.to_owned(), detail }, status)
}

#[derive(Deserialize)]
pub(in super::super) struct Typed {
    present: String,
    new: String,
    again: String,
}

/// `POST /console/password`
pub(in super::super) async fn change_password(
    State(console): State<Console>,
    reader: Reader,
    Form(typed): Form<Typed>,
) -> Response {
    let w = reader.locale.words();
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    let (present, new, again) =
        (Password::new(typed.present), Password::new(typed.new), Password::new(typed.again));
    if new.expose() != again.expose() {
        return password_page(&reader, w.passwords_differ, String::new(), wrong);
    }
    match console.auth.people().change_password(&reader.viewer.person, &present, &new).await {
        Ok(()) => see("/console"),
        Err(fault) => password_page(&reader, w.password_refused, fault.to_string(), wrong),
    }
}
