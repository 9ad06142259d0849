//! What a caller says of a payment, read and checked.

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::{Object, ObjectBuilder, Type};

use super::cannot_start;
use crate::api::State;
use crate::api::auth::Caller;
use crate::api::customer::NewCustomer;
use crate::api::problem::{Kind, Problem};
use crate::call::{Currency, Money, Pace};
use crate::desk::Prepared;
use crate::store::ForOrder;

/// Free fields for the provider that one payment may carry.
const MAX_PARAMETERS: usize = 32;

/// The longest free text of a payment.
const MAX_TEXT_CHARS: usize = 200;

/// A payment to be prepared or begun. Exactly one of `agent_extension`, `leg` and `customer_number` names the call;
/// with `begin: false` the payment waits for the agent's feature code, and `agent_extension` says whose.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewPayment {
    /// How much, with a point and at most as many digits after it as the currency has: `42.50`. With `order`, a part
    /// of what is owed, or all of it if nothing is said; without, it has to be said.
    #[schema(pattern = r"^[0-9]{1,12}(\.[0-9]{1,3})?$", example = "42.50")]
    amount: Option<String>,
    /// The order that is paid, by its reference. It tells currency, reference and description, which are not to be
    /// said then.
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$", example = "A-17")]
    order: Option<String>,
    /// Who is paid, by the id of the configuration; the call decides if nobody is named, and the default merchant is
    /// meant with `order`.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    merchant: Option<String>,
    /// ISO 4217; the merchant's own if none.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: Option<String>,
    /// The company's own reference.
    #[schema(max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", example = "A-17")]
    reference: Option<String>,
    /// What for; the merchant's own words if none.
    #[schema(max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    description: Option<String>,
    /// Language of the prompts, as a tag whose first part we speak; the call's own if none.
    #[schema(pattern = "^(en|fr)$", example = "fr")]
    language: Option<String>,
    /// How fast the customer is spoken to and how long they are waited for; the merchant's own if nothing is said. `slow`
    /// is slower speech and twice the time, `relay` six times the time, for calls that somebody relays as text.
    pace: Option<PaceWord>,
    /// The extension of the agent who talks with the customer.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$", example = "1001")]
    pub(super) agent_extension: Option<String>,
    /// The name of either leg of the call, as the PBX has it.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    pub(super) leg: Option<String>,
    /// The customer's telephone number, as the PBX has it.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    pub(super) customer_number: Option<String>,
    /// What is known of the customer.
    #[serde(default)]
    customer: NewCustomer,
    /// Somebody has looked at the provider and lets the same order be charged although an attempt is open.
    #[serde(default)]
    even_if_unknown: bool,
    /// Free fields for the provider: at most 32, names and values of at most 200 characters.
    #[serde(default)]
    #[schema(schema_with = parameters_schema)]
    parameters: BTreeMap<String, String>,
    /// Whether the payment begins at once on the call that is up.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub(super) begin: bool,
}

/// How fast the customer is spoken to.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PaceWord {
    Normal,
    Slow,
    Relay,
}

impl From<PaceWord> for Pace {
    fn from(word: PaceWord) -> Self {
        match word {
            PaceWord::Normal => Pace::Normal,
            PaceWord::Slow => Pace::Slow,
            PaceWord::Relay => Pace::Relay,
        }
    }
}

fn parameters_schema() -> Object {
    let text = || {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(MAX_TEXT_CHARS))
            .pattern(Some(r"^[^\x00-\x1f\x7f-\x9f]*$"))
    };
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property_names(Some(text()))
        .additional_properties(Some(text()))
        .max_properties(Some(MAX_PARAMETERS))
        .build()
}

fn yes() -> bool {
    true
}

