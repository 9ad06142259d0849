//! Request bodies of Checkout.com.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::CheckoutSettings;
use crate::call::Money;
use crate::card::{Card, SecretBody};
use crate::psp::compose::{cut, json_with_card, put, put_object, put_past};
use crate::psp::{Address, Agreement, Change, Charge, Customer, NewLink, StoredCard, Storing};

/// Free fields taken at most, and how long their values may be.
const METADATA_MAX: usize = 18;
const METADATA_VALUE_MAX_CHARS: usize = 255;
const DESCRIPTION_MAX_CHARS: usize = 100;

/// An amount in the provider's minor units, which are not ISO 4217's for one currency.
pub(super) fn minor(money: &Money) -> i64 {
    match money.currency.code() {
        "CLP" => money.minor.saturating_mul(100),
        _ => money.minor,
    }
}

fn payment(settings: &CheckoutSettings, key: &str, amount: i64, currency: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("amount".into(), amount.into());
    fields.insert("currency".into(), currency.into());
    // What webhooks name, and what a lost payment is looked up by: the attempt.
    fields.insert("reference".into(), key.into());
    fields.insert("capture".into(), (!settings.manual_capture).into());
    put(&mut fields, "processing_channel_id", settings.processing_channel_id.clone());
    fields
}

/// A charge keyed by telephone.
pub(super) fn charge(settings: &CheckoutSettings, charge: &Charge, card: &Card) -> SecretBody {
    let mut fields = payment(settings, &charge.key, minor(&charge.amount), charge.amount.currency.code());
    fields.insert("payment_type".into(), "MOTO".into());
    about(&mut fields, charge);
    with_card(&fields, &charge.customer, charge.phone(), card)
}

/// A card that is stored and charged nothing.
pub(super) fn tokenise(settings: &CheckoutSettings, storing: &Storing, card: &Card) -> SecretBody {
    let mut fields = payment(settings, &storing.key, 0, storing.currency.code());
    fields.insert("payment_type".into(), "MOTO".into());
    person(&mut fields, &storing.customer);
    fields.insert("metadata".into(), json!({ "shopper_reference": storing.shopper_reference }));
    with_card(&fields, &storing.customer, storing.customer.phone.as_deref(), card)
}

/// A stored card that is charged without the customer.
pub(super) fn charge_token(
    settings: &CheckoutSettings,
    charge: &Charge,
    stored: &StoredCard,
    agreement: Agreement,
) -> Map<String, Value> {
    let mut fields = payment(settings, &charge.key, minor(&charge.amount), charge.amount.currency.code());
    let kind = match agreement {
        Agreement::Subscription => "Recurring",
        Agreement::Unscheduled => "Unscheduled",
    };
    fields.insert("payment_type".into(), kind.into());
    fields.insert("merchant_initiated".into(), true.into());
    about(&mut fields, charge);
    fields.insert("source".into(), json!({ "type": "id", "id": stored.token }));
    fields
}

/// A capture or refund; without amount a void.
pub(super) fn change(change: &Change, with_amount: bool) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("reference".into(), change.key.clone().into());
    put(&mut fields, "amount", with_amount.then(|| minor(&change.amount)));
    fields
}

/// A payment link; `None` if the country of the customer is not known.
pub(super) fn link(
    settings: &CheckoutSettings,
    link: &NewLink,
    now: Timestamp,
) -> Option<Map<String, Value>> {
    let billing = link.customer.billing.as_ref().filter(|billing| billing.country.is_some())?;
    let mut fields = payment(settings, &link.key, minor(&link.amount), link.amount.currency.code());
    fields.insert("billing".into(), json!({ "address": address(billing) }));
    put(&mut fields, "description", described(&link.description));
    // Whole seconds from now on; under one key the first answer counts.
    fields.insert("expires_in".into(), (link.expires_at.as_second() - now.as_second()).max(1).into());
    fields.insert("locale".into(), link.language.clone().into());
    person(&mut fields, &link.customer);
    Some(fields)
}

fn described(words: &str) -> Option<String> {
    (!words.is_empty()).then(|| cut(words, DESCRIPTION_MAX_CHARS))
}

fn about(fields: &mut Map<String, Value>, charge: &Charge) {
    put(fields, "description", described(&charge.description));
    person(fields, &charge.customer);
    put(
        fields,
        "shipping",
        charge.customer.delivery.as_ref().map(|place| json!({ "address": address(place) })),
    );
    let customer = &charge.customer;
    let mut metadata = Map::new();
    put(&mut metadata, "order", charge.reference.clone());
    put(&mut metadata, "shopper_reference", customer.shopper_reference.clone());
    put_past(&mut metadata, customer);
    for (name, value) in charge.parameters.iter().take(METADATA_MAX) {
        metadata.insert(name.clone(), cut(value, METADATA_VALUE_MAX_CHARS).into());
    }
    put_object(fields, "metadata", metadata);
}

fn person(fields: &mut Map<String, Value>, customer: &Customer) {
    let mut known = Map::new();
    put(&mut known, "email", customer.email.clone());
    put(&mut known, "name", customer.full_name());
    put_object(fields, "customer", known);
}

fn address(known: &Address) -> Value {
    let mut fields = Map::new();
    put(&mut fields, "address_line1", known.line());
    put(&mut fields, "city", known.city.clone());
    put(&mut fields, "state", known.state.clone());
    put(&mut fields, "zip", known.postal_code.clone());
    put(&mut fields, "country", known.country.clone());
    Value::Object(fields)
}

fn with_card(
    fields: &Map<String, Value>,
    customer: &Customer,
    phone: Option<&str>,
    card: &Card,
) -> SecretBody {
    json_with_card(fields, "source", |body| {
        let mut body = body.raw("{\"type\":\"card\",\"number\":\"").pan(card);
        body = body.raw("\",\"expiry_month\":").expiry_month_number(card);
        body = body.raw(",\"expiry_year\":").expiry_year4(card);
        if card.code.is_some() {
            body = body.raw(",\"cvv\":\"").code(card).raw("\"");
        }
        if let Some(name) = customer.full_name() {
            body = body.raw(",\"name\":").json_str(&name);
        }
        if let Some(phone) = phone {
            body = body.raw(",\"phone\":{\"number\":").json_str(phone).raw("}");
        }
        body = match (&customer.billing, &card.postal) {
            (Some(billing), _) => body.raw(",\"billing_address\":").raw(&address(billing).to_string()),
            // The postal code that was keyed with the card.
            (None, Some(_)) => body.raw(",\"billing_address\":{\"zip\":\"").postal(card).raw("\"}"),
            (None, None) => body,
        };
        body.raw("}")
    })
}
