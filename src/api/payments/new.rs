//! What a caller says of a payment, read and checked.

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::{Object, ObjectBuilder, Type};

use crate::api::State;
use crate::api::auth::Caller;
use crate::api::customer::NewCustomer;
use crate::api::problem::{Kind, Problem};
use crate::call::{Currency, Money};
use crate::desk::Prepared;

/// Free fields for the provider that one payment may carry.
const MAX_PARAMETERS: usize = 32;

/// The longest free text of a payment.
const MAX_TEXT_CHARS: usize = 200;

/// A payment to be prepared or begun. Exactly one of `agent_extension`, `leg` and `customer_number` names the call;
/// with `begin: false` the payment waits for the agent's feature code, and `agent_extension` says whose.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewPayment {
    /// How much, with a point and at most as many digits after it as the currency has: `42.50`.
    #[schema(pattern = r"^[0-9]{1,12}(\.[0-9]{1,3})?$", example = "42.50")]
    amount: String,
    /// Who is paid, by the id of the configuration; the call decides if nobody is named.
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
    pub(super) fn prepared(&self, state: &State, caller: &Caller) -> Result<Prepared, Problem> {
        let presumed = state.desk.presumed(self.merchant.as_deref());
        let presumed = presumed.map_err(|fault| Problem::refused("merchant", fault))?;
        let currency: Currency = match &self.currency {
            Some(code) => code.parse().map_err(|fault| Problem::refused("currency", fault))?,
            None => presumed,
        };
        let amount =
            Money::parse(&self.amount, currency).map_err(|fault| Problem::refused("amount", fault))?;
        let language = match &self.language {
            Some(tag) => Some(tag.parse().map_err(|fault| Problem::refused("language", fault))?),
            None => None,
        };
        texts(self)?;
        Ok(Prepared {
            merchant: self.merchant.clone(),
            amount,
            currency_named: self.currency.is_some(),
            reference: self.reference.clone(),
            description: self.description.clone(),
            language,
            customer: self.customer.read().map_err(customer_fault)?,
            parameters: self.parameters.clone(),
            even_if_unknown: self.even_if_unknown.then(|| caller.id.clone()),
            commanded: None,
        })
    }
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
    let free = [("reference", &new.reference), ("description", &new.description)];
    for (name, text) in names.into_iter().chain(free) {
        let Some(text) = text else { continue };
        let empty = text.is_empty() && names.iter().any(|(known, _)| *known == name);
        if empty || !is_text(text) {
            let rule = format!("give at most {MAX_TEXT_CHARS} characters, none of them a control character");
            return Err(Problem::refused(name, rule));
        }
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

fn is_text(text: &str) -> bool {
    text.chars().count() <= MAX_TEXT_CHARS && !text.chars().any(char::is_control)
}
