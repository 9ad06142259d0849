//! Errors as RFC 9457 problem details: a `type` for programs that never changes, a sentence for people.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// What begins every `type`.
const TYPE_PREFIX: &str = "urn:tonegate:problem:";

/// The media type of a problem.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// Every kind there is: the name that ends its `type`, its status, its title, and what to do.
macro_rules! kinds {
    ($($(#[$doc:meta])+ $kind:ident = $name:literal, $status:ident, $title:literal;)+) => {
        /// What can go wrong with a request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind {
            $($(#[$doc])+ $kind,)+
        }

        impl Kind {
            /// All of them, for the documentation.
            pub(super) const ALL: &[Kind] = &[$(Kind::$kind),+];

            fn facts(self) -> (&'static str, StatusCode, &'static str) {
                match self {
                    $(Kind::$kind => ($name, StatusCode::$status, $title),)+
                }
            }
        }
    };
}

kinds! {
    /// The body is not JSON.
    NotJson = "not-json", BAD_REQUEST, "the body is not JSON";
    /// A member is unknown, missing, or of the wrong kind.
    Invalid = "invalid-request", BAD_REQUEST, "the request cannot be understood";
    /// No valid key.
    NotAuthenticated = "not-authenticated", UNAUTHORIZED, "no valid key";
    /// The key may not do this.
    Forbidden = "forbidden", FORBIDDEN, "not allowed";
    /// No such address.
    NoSuchResource = "no-such-resource", NOT_FOUND, "no such resource";
    /// No such payment.
    NoSuchPayment = "no-such-payment", NOT_FOUND, "no such payment";
    /// No such capture, refund or link.
    NoSuchOperation = "no-such-operation", NOT_FOUND, "no such operation";
    /// No such order.
    NoSuchOrder = "no-such-order", NOT_FOUND, "no such order";
    /// No such stored card.
    NoSuchToken = "no-such-token", NOT_FOUND, "no such stored card";
    /// No such plan.
    NoSuchPlan = "no-such-plan", NOT_FOUND, "no such plan";
    /// No call fits.
    NoSuchCall = "no-such-call", NOT_FOUND, "no such call";
    /// The address knows other methods.
    NoSuchMethod = "method-not-allowed", METHOD_NOT_ALLOWED, "this address does not know that method";
    /// What is asked for does not fit where things stand.
    Conflict = "conflict", CONFLICT, "not possible as things stand";
    /// More than one call fits.
    Ambiguous = "ambiguous-call", CONFLICT, "more than one call fits";
    /// A payment runs on this call.
    PaymentRunning = "payment-running", CONFLICT, "a payment is running on this call";
    /// A card may have been charged for the same order.
    StillUnknown = "outcome-unknown", CONFLICT, "an earlier attempt may have been charged";
    /// The order is paid, cancelled, being paid, or perhaps paid.
    OrderNotPayable = "order-not-payable", CONFLICT, "the order cannot be paid now";
    /// The payment's call is over or takes no command.
    NotUnderWay = "not-under-way", CONFLICT, "not under way";
    /// The same request, by its idempotency key, is still being carried out.
    RequestRunning = "request-running", CONFLICT, "the same request is still running";
    /// The daemon stopped while it carried this request out.
    RequestInterrupted = "request-interrupted", CONFLICT, "the same request was interrupted";
    /// Too many bytes.
    TooLong = "too-long", PAYLOAD_TOO_LARGE, "the request is too long";
    /// Not `application/json`.
    MediaType = "wrong-media-type", UNSUPPORTED_MEDIA_TYPE, "the body has the wrong media type";
    /// Understood, but a value cannot be taken.
    Refused = "refused-value", UNPROCESSABLE_ENTITY, "a value cannot be taken";
    /// An idempotency key came back with another request.
    KeyReused = "idempotency-key-reused", UNPROCESSABLE_ENTITY, "the idempotency key belongs to another request";
    /// Too many requests.
    TooMany = "too-many-requests", TOO_MANY_REQUESTS, "too many requests";
    /// A fault of ours.
    Fault = "fault", INTERNAL_SERVER_ERROR, "a fault in tonegate";
    /// No payment can be taken now.
    NotReady = "not-ready", SERVICE_UNAVAILABLE, "not possible now";
}

impl Kind {
    /// The `type` of its problems.
    pub(super) fn type_uri(self) -> String {
        format!("{TYPE_PREFIX}{}", self.facts().0)
    }

    pub(super) fn status(self) -> StatusCode {
        self.facts().1
    }

    pub(super) fn title(self) -> &'static str {
        self.facts().2
    }

    /// The one that says no more than the status does.
    fn of_status(status: StatusCode) -> Self {
        let same = |kind: &&Kind| kind.status() == status;
        match status {
            StatusCode::BAD_REQUEST => Self::Invalid,
            _ => Self::ALL.iter().find(same).copied().unwrap_or(Self::Fault),
        }
    }
}

/// One problem.
#[derive(Clone, Debug)]
pub(super) struct Problem(Box<Details>);

/// A problem (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Details {
    /// What kind of problem it is; never changes. All kinds are listed at `/docs`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong and what to do, for a person.
    detail: String,
    /// The part of the request that is wrong, if it is one part.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    field: Option<String>,
    /// The request's id, also in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request_id: Option<String>,
    #[serde(skip)]
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of a kind.
    pub(super) fn of(kind: Kind, detail: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind: kind.type_uri(),
            title: kind.title().to_owned(),
            status: kind.status().as_u16(),
            detail: detail.into(),
            field: None,
            request_id: None,
            headers: Vec::new(),
        }))
    }

    /// A value that cannot be taken, and why.
    pub(super) fn refused(field: &str, why: impl std::fmt::Display) -> Self {
        Self::of(Kind::Refused, format!("{field}: {why}")).at(field)
    }

    /// A part of the request that cannot be understood, and why.
    pub(super) fn invalid(field: &'static str, detail: impl Into<String>) -> Self {
        Self::of(Kind::Invalid, detail).at(field)
    }

    /// A problem that has a title of its own and no kind but its status.
    pub(super) fn new(status: StatusCode, title: &str, detail: impl Into<String>) -> Self {
        let mut problem = Self::of(Kind::of_status(status), detail);
        title.clone_into(&mut problem.0.title);
        problem.0.status = status.as_u16();
        problem
    }

    /// Names the part of the request that is wrong.
    pub(super) fn at(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// Adds a header to the answer.
    pub(super) fn with(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    /// Names the request it belongs to.
    pub(super) fn named(mut self, request_id: &str) -> Self {
        self.0.request_id = Some(request_id.to_owned());
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], Json(&self.0)).into_response();
        for (name, value) in &self.0.headers {
            response.headers_mut().insert(name.clone(), value.clone());
        }
        // Written once more when the request's id is known.
        response.extensions_mut().insert(self);
        response
    }
}

pub(super) async fn no_such_route() -> Problem {
    Problem::of(Kind::NoSuchResource, "nothing stands at this address; /docs lists what there is")
}

pub(super) async fn no_such_method() -> Problem {
    Problem::of(Kind::NoSuchMethod, "the header Allow names those that it knows; /docs says what they do")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_kinds_have_one_name_and_all_are_refusals() {
        for (place, kind) in Kind::ALL.iter().enumerate() {
            assert!(kind.status().is_client_error() || kind.status().is_server_error());
            assert!(Kind::ALL[..place].iter().all(|other| other.type_uri() != kind.type_uri()));
        }
        let unnamed = Problem::new(StatusCode::FORBIDDEN, "not for you", "ask somebody else");
        assert_eq!((unnamed.0.kind.as_str(), unnamed.0.status), ("urn:tonegate:problem:forbidden", 403));
    }
}
