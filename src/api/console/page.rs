//! The frame every page stands in, and the headers it leaves with.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::assets::{ASSETS, STYLE};
use super::locale::Locale;
use super::viewer::Viewer;
use super::words::Words;

/// A page without script is loaded again after this while something happens on it.
pub(super) const REFRESH_S: u32 = 3;

/// What goes around the content of a page.
pub(super) struct Shell {
    pub w: &'static Words,
    pub title: String,
    pub css: &'static str,
    pub script: &'static str,
    pub icon: &'static str,
    pub home: &'static str,
    pub places: Vec<Place>,
    pub person: Option<Bar>,
    /// Where fresh parts come from.
    pub stream: Option<String>,
    /// For browsers without script; 0: never.
    pub refresh_s: u32,
    pub here: String,
    pub other_code: &'static str,
}

/// A link to another page.
pub(super) struct Place {
    pub href: &'static str,
    pub label: &'static str,
    pub current: bool,
}

/// Who is signed in.
pub(super) struct Bar {
    pub display: String,
    pub csrf: String,
}

impl Shell {
    /// A frame for this reader. `here` is the page's path and query.
    pub(super) fn new(locale: Locale, viewer: Option<&Viewer>, title: &str, here: &str) -> Self {
        let w = locale.words();
        let all = viewer.map(|viewer| viewer.places(w)).unwrap_or_default();
        let path = here.split('?').next().unwrap_or_default();
        // The longest that fits: `/console` is where `/console/payments` begins.
        let current = all.iter().filter(|(href, _)| path.starts_with(href)).map(|(href, _)| href.len()).max();
        let places = all.iter().map(|&(href, label)| {
            let current = path.starts_with(href) && Some(href.len()) == current;
            Place { href, label, current }
        });
        Self {
            w,
            title: title.to_owned(),
            css: STYLE,
            script: &ASSETS.script,
            icon: &ASSETS.icon,
            home: all.first().map_or("/console", |(href, _)| href),
            places: places.collect(),
            person: viewer.map(|viewer| Bar {
                display: viewer.person.display.clone(),
                csrf: viewer.person.csrf.clone(),
            }),
            stream: None,
            refresh_s: 0,
            here: here.to_owned(),
            other_code: locale.other().0.code(),
        }
    }
}

/// Says what went wrong, or why there is nothing.
#[derive(Template)]
#[template(path = "message.html", config = "src/api/console/askama.toml")]
struct Message {
    shell: Shell,
    words: String,
}

/// A page that holds a title and a sentence.
pub(super) fn message(shell: Shell, status: StatusCode, words: &str) -> Response {
    page(&Message { shell, words: words.to_owned() }, status)
}

/// A page on its way to the browser.
pub(super) fn page(template: &impl Template, status: StatusCode) -> Response {
    match template.render() {
        Ok(html) => {
            let mut answer = (status, Html(html)).into_response();
            // It holds what only this reader may see.
            answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            answer
        }
        Err(fault) => {
            tracing::error!("a page of the console could not be written: {fault}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Sends the browser to a page after a form was taken (RFC 9110, 303).
pub(super) fn see(place: &str) -> Response {
    match HeaderValue::from_str(place) {
        Ok(place) => (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response(),
        Err(_) => (StatusCode::SEE_OTHER, [(header::LOCATION, "/console")]).into_response(),
    }
}
