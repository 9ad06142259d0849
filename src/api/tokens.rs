//! `/v1/tokens`: stored cards, looked up, charged without their customers, and forgotten. The token itself is told to
//! nobody: a card is named by the payment in which it was stored.

use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::State;
use super::auth::Caller;
use super::extract::{Body, Params, PaymentId, SOUGHT_MAX_CHARS, instant, not_longer, page_of};
use super::payments::{PaymentView, cannot_start, free_text, sum};
use super::problem::{Kind, Problem};
use crate::desk::{TokenCharge, TokenFault};
use crate::psp::Agreement;
use crate::store::Token;

/// Which stored cards; what is not given does not matter.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// Where the page begins: `next` of the page before, as it is.
    #[param(pattern = r"^[0-9]{1,15}\.[0-9a-f]{32}$")]
    cursor: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
    /// The customer, as the company knows them.
    #[param(max_length = 256)]
    customer: Option<String>,
}

/// Some stored cards, the youngest first.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenList {
    /// The cards.
    tokens: Vec<TokenView>,
    /// Where the next page begins; none if this is the last.
    next: Option<String>,
}

/// A card that a provider keeps for us.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenView {
    /// Its number here: that of the payment in which the card was taken.
    token: Uuid,
    /// Who may charge it.
    merchant: String,
    /// The account it is stored with.
    psp: String,
    /// The customer it is tied to: the company's own reference, or the provider's where it keeps its own.
    customer: String,
    /// The card's brand.
    brand: Option<String>,
    /// The card's number, all but the last four digits struck out.
    card: Option<String>,
    /// Whether the month is known in which the card expires; the provider alone keeps it.
    expiry_known: bool,
    /// When it was stored.
    #[schema(format = DateTime)]
    created_at: String,
}

/// A stored card that is forgotten.
#[derive(Serialize, ToSchema)]
pub(super) struct Forgotten {
    /// Its number here.
    token: Uuid,
    /// Whether the provider forgot it as well.
    forgotten_at_provider: bool,
    /// What is left to do.
    detail: String,
}

/// A stored card that is to be charged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCharge {
    /// How much; with `order`, a part of what is owed, or all of it if nothing is said.
    #[schema(pattern = r"^[0-9]{1,12}(\.[0-9]{1,3})?$", example = "42.50")]
    amount: Option<String>,
    /// ISO 4217; the order's or the merchant's own if none.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: Option<String>,
    /// The order that is paid, by its reference.
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$", example = "A-17")]
    order: Option<String>,
    /// The company's own reference; not with `order`.
    #[schema(max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", example = "A-17")]
    reference: Option<String>,
    /// What for; the order's or the merchant's own words if none.
    #[schema(max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    description: Option<String>,
    /// What the customer agreed to when the card was stored.
    #[serde(default)]
    agreement: AgreementWord,
}

/// What a customer agreed to.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AgreementWord {
    /// The same amount at regular times.
    Subscription,
    /// Amounts and times that vary.
    #[default]
    Unscheduled,
}

impl From<Token> for TokenView {
    fn from(token: Token) -> Self {
        Self {
            token: token.id,
            merchant: token.merchant,
            psp: token.psp,
            customer: token.shopper,
            brand: token.brand,
            card: token.masked_pan,
            expiry_known: false,
            created_at: instant(token.created_at_ms),
        }
    }
}

/// Looks stored cards up, the youngest first.
#[utoipa::path(get, path = "/v1/tokens", operation_id = "list_tokens", tag = "tokens", params(Page), responses(
    (status = 200, description = "Some stored cards.", body = TokenList),
    (status = 400, response = super::openapi::Refusal)))]
pub(super) async fn list(
    Shared(state): Shared<State>,
    Params(page): Params<Page>,
) -> Result<Json<TokenList>, Problem> {
    let (after, limit) = page_of(page.cursor.as_deref(), page.limit)?;
    not_longer("customer", page.customer.as_deref(), SOUGHT_MAX_CHARS)?;
    let found = state.desk.store().tokens(page.customer.as_deref(), after, limit).await;
    let found = found.map_err(|fault| super::store_fault(&fault))?;
    let tokens = found.tokens.into_iter().map(TokenView::from).collect();
    Ok(Json(TokenList { tokens, next: found.next.map(|next| next.to_string()) }))
}

/// Looks a stored card up.
#[utoipa::path(get, path = "/v1/tokens/{id}", operation_id = "get_token", tag = "tokens", params(
    ("id" = Uuid, Path, description = "The stored card.")), responses(
    (status = 200, description = "The stored card.", body = TokenView),
    (status = 404, response = super::openapi::Refusal)))]
pub(super) async fn show(
    Shared(state): Shared<State>,
    PaymentId(id): PaymentId,
) -> Result<Json<TokenView>, Problem> {
    known(&state, id).await.map(|token| Json(token.into()))
}