impl NewPayment {
    /// The payment, without its call.
    pub(super) async fn prepared(&self, state: &State, caller: &Caller) -> Result<Prepared, Problem> {
        texts(self)?;
        let order = match &self.order {
            Some(reference) => Some(self.ordered(state, reference).await?),
            None => None,
        };
        let amount = match &order {
            Some((_, amount)) => *amount,
            None => {
                let said = (self.amount.as_deref(), self.currency.as_deref());
                sum(state, said.0, said.1, None, self.merchant.as_deref())?
            }
        };
        let language = match &self.language {
            Some(tag) => Some(tag.parse().map_err(|fault| Problem::refused("language", fault))?),
            None => None,
        };
        Ok(Prepared {
            // Another merchant may have an order of the same reference.
            merchant: order.map(|(merchant, _)| merchant).or_else(|| self.merchant.clone()),
            amount: Some(amount),
            currency_named: self.currency.is_some() || self.order.is_some(),
            order: self.order.clone(),
            reference: self.reference.clone(),
            description: self.description.clone(),
            language,
            pace: self.pace.map(Pace::from),
            customer: self.customer.read().map_err(customer_fault)?,
            parameters: self.parameters.clone(),
            even_if_unknown: self.even_if_unknown.then(|| caller.id.clone()),
            commanded: None,
        })
    }

    /// Whose order it is, and how much of it is to be paid, if it can be now.
    async fn ordered(&self, state: &State, reference: &str) -> Result<(String, Money), Problem> {
        let said = [
            ("currency", self.currency.is_some()),
            ("reference", self.reference.is_some()),
            ("description", self.description.is_some()),
        ];
        if let Some((name, _)) = said.into_iter().find(|(_, said)| *said) {
            return Err(Problem::refused(name, "the order says it; leave it out"));
        }
        let order = state.desk.named_order(self.merchant.as_deref(), reference).await;
        let order = order.map_err(|fault| cannot_start(&fault))?;
        let owed = order.owed();
        let part = self.amount.as_deref().map(|amount| Money::parse(amount, owed.currency)).transpose();
        let amount = part.map_err(|fault| Problem::refused("amount", fault))?.unwrap_or(owed);
        let wanted = ForOrder { id: order.id, even_if_unknown: self.even_if_unknown };
        let can = state.desk.order_may_be_paid(wanted, amount).await;
        can.map_err(|fault| cannot_start(&fault.into()))?;
        Ok((order.new.merchant, amount))
    }
}

/// An amount in the currency that is named, in `usual`, or in the merchant's own.
pub(in crate::api) fn sum(
    state: &State,
    amount: Option<&str>,
    currency: Option<&str>,
    usual: Option<Currency>,
    merchant: Option<&str>,
) -> Result<Money, Problem> {
    let presumed = state.desk.presumed(merchant).map_err(|fault| Problem::refused("merchant", fault))?;
    let currency: Currency = match currency {
        Some(code) => code.parse().map_err(|fault| Problem::refused("currency", fault))?,
        None => usual.unwrap_or(presumed),
    };
    let amount =
        amount.ok_or_else(|| Problem::refused("amount", "say how much, or which `order` is paid"))?;
    Money::parse(amount, currency).map_err(|fault| Problem::refused("amount", fault))
}

/// Its sentences begin with the member they are about.
fn customer_fault(why: String) -> Problem {
    let member = why.split(':').next().unwrap_or_default().to_owned();
    Problem::of(Kind::Refused, why).at(member)
}

fn texts(new: &NewPayment) -> Result<(), Problem> {
    let names = [
        ("agent_extension", &new.agent_extension),
        ("leg", &new.leg),
        ("customer_number", &new.customer_number),
    ];
    let free = [("order", &new.order), ("reference", &new.reference), ("description", &new.description)];
    for (name, text) in names.into_iter().chain(free) {
        let Some(text) = text else { continue };
        if text.is_empty() && names.iter().any(|(known, _)| *known == name) {
            return Err(Problem::refused(name, "give a name, or leave it out"));
        }
        free_text(name, text)?;
    }
    let parameters = new.parameters.iter().flat_map(|(key, value)| [key, value]);
    if new.parameters.len() > MAX_PARAMETERS || !parameters.into_iter().all(|text| is_text(text)) {
        let rule = format!(
            "at most {MAX_PARAMETERS}, of at most {MAX_TEXT_CHARS} characters, none of them a control character"
        );
        return Err(Problem::refused("parameters", rule));
    }
    Ok(())
}

/// Free text of a payment.
pub(in crate::api) fn free_text(name: &str, text: &str) -> Result<(), Problem> {
    if is_text(text) {
        return Ok(());
    }
    let rule = format!("give at most {MAX_TEXT_CHARS} characters, none of them a control character");
    Err(Problem::refused(name, rule))
}

fn is_text(text: &str) -> bool {
    text.chars().count() <= MAX_TEXT_CHARS && !text.chars().any(char::is_control)
}
