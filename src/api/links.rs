//! `/v1/links`: payment links, made at the provider, sent to customers, looked at and ended.

pub(super) mod messages;

use axum::extract::State as Shared;
use axum::response::Response;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::State;
use super::auth::Caller;
use super::extract::{Body, PaymentId, read_instant, read_uuid, shown};
use super::operations::{OperationView, not_done};
use super::problem::{Kind, Problem};
use crate::call::{Currency, Money, MoneyError};
use crate::desk::{LINK_KEPT_MS, LinkRequest};
use crate::messaging::Address;
use crate::prompts::Language;
use crate::psp::Customer;
use crate::store::{OperationId, Order, is_open};
use messages::Recipient;

/// The latest end of a link.
const LINK_MAX_MS: i64 = 90 * LINK_KEPT_MS;

/// The longest words.
const MAX_TEXT_CHARS: usize = 200;

/// A payment link to be made, for an order or for an amount.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLink {
    /// How much, with a point and at most as many digits after it as the currency has: `42.50`. With `order`, a part of
    /// what is owed, or all of it if nothing is said; without, it has to be said.
    #[schema(pattern = r"^[0-9]{1,12}(\.[0-9]{1,3})?$", example = "42.50")]
    amount: Option<String>,
    /// The order that is paid, by its reference. It tells currency, description and customer.
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$", example = "A-17")]
    order: Option<String>,
    /// To whom it is sent once it is made; nobody if nothing is said.
    to: Option<Recipient>,
    /// ISO 4217; the merchant's own if none.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: Option<String>,
    /// Who is paid, by the id of the configuration; the default merchant if none.
    #[schema(min_length = 1, max_length = 200)]
    merchant: Option<String>,
    /// What for, in words the customer knows; the order's or the merchant's own if none.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    description: Option<String>,
    /// The payment it stands in for: one that has ended without a charge.
    #[schema(format = Uuid)]
    payment: Option<String>,
    /// Language of the page, and of what is sent; the customer's or the merchant's own if none.
    #[schema(pattern = "^(en|fr|es|it|pt|de)$", example = "fr")]
    language: Option<String>,
    /// When it ends; in a day if nothing is said. Some providers end it earlier.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// Makes a payment link.
///
/// Once `state` is `done`, `link.url` is what the customer opens. With `to` it is sent there then; what becomes of that is
/// told by `/v1/links/{id}/messages`. An order is never paid twice: while a link to it can be paid by, no other is made, and
/// a payment by telephone ends it first.
#[utoipa::path(post, path = "/v1/links", operation_id = "create_link", tag = "operations", request_body = NewLink,
    responses((status = 201, description = "It was asked of the provider.", body = OperationView),
    (status = 404, response = super::openapi::Refusal), (status = 409, response = super::openapi::Refusal)))]
pub(super) async fn create(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Body(new): Body<NewLink>,
) -> Result<Response, Problem> {
    let (request, to) = new.read(&state, &caller).await?;
    let made = state.desk.create_link(request).await.map_err(not_done)?;
    if let Some(to) = to.filter(|_| is_open(&made, Timestamp::now().as_millisecond()))
        && let Err(fault) = state.desk.send_link(made.id, &to, &caller.id).await
    {
        let told = format!("the link {} was made, and nothing was sent: {fault}", made.id.0);
        return Err(Problem::of(Kind::Conflict, told));
    }
    Ok(OperationView::made(made))
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
    /// What is to be made, and where it is to be sent.
    async fn read(self, state: &State, caller: &Caller) -> Result<(LinkRequest, Option<Address>), Problem> {
        let merchants = &state.desk.rules.merchants;
        let merchant = match &self.merchant {
            Some(id) => merchants.named(id).map_err(|fault| Problem::refused("merchant", fault))?,
            None => merchants.default_one(),
        };
        let order = match &self.order {
            Some(reference) => {
                let named = state.desk.named_order(Some(&merchant.id), reference).await;
                Some(named.map_err(|fault| super::payments::cannot_start(&fault))?)
            }
            None => None,
        };
        let amount = self.sum(merchant.currency, order.as_ref())?;
        let debtor = order.as_ref().map(|order| &order.new.customer);
        let spoken = self.language.as_deref().or_else(|| debtor?.language.as_deref());
        let language = match spoken.map(|tag| (tag, Language::of_tag(tag))) {
            Some((_, Some(language))) => language,
            Some((tag, None)) if self.language.is_some() => {
                let told = format!("there is no language `{}`; write en, fr, es, it, pt or de", shown(tag));
                return Err(Problem::refused("language", told));
            }
            _ => merchant.language,
        };
        let to = match &self.to {
            Some(to) => {
                to.carried(state, &merchant.id)?;
                Some(to.address(state, debtor, "to.address")?)
            }
            None => None,
        };
        let words = order.as_ref().map(|order| order.new.description.clone());
        let words = self.description.or(words.filter(|words| !words.is_empty()));
        let request = LinkRequest {
            id: OperationId::fresh(),
            payment: self.payment.as_deref().map(read_uuid).transpose()?,
            order: order.as_ref().map(|order| order.id),
            merchant: merchant.id.clone(),
            psp: merchant.psp.name().to_owned(),
            amount,
            description: description(words.unwrap_or_else(|| merchant.description.clone()))?,
            reference: order.as_ref().map(|order| order.new.reference.clone()),
            expires_at: end(self.expires_at.as_deref())?,
            language: language.code().to_owned(),
            customer: debtor.map_or_else(Customer::default, |debtor| Customer {
                name: debtor.name.clone(),
                email: debtor.email.clone(),
                phone: debtor.phone.clone(),
                ..Customer::default()
            }),
            actor: caller.id.clone(),
        };
        Ok((request, to))
    }

    fn sum(&self, currency: Currency, order: Option<&Order>) -> Result<Money, Problem> {
        if self.currency.is_some() && order.is_some() {
            return Err(Problem::refused("currency", "the order tells it; leave it out"));
        }
        if self.payment.is_some() && order.is_some() {
            let told = "its own order tells what it is for; leave one of the two out";
            return Err(Problem::refused("payment", told));
        }
        let currency = match (&self.currency, order) {
            (_, Some(order)) => order.new.amount.currency,
            (Some(code), None) => {
                code.parse().map_err(|fault: MoneyError| Problem::refused("currency", fault))?
            }
            (None, None) => currency,
        };
        let amount = match (&self.amount, order) {
            (Some(text), _) => {
                Money::parse(text, currency).map_err(|fault| Problem::refused("amount", fault))?
            }
            // That nothing is owed any more is told as such.
            (None, Some(order)) => return Ok(order.owed()),
            (None, None) => return Err(Problem::refused("amount", "missing; write it, or name an `order`")),
        };
        match amount.minor {
            0 => Err(Problem::refused("amount", "a link asks for at least one minor unit")),
            _ => Ok(amount),
        }
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