/// Forgets a stored card.
///
/// It can be charged no more from here. No provider is asked to forget it: its own portal does that.
#[utoipa::path(delete, path = "/v1/tokens/{id}", operation_id = "forget_token", tag = "tokens", params(
    ("id" = Uuid, Path, description = "The stored card.")), responses(
    (status = 200, description = "It is forgotten here.", body = Forgotten),
    (status = 404, response = super::openapi::Refusal)))]
pub(super) async fn forget(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    PaymentId(id): PaymentId,
) -> Result<Json<Forgotten>, Problem> {
    let token = known(&state, id).await?;
    let forgotten = state.desk.store().forget_token(id, &caller.id).await;
    if !forgotten.map_err(|fault| super::store_fault(&fault))? {
        return Err(none());
    }
    let detail = format!(
        "forgotten here; the account `{}` still keeps it for the customer {}, remove it in the provider's own portal",
        token.psp, token.shopper
    );
    Ok(Json(Forgotten { token: id, forgotten_at_provider: false, detail }))
}

/// Charges a stored card without its customer.
///
/// The answer is a payment as any other; look at `ending`: what is `unknown` may have been charged and is looked after;
/// do not ask for it again. Needs an `Idempotency-Key`.
#[utoipa::path(post, path = "/v1/tokens/{id}/charges", operation_id = "charge_token", tag = "tokens", params(
    ("id" = Uuid, Path, description = "The stored card.")), request_body = NewCharge, responses(
    (status = 201, description = "It was asked of the provider.", body = PaymentView, headers(
        ("Location" = String, description = "Where the payment stands."))),
    (status = 404, response = super::openapi::Refusal), (status = 409, response = super::openapi::Refusal)))]
pub(super) async fn charge(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    PaymentId(id): PaymentId,
    headers: HeaderMap,
    Body(new): Body<NewCharge>,
) -> Result<Response, Problem> {
    if !headers.contains_key("idempotency-key") {
        let detail = "name the charge: without a key, a request that comes twice would charge twice";
        return Err(Problem::of(Kind::Invalid, detail).at("Idempotency-Key"));
    }
    let token = known(&state, id).await?;
    let wanted = new.read(&state, &token, &caller).await?;
    let payment = state.desk.charge_token(wanted).await.map_err(|fault| not_charged(&fault))?;
    let made = state.desk.store().payment(payment).await.map_err(|fault| super::store_fault(&fault))?;
    let made = made.ok_or_else(|| Problem::of(Kind::Fault, "the daemon's log says more"))?;
    let location = [(header::LOCATION, format!("/v1/payments/{payment}"))];
    Ok((StatusCode::CREATED, location, Json(PaymentView::new(&made, false))).into_response())
}

impl NewCharge {
    async fn read(self, state: &State, token: &Token, caller: &Caller) -> Result<TokenCharge, Problem> {
        for (name, text) in
            [("order", &self.order), ("reference", &self.reference), ("description", &self.description)]
        {
            free_text(name, text.as_deref().unwrap_or_default())?;
        }
        if self.order.is_some() && self.reference.is_some() {
            return Err(Problem::refused("reference", "the order says it; leave it out"));
        }
        let merchant = Some(token.merchant.as_str());
        let currency = match &self.order {
            Some(order) if self.currency.is_none() => {
                let order = state.desk.named_order(merchant, order).await;
                Some(order.map_err(|fault| cannot_start(&fault))?.new.amount.currency)
            }
            _ => None,
        };
        let amount = match (&self.amount, &self.order) {
            (None, Some(_)) => None,
            (amount, _) => Some(sum(state, amount.as_deref(), self.currency.as_deref(), currency, merchant)?),
        };
        Ok(TokenCharge {
            token: token.id,
            amount,
            order: self.order,
            reference: self.reference,
            description: self.description,
            agreement: match self.agreement {
                AgreementWord::Subscription => Agreement::Subscription,
                AgreementWord::Unscheduled => Agreement::Unscheduled,
            },
            actor: caller.id.clone(),
        })
    }
}

async fn known(state: &State, id: Uuid) -> Result<Token, Problem> {
    let found = state.desk.store().token(id).await.map_err(|fault| super::store_fault(&fault))?;
    found.ok_or_else(none)
}

fn none() -> Problem {
    Problem::of(Kind::NoSuchToken, "no stored card of this id is known; it may have been forgotten")
}

fn not_charged(fault: &TokenFault) -> Problem {
    let kind = match fault {
        TokenFault::NoSuchToken(_) => return none(),
        TokenFault::Start(fault) => return cannot_start(fault),
        TokenFault::NoSuchAccount(_) | TokenFault::Cannot { .. } => Kind::Conflict,
        TokenFault::Interrupted(_) => Kind::Fault,
    };
    Problem::of(kind, fault.to_string())
}
