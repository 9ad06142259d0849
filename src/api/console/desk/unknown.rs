//! An order whose earlier payment may have been charged: taking it again is for somebody who has looked, and says so.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::super::Console;
use super::super::page::{Shell, message, page, see};
use super::super::reader::Reader;
use super::merchants;

/// Where it is.
pub(in super::super) const PATH: &str = "/desk/unknown";

/// Tells a script where the page goes on.
const NEXT: HeaderName = HeaderName::from_static("x-next");

/// The payment that somebody wants to begin, as it was typed.
#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
pub(in super::super) struct Doubt {
    pub agent: String,
    pub amount: String,
    pub reference: String,
    pub merchant: String,
}

#[derive(Template)]
#[template(path = "unknown.html", config = "src/api/console/askama.toml")]
struct UnknownPage {
    shell: Shell,
    csrf: String,
    doubt: Doubt,
    merchant: Option<String>,
    currency: String,
    desk: String,
    payments: String,
}

impl Doubt {
    /// Where it is asked.
    pub(super) fn address(&self) -> String {
        format!("{PATH}?{}", serde_urlencoded::to_string(self).unwrap_or_default())
    }

    /// Leads there, instead of beginning the payment.
    pub(super) fn asked(&self, reader: &Reader) -> Response {
        let address = self.address();
        if !reader.quiet {
            return see(&address);
        }
        let mut answer = (StatusCode::CONFLICT, reader.locale.words().doing_unknown).into_response();
        if let Ok(address) = HeaderValue::from_str(&address) {
            answer.headers_mut().insert(NEXT, address);
        }
        answer
    }
}

/// `GET /desk/unknown`: says what taking it again may do, and asks whether they are sure.
pub(in super::super) async fn ask(
    State(console): State<Console>,
    Query(doubt): Query<Doubt>,
    reader: Reader,
) -> Response {
    let w = reader.locale.words();
    if !(reader.viewer.may_take() && reader.viewer.may_see_agent(&doubt.agent)) {
        return reader.not_allowed();
    }
    let named = Some(doubt.merchant.as_str()).filter(|merchant| !merchant.is_empty());
    let Ok(currency) = console.desk.presumed(named) else {
        return message(reader.shell(w.not_found), StatusCode::NOT_FOUND, w.no_such_merchant);
    };
    let query = |pairs: [(&str, &str); 1]| serde_urlencoded::to_string(pairs).unwrap_or_default();
    let asked = UnknownPage {
        shell: reader.shell(w.unknown_title),
        csrf: reader.csrf(),
        merchant: named.and_then(|id| merchants::name(console.desk.merchants(), id)),
        currency: currency.to_string(),
        desk: format!("/desk?{}", query([("agent", &doubt.agent)])),
        payments: format!("/console/payments?{}", query([("reference", &doubt.reference)])),
        doubt,
    };
    page(&asked, StatusCode::OK)
}
