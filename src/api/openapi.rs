//! The OpenAPI document (3.1), made from the code that serves what it describes.

use axum::Json;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa::{OpenApi as _, ToResponse, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use super::problem::{Details, Kind, MEDIA_TYPE};
use super::{Routes, State, routes};
use crate::people::Scope;

/// The name of the way in which callers say who they are.
const BEARER: &str = "bearer";

/// What every operation that callers present a key for may answer.
const ALWAYS: [u16; 4] = [401, 429, 500, 503];

/// What one with a body may answer besides.
const WITH_BODY: [u16; 4] = [400, 413, 415, 422];

/// What stands above everything else.
const WORDS: &str = "Card payments by phone keypad, on the PBX a company already runs.\n\nCallers present a key as \
    `Authorization: Bearer …`. Times are RFC 3339 in UTC, durations are in ms, amounts are decimal text in the \
    currency's own digits. No answer and no event holds a card digit but the last four.";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "tonegate", description = WORDS, license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    tags(
        (name = "payments", description = "Payments: begin, look up, command."),
        (name = "operations", description = "What is asked of a charge afterwards, and payment links."),
        (name = "orders", description = "What is owed, and by whom."),
        (name = "tokens", description = "Stored cards."),
        (name = "plans", description = "Stored cards that are charged when it is due."),
        (name = "calls", description = "What is under way, and what went wrong."),
        (name = "events", description = "What happens, as it happens."),
        (name = "reports", description = "What became of many payments."),
        (name = "webhooks", description = "What your programs were told, and telling it again."),
    ),
    components(schemas(Details), responses(Refusal))
)]
struct Document;

/// Any refusal: a problem (RFC 9457).
pub(super) struct Refusal;

impl<'r> ToResponse<'r> for Refusal {
    fn response() -> (&'r str, RefOr<Response>) {
        let content = Content::new(Some(Ref::from_schema_name(Details::name())));
        let described =
            "A problem (RFC 9457): `type` names its kind and never changes, `detail` says what to do.";
        let response = ResponseBuilder::new().description(described).content(MEDIA_TYPE, content).build();
        ("Problem", response.into())
    }
}

/// Every route that callers present a key for, and the document that describes them.
pub(super) fn described(guard: impl Fn(Scope, Routes) -> Routes) -> (axum::Router<State>, OpenApi) {
    let (router, mut document) =
        OpenApiRouter::with_openapi(Document::openapi()).merge(routes(guard)).split_for_parts();
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme(BEARER, scheme);
    for item in document.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post, &mut item.delete].into_iter().flatten() {
            complete(operation);
        }
        if let Some(post) = &mut item.post {
            // Nothing but its key tells a second charge of a stored card from the first one asked for again.
            let needs_key = post.operation_id.as_deref() == Some("charge_token");
            post.parameters.get_or_insert_default().push(idempotency_key(needs_key));
        }
    }
    (router, document)
}

fn complete(operation: &mut Operation) {
    operation.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
    let with_body: &[u16] = if operation.request_body.is_some() { &WITH_BODY } else { &[] };
    let with_params: &[u16] = if operation.parameters.is_some() { &[400] } else { &[] };
    for status in ALWAYS.iter().chain(with_body).chain(with_params) {
        let refusal = || RefOr::Ref(Ref::from_response_name(Refusal::response().0));
        operation.responses.responses.entry(status.to_string()).or_insert_with(refusal);
    }
}

/// `once` reads it in front of every operation that makes something.
fn idempotency_key(is_required: bool) -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(128))
        .pattern(Some("^[!-~]+$"))
        .build();
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(if is_required { Required::True } else { Required::False })
        .schema(Some(schema))
        .description(Some(
            "Names this request: the same again within 24 hours gets the same answer, marked \
             `Idempotency-Replayed: true`, and nothing is done twice.",
        ))
        .build()
}

/// `GET /openapi.json`
pub(super) async fn document() -> Json<OpenApi> {
    Json(alone())
}

/// The document without anything behind it.
pub(super) fn alone() -> OpenApi {
    described(|_, routes| routes).1
}

/// All kinds of problems, for the readable page.
pub(super) fn kinds() -> impl Iterator<Item = (String, u16, &'static str)> {
    Kind::ALL.iter().map(|kind| (kind.type_uri(), kind.status().as_u16(), kind.title()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_says_who_may_and_what_may_go_wrong() {
        let document = alone();
        let operations = document.paths.paths.values().flat_map(|item| [&item.get, &item.post]);
        let mut count = 0;
        for operation in operations.flatten() {
            let id = operation.operation_id.as_deref().unwrap_or_default();
            assert!(operation.security.is_some(), "{id}");
            assert!(operation.summary.is_some(), "{id} has no words");
            for status in ["401", "429", "503"] {
                assert!(operation.responses.responses.contains_key(status), "{id}: {status}");
            }
            count += 1;
        }
        assert!(count >= 8);
    }
}
