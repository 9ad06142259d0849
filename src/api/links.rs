//! `/v1/links`: payment links, made at the provider, looked at and ended.

use axum::extract::State as Shared;
use axum::response::Response;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::State;
use super::auth::Caller;
use super::extract::{Body, PaymentId, read_instant, read_uuid};
use super::operations::{OperationView, not_done};
use super::problem::Problem;
use crate::call::Money;
use crate::desk::{LINK_KEPT_MS, LinkRequest};
use crate::psp::Customer;
use crate::store::OperationId;

/// The latest end of a link.
const LINK_MAX_MS: i64 = 90 * LINK_KEPT_MS;

/// The longest words.
const MAX_TEXT_CHARS: usize = 200;

/// A payment link to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLink {
    /// How much, with a point and at most as many digits after it as the currency has: `42.50`.
    #[schema(pattern = r"^[0-9]{1,12}(\.[0-9]{1,3})?$", example = "42.50")]
    amount: String,
    /// ISO 4217; the merchant's own if none.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: Option<String>,
    /// Who is paid, by the id of the configuration; the default merchant if none.
    #[schema(min_length = 1, max_length = 200)]
    merchant: Option<String>,
    /// What for, in words the customer knows; the merchant's own if none.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    description: Option<String>,
    /// The payment it stands in for: one that has ended without a charge.
    #[schema(format = Uuid)]
    payment: Option<String>,
    /// Language of the page; the merchant's own if none.
    #[schema(pattern = "^(en|fr)$", example = "fr")]
    language: Option<String>,
    /// When it ends; in a day if nothing is said. Some providers end it earlier.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// Makes a payment link.
///
/// Once `state` is `done`, `link.url` is what the customer opens.
#[utoipa::path(post, path = "/v1/links", operation_id = "create_link", tag = "operations", request_body = NewLink,
    responses((status = 201, description = "It was asked of the provider.", body = OperationView),
    (status = 409, response = super::openapi::Refusal)))]
pub(super) async fn create(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Body(new): Body<NewLink>,
) -> Result<Response, Problem> {
    let request = new.read(&state, &caller)?;
    state.desk.create_link(request).await.map(OperationView::made).map_err(not_done)
}

/// How a link stands, as the provider tells now.
#[utoipa::path(get, path = "/v1/links/{id}", operation_id = "get_link", tag = "operations", params(
    ("id" = Uuid, Path, description = "The link: the `operation` of its making.")), responses(
    (status = 200, description = "The link.", body = OperationView),
    (status = 404, response = super::openapi::Refusal), (status = 409, response = super::openapi::Refusal)))]
pub(super) async fn show(
    Shared(state): Shared<State>,
    PaymentId(id): PaymentId,
) -> Result<Json<OperationView>, Problem> {
    let found = state.desk.link(OperationId(id)).await.map_err(not_done)?;
    Ok(Json(OperationView::new(found)))
}

/// Ends a link, so that nobody can pay by it any more.
///
/// Look at `link.state`: it may have been paid before.
#[utoipa::path(post, path = "/v1/links/{id}/expire", operation_id = "expire_link", tag = "operations", params(
    ("id" = Uuid, Path, description = "The link: the `operation` of its making.")), responses(
    (status = 200, description = "The link.", body = OperationView),
    (status = 404, response = super::openapi::Refusal), (status = 409, response = super::openapi::Refusal),
    (status = 422, response = super::openapi::Refusal)))]
pub(super) async fn expire(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    PaymentId(id): PaymentId,
) -> Result<Json<OperationView>, Problem> {
    let found = state.desk.expire_link(OperationId(id), &caller.id).await.map_err(not_done)?;
    Ok(Json(OperationView::new(found)))
}

impl NewLink {
    fn read(self, state: &State, caller: &Caller) -> Result<LinkRequest, Problem> {
        let merchants = &state.desk.rules.merchants;
        let merchant = match &self.merchant {
            Some(id) => merchants.named(id).map_err(|fault| Problem::refused("merchant", fault))?,
            None => merchants.default_one(),
        };
        let currency = match &self.currency {
            Some(code) => {
                code.parse().map_err(|fault: crate::call::MoneyError| Problem::refused("currency", fault))?
            }
            None => merchant.currency,
        };
        let amount =
            Money::parse(&self.amount, currency).map_err(|fault| Problem::refused("amount", fault))?;
        if amount.minor == 0 {
            return Err(Problem::refused("amount", "a link asks for at least one minor unit"));
        }
        let language = match &self.language {
            Some(tag) => tag
                .parse()
                .map_err(|fault: crate::prompts::UnknownLanguage| Problem::refused("language", fault))?,
            None => merchant.language,
        };
        Ok(LinkRequest {
            id: OperationId::fresh(),
            payment: self.payment.as_deref().map(read_uuid).transpose()?,
            psp: merchant.psp.name().to_owned(),
            amount,
            description: description(self.description.unwrap_or_else(|| merchant.description.clone()))?,
            expires_at: end(self.expires_at.as_deref())?,
            language: language.code().to_owned(),
            customer: Customer::default(),
            actor: caller.id.clone(),
        })
    }
}

fn description(words: String) -> Result<String, Problem> {
    let fits = (1..=MAX_TEXT_CHARS).contains(&words.chars().count()) && !words.chars().any(char::is_control);
    let rule = format!("1 to {MAX_TEXT_CHARS} characters, none of them a control character");
    if fits { Ok(words) } else { Err(Problem::refused("description", rule)) }
}

fn end(given: Option<&str>) -> Result<Timestamp, Problem> {
    let now_ms = Timestamp::now().as_millisecond();
    let end_ms = given.map_or(Ok(now_ms + LINK_KEPT_MS), |text| read_instant("expires_at", text))?;
    if !(now_ms..=now_ms + LINK_MAX_MS).contains(&end_ms) {
        return Err(Problem::refused(
            "expires_at",
            "a link ends in the future, and in 90 days at the latest",
        ));
    }
    Timestamp::from_millisecond(end_ms).map_err(|fault| Problem::refused("expires_at", fault))
}
