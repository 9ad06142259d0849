//! Answers in the shape that SDKs understand.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::desk::StartError;
use crate::pbx::PbxError;
use crate::people::LoginFault;

/// "Authenticate".
const AUTHENTICATE: u32 = 20_003;
/// "Method not allowed".
const METHOD: u32 = 20_004;
/// "Not found".
const NOT_FOUND: u32 = 20_404;
/// "Too many requests".
const TOO_MANY: u32 = 20_429;
/// "Conflict".
const CONFLICT: u32 = 20_409;
/// "Internal error".
const INTERNAL: u32 = 20_500;
/// "Pay: invalid parameter value".
const INVALID: u32 = 64_020;

/// An error.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Fault {
    code: u32,
    message: String,
    more_info: String,
    status: u16,
    #[serde(skip)]
    retry_after_s: Option<u64>,
}

impl Fault {
    fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Fault {
        let more_info = format!("https://www.twilio.com/docs/errors/{code}");
        Fault { code, message: message.into(), more_info, status: status.as_u16(), retry_after_s: None }
    }

    pub(super) fn authenticate() -> Fault {
        let message = "Authenticate: present twilio.account_sid and its token, or the API key, by HTTP Basic";
        Fault::new(StatusCode::UNAUTHORIZED, AUTHENTICATE, message)
    }

    /// An address that was wrong too often.
    pub(super) fn shut_out(wait_s: u64) -> Fault {
        let words = LoginFault::ShutOut { wait_s }.to_string();
        let fault = Fault::new(StatusCode::TOO_MANY_REQUESTS, TOO_MANY, words);
        Fault { retry_after_s: Some(wait_s), ..fault }
    }

    pub(super) fn method() -> Fault {
        Fault::new(StatusCode::METHOD_NOT_ALLOWED, METHOD, "Method not allowed: payments are posted")
    }

    /// A parameter that cannot work: which, and what to send.
    pub(super) fn invalid(parameter: &str, what: impl std::fmt::Display) -> Fault {
        Fault::new(StatusCode::BAD_REQUEST, INVALID, format!("Invalid parameter {parameter}: {what}"))
    }

    pub(super) fn not_found(what: impl Into<String>) -> Fault {
        Fault::new(StatusCode::NOT_FOUND, NOT_FOUND, what)
    }

    pub(super) fn conflict(what: impl Into<String>) -> Fault {
        Fault::new(StatusCode::CONFLICT, CONFLICT, what)
    }

    pub(super) fn unavailable(what: impl Into<String>) -> Fault {
        Fault::new(StatusCode::SERVICE_UNAVAILABLE, INTERNAL, what)
    }
}

impl From<&StartError> for Fault {
    fn from(fault: &StartError) -> Fault {
        let words = fault.to_string();
        match fault {
            StartError::Pbx(PbxError::NoSuchCall(_)) => Fault::not_found(words),
            StartError::SameCall | StartError::Pbx(PbxError::Busy | PbxError::Ambiguous(..)) => {
                Fault::conflict(format!("session-in-progress: {words}"))
            }
            StartError::NoAmount | StartError::Amount(_) | StartError::Zero => {
                Fault::invalid("ChargeAmount", words)
            }
            _ => Fault::unavailable(words),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after_s = self.retry_after_s;
        let mut response = (status, Json(self)).into_response();
        if let Some(wait_s) = retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, wait_s.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            let realm = header::HeaderValue::from_static("Basic realm=\"payments\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
        }
        response
    }
}

/// A session, as both requests answer with it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Resource {
    pub(super) account_sid: String,
    pub(super) call_sid: String,
    pub(super) sid: String,
    pub(super) date_created: String,
    pub(super) date_updated: String,
    pub(super) uri: String,
}

/// RFC 2822, as `Wed, 18 Dec 2019 20:02:01 +0000`.
pub(super) fn date(at: jiff::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}
