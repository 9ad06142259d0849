//! Forms of other sites are refused: whoever presents the cookie with an unsafe method presents the form token too.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::Response;
use subtle::ConstantTimeEq;

use super::person::LOGIN_PATH;
use super::refusal::forbidden;
use super::{Auth, Origin, cookies};
use crate::people::csrf_token;

/// The longest form.
const MAX_FORM_BYTES: usize = 64 * 1024;

/// Where scripts put the token.
const HEADER: &str = "x-csrf-token";

/// Where forms put it.
const FIELD: &str = "csrf";

/// Refuses what another site's page sends with our cookie.
pub(super) async fn check(State(_): State<Auth>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    // A key in a header is nothing a browser adds by itself.
    if safe || request.headers().contains_key(header::AUTHORIZATION) {
        return next.run(request).await;
    }
    let from_elsewhere = request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    let origin = request.extensions().get::<Origin>().copied();
    let token = origin.and_then(|origin| cookies::find(request.headers(), origin, cookies::SESSION));
    if from_elsewhere {
        return forbidden("a page of another site sent this; open our own page and try again");
    }
    // Logging in again begins anew, whatever cookie is left over.
    let login = [LOGIN_PATH, "/auth/login"].contains(&request.uri().path());
    let Some(token) = token.filter(|_| !login) else { return next.run(request).await };
    let wanted = csrf_token(&token);
    let given = request.headers().get(HEADER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (request, given) = match given {
        Some(given) => (request, given),
        None => match in_form(request).await {
            Ok(found) => found,
            Err(refusal) => return refusal,
        },
    };
    if bool::from(given.as_bytes().ct_eq(wanted.as_bytes())) {
        return next.run(request).await;
    }
    forbidden(
        "the form's token is missing or old (field `csrf` or header `X-CSRF-Token`); load the page again",
    )
}

/// The request as it was, and the token in its form.
async fn in_form(request: Request) -> Result<(Request, String), Response> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return Ok((request, String::new()));
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_FORM_BYTES).await else {
        return Err(forbidden("the form is too long or was cut off; load the page again"));
    };
    // A token has no letter that a form would write otherwise.
    let fields = bytes.split(|byte| *byte == b'&').filter_map(|pair| std::str::from_utf8(pair).ok());
    let given = fields.filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == FIELD);
    let given = given.map(|(_, value)| value.to_owned()).unwrap_or_default();
    Ok((Request::from_parts(parts, Body::from(bytes)), given))
}
