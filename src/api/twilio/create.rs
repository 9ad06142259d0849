//! What a session is begun with.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::Url;
use uuid::Uuid;

use super::answer::Fault;
use super::form::Form;
use super::session::Twilio;
use super::words;
use crate::call::{Currency, Field, Money, PostalPolicy};
use crate::card::{Brand, POSTAL_DIGITS_MAX};
use crate::desk::{Commanded, Merchant, Prepared};
use crate::psp::{Customer, Operation};

/// Free fields for the provider.
const PARAMETERS_MAX: usize = 32;
/// The longest free text.
const TEXT_MAX_CHARS: usize = 200;
/// Above it an amount is not believed.
const AMOUNT_MAX_MAJOR: i64 = 1_000_000;
/// What stands for the connector that payments are usually charged through.
const DEFAULT_CONNECTOR: &str = "Default";
/// Brands taken where none are named.
const USUAL_BRANDS: &str = "visa mastercard amex";
/// Names of brands that are no brands of today.
const FORMER_BRANDS: [&str; 2] = ["optima", "enroute"];

/// A session as it was asked for; what callbacks repeat of it.
pub(super) struct New {
    pub(super) callback: Url,
    pub(super) connector: String,
    /// As it is told: in the currency's own digits; none if the card is stored.
    pub(super) charge_amount: Option<String>,
    pub(super) token_type: Option<&'static str>,
    pub(super) prepared: Prepared,
}

impl New {
    pub(super) fn read(twilio: &Twilio, form: &Form, payment: Uuid) -> Result<New, Fault> {
        let desk = &twilio.desk;
        let callback = twilio.callback_url(form)?;
        form.word("PaymentMethod", &["credit-card", "ach-debit"])?
            .filter(|method| *method == "ach-debit")
            .map_or(Ok(()), |_| {
                Err(Fault::invalid("PaymentMethod", "bank accounts are not taken here; write credit-card"))
            })?;
        form.word("BankAccountType", &["consumer-checking", "consumer-savings", "commercial-checking"])?;
        if form.text("Input").is_some_and(|input| !input.split_whitespace().all(|way| way == "dtmf")) {
            return Err(Fault::invalid("Input", "write dtmf"));
        }
        let (connector, named) = connector(twilio, form)?;
        let merchant = named.unwrap_or(desk.merchants().default_one());
        let amount = amount(form, merchant.currency)?;
        let token_type = form.word("TokenType", &["one-time", "reusable", "payment-method"])?;
        let store_card = amount.minor == 0;
        if store_card && let Some(reason) = merchant.psp.capabilities().lacking(Operation::Tokenise) {
            return Err(Fault::invalid(
                "ChargeAmount",
                format!("without one the card is stored, and {reason}"),
            ));
        }
        let code = form.flag("SecurityCode", true)?;
        let (postal, postal_given) = postal(twilio, form)?;
        let commanded = Commanded {
            payment,
            twice: twice(form, code, postal.is_some())?,
            code,
            postal,
            postal_given,
            accepted: brands(form)?,
            confirm: form.flag("Confirmation", false)?,
            between_keys_timeout_ms: form.number("Timeout", 1, 600)?.map(|seconds| seconds * 1_000),
            store_card,
        };
        if !commanded.takes_any(&merchant.accepted) {
            return Err(Fault::invalid("ValidCardTypes", "the merchant takes none of them"));
        }
        let prepared = Prepared {
            amount: Some(amount),
            order: None,
            currency_named: form.text("Currency").is_some() || store_card,
            merchant: named.map(|merchant| merchant.id.clone()),
            reference: None,
            description: text(form, "Description")?,
            language: None,
            pace: None,
            customer: Customer::default(),
            parameters: parameters(form)?,
            even_if_unknown: None,
            commanded: Some(commanded),
        };
        Ok(New {
            callback,
            connector,
            charge_amount: (!store_card).then(|| amount.decimal()),
            token_type: store_card.then(|| token_type.unwrap_or("reusable")),
            prepared,
        })
    }
}

/// The name, and who is paid under it; nobody if the call decides.
fn connector<'a>(twilio: &'a Twilio, form: &Form) -> Result<(String, Option<&'a Arc<Merchant>>), Fault> {
    let named = form.text("PaymentConnector").unwrap_or(DEFAULT_CONNECTOR);
    if named == DEFAULT_CONNECTOR {
        return Ok((named.to_owned(), None));
    }
    let known = || twilio.connectors().join(", ");
    let merchant = twilio.merchant(named).ok_or_else(|| {
        let what = format!("there is none of this name; write {DEFAULT_CONNECTOR}, {}", known());
        Fault::invalid("PaymentConnector", what)
    })?;
    Ok((named.to_owned(), Some(merchant)))
}

