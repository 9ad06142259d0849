//! Setting up one-time codes.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::Console;
use super::super::page::{Shell, message, page};
use super::super::reader::Reader;
use crate::people::{Enrolment, PeopleFault};

#[derive(Template)]
#[template(path = "codes.html", config = "src/api/console/askama.toml")]
struct CodesPage {
    shell: Shell,
    csrf: String,
    qr: String,
    secret: String,
    told: String,
    /// Shown once, when all is done.
    recovery: Vec<String>,
}

/// `GET /console/codes`
pub(in super::super) async fn show_codes(State(console): State<Console>, reader: Reader) -> Response {
    let enrolment = console.auth.people().enrol_codes(&reader.viewer.person).await;
    codes_page(&reader, enrolment, String::new(), StatusCode::OK)
}

fn codes_page(
    reader: &Reader,
    enrolment: Result<Enrolment, PeopleFault>,
    told: String,
    status: StatusCode,
) -> Response {
    let w = reader.locale.words();
    let shell = reader.shell(w.set_up_codes);
    match enrolment {
        Ok(enrolment) => {
            let (qr, secret) = (enrolment.qr_svg.to_string(), enrolment.secret.to_string());
            // An XML declaration has no place within a page.
            let qr = qr.find("<svg").map_or(String::new(), |begin| qr[begin..].to_owned());
            let csrf = reader.csrf();
            page(&CodesPage { shell, csrf, qr, secret, told, recovery: Vec::new() }, status)
        }
        Err(fault) => message(shell, StatusCode::CONFLICT, &fault.to_string()),
    }
}

#[derive(Deserialize)]
pub(in super::super) struct Typed {
    code: String,
}

/// `POST /console/codes`
pub(in super::super) async fn confirm_codes(
    State(console): State<Console>,
    reader: Reader,
    Form(typed): Form<Typed>,
) -> Response {
    match console.auth.people().confirm_codes(&reader.viewer.person, &typed.code).await {
        Ok(recovery) => {
            let shell = reader.shell(reader.locale.words().recovery);
            let (csrf, none) = (reader.csrf(), String::new());
            let done =
                CodesPage { shell, csrf, qr: none.clone(), secret: none.clone(), told: none, recovery };
            page(&done, StatusCode::OK)
        }
        Err(fault) => {
            // The same secret as before: it may have been scanned already.
            let begun = console.auth.people().begun_codes(&reader.viewer.person).await;
            codes_page(&reader, begun, fault.to_string(), StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}