fn amount(form: &Form, usual: Currency) -> Result<Money, Fault> {
    let currency = match form.text("Currency") {
        Some(code) => code.to_ascii_uppercase().parse().map_err(|fault| Fault::invalid("Currency", fault))?,
        None => usual,
    };
    let amount = match form.text("ChargeAmount") {
        Some(text) => Money::parse(text, currency).map_err(|fault| Fault::invalid("ChargeAmount", fault))?,
        None => Money { minor: 0, currency },
    };
    if amount.minor / 10_i64.pow(currency.exponent()) >= AMOUNT_MAX_MAJOR {
        return Err(Fault::invalid("ChargeAmount", format!("it has to be below {AMOUNT_MAX_MAJOR}")));
    }
    Ok(amount)
}

/// Asked for, or given, or neither.
fn postal(twilio: &Twilio, form: &Form) -> Result<(Option<PostalPolicy>, Option<String>), Fault> {
    let most = u64::from(POSTAL_DIGITS_MAX);
    let least = form.number("MinPostalCodeLength", 1, most)?;
    let flag = form.text("PostalCode").unwrap_or("true").to_ascii_lowercase();
    match flag.as_str() {
        "true" => {
            let (usual_least, usual_most) = twilio.desk.postal_digits();
            let min_digits = least.and_then(|n| u8::try_from(n).ok()).unwrap_or(usual_least);
            Ok((Some(PostalPolicy { min_digits, max_digits: usual_most.max(min_digits) }), None))
        }
        "false" => Ok((None, None)),
        literal
            if literal.len() <= POSTAL_DIGITS_MAX.into() && literal.bytes().all(|b| b.is_ascii_digit()) =>
        {
            Ok((None, Some(literal.to_owned())))
        }
        _ => Err(Fault::invalid(
            "PostalCode",
            format!("write true, false, or the postal code itself, of up to {most} digits and no letters"),
        )),
    }
}

fn brands(form: &Form) -> Result<Vec<Brand>, Fault> {
    let names = form.text("ValidCardTypes").unwrap_or(USUAL_BRANDS).split_whitespace();
    names
        .filter(|name| !FORMER_BRANDS.contains(name))
        .map(|name| name.parse().map_err(|fault| Fault::invalid("ValidCardTypes", fault)))
        .collect()
}

/// Fields keyed twice: each has to be asked for at all.
fn twice(form: &Form, code: bool, postal: bool) -> Result<Vec<Field>, Fault> {
    const NAME: &str = "RequireMatchingInputs";
    let names = form.text(NAME).unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    let mut fields = Vec::new();
    for name in names {
        let field = words::field(name).filter(|field| !field.repeats()).ok_or_else(|| {
            Fault::invalid(
                NAME,
                "write payment-card-number, expiration-date, security-code or postal-code, with commas",
            )
        })?;
        let asked = match field {
            Field::Code => code,
            Field::Postal => postal,
            _ => true,
        };
        if !asked {
            return Err(Fault::invalid(NAME, format!("{name} is not asked for in this session")));
        }
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    Ok(fields)
}

fn text(form: &Form, name: &str) -> Result<Option<String>, Fault> {
    match form.text(name) {
        Some(text) if text.chars().count() > TEXT_MAX_CHARS || text.chars().any(char::is_control) => {
            Err(Fault::invalid(name, format!("at most {TEXT_MAX_CHARS} characters on one line")))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

/// A single-level object of JSON, for the provider.
fn parameters(form: &Form) -> Result<BTreeMap<String, String>, Fault> {
    const NAME: &str = "Parameter";
    let Some(text) = form.text(NAME).or(form.text("Parameters")) else { return Ok(BTreeMap::new()) };
    let wrong = |what: &str| Fault::invalid(NAME, what);
    let object: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|_| wrong("write one object of JSON"))?;
    if object.len() > PARAMETERS_MAX {
        return Err(wrong(&format!("at most {PARAMETERS_MAX} fields")));
    }
    let mut parameters = BTreeMap::new();
    for (name, value) in object {
        let value = match value {
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => number.to_string(),
            serde_json::Value::Bool(flag) => flag.to_string(),
            _ => return Err(wrong("each field is a text, a number, true or false")),
        };
        if [&name, &value]
            .iter()
            .any(|text| text.chars().count() > TEXT_MAX_CHARS || text.chars().any(char::is_control))
        {
            return Err(wrong(&format!("each text has at most {TEXT_MAX_CHARS} characters on one line")));
        }
        parameters.insert(name, value);
    }
    Ok(parameters)
}
