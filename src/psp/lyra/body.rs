//! Request bodies of Lyra's REST API (V4).

use serde_json::{Map, Value, json};

use super::LyraSettings;
use crate::call::Money;
use crate::card::{Card, SecretBody};
use crate::psp::compose::{cut, json_with_card, put, put_object};
use crate::psp::{Address, Change, Charge, Customer, NewLink, StoredCard, Storing};

/// Free fields' values may be this long.
const METADATA_VALUE_MAX_CHARS: usize = 255;
/// Free fields taken at most.
const METADATA_MAX: usize = 20;

fn order(key: &str, money: &Money) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("amount".into(), money.minor.into());
    fields.insert("currency".into(), money.currency.code().into());
    // Unique for each attempt: it is what a lost payment is looked up by.
    fields.insert("orderId".into(), key.into());
    fields
}

fn moto(fields: &mut Map<String, Value>, settings: &LyraSettings) {
    if settings.moto {
        fields.insert("transactionOptions".into(), json!({ "cardOptions": { "paymentSource": "MOTO" } }));
    }
}

/// A charge keyed by telephone.
pub(super) fn charge(settings: &LyraSettings, charge: &Charge, card: &Card) -> SecretBody {
    let mut fields = order(&charge.key, &charge.amount);
    fields.insert("formAction".into(), "REGISTER_PAY".into());
    moto(&mut fields, settings);
    about(&mut fields, charge);
    with_card(&fields, card)
}

/// A stored card that is charged without the customer.
pub(super) fn charge_token(charge: &Charge, stored: &StoredCard) -> Map<String, Value> {
    let mut fields = order(&charge.key, &charge.amount);
    fields.insert("formAction".into(), "SILENT".into());
    fields.insert("paymentMethodToken".into(), stored.token.clone().into());
    about(&mut fields, charge);
    fields
}

/// A card that is stored and charged nothing.
pub(super) fn tokenise(settings: &LyraSettings, storing: &Storing, card: &Card) -> SecretBody {
    let mut fields = Map::new();
    fields.insert("currency".into(), storing.currency.code().into());
    fields.insert("orderId".into(), storing.key.clone().into());
    fields.insert("formAction".into(), "REGISTER".into());
    moto(&mut fields, settings);
    person(
        &mut fields,
        &storing.customer,
        storing.customer.phone.as_deref(),
        Some(&storing.shopper_reference),
    );
    with_card(&fields, card)
}

/// A refund or cancellation of one transaction.
pub(super) fn change(change: &Change, mode: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("uuid".into(), change.reference.clone().into());
    fields.insert("amount".into(), change.amount.minor.into());
    fields.insert("currency".into(), change.amount.currency.code().into());
    fields.insert("resolutionMode".into(), mode.into());
    fields.insert("comment".into(), change.key.clone().into());
    fields
}

/// A payment link.
pub(super) fn link(link: &NewLink) -> Map<String, Value> {
    let mut fields = order(&link.key, &link.amount);
    fields.insert("channelOptions".into(), json!({ "channelType": "URL" }));
    let ends = link.expires_at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    fields.insert("expirationDate".into(), ends.into());
    fields.insert("locale".into(), link.language.replace('-', "_").into());
    put(&mut fields, "description", (!link.description.is_empty()).then(|| link.description.clone()));
    person(&mut fields, &link.customer, link.customer.phone.as_deref(), None);
    fields
}

fn about(fields: &mut Map<String, Value>, charge: &Charge) {
    let customer = &charge.customer;
    person(fields, customer, charge.phone(), None);
    let history = customer.history.clone().unwrap_or_default();
    let mut metadata = Map::new();
    put(&mut metadata, "order", charge.reference.clone());
    put(&mut metadata, "account_created", customer.account_created.map(|day| day.to_string()));
    put(&mut metadata, "orders", history.orders.map(|count| count.to_string()));
    put(&mut metadata, "failures_this_call", customer.failures_this_call.map(|count| count.to_string()));
    for (name, value) in charge.parameters.iter().take(METADATA_MAX) {
        metadata.insert(name.clone(), cut(value, METADATA_VALUE_MAX_CHARS).into());
    }
    put_object(fields, "metadata", metadata);
}

fn person(
    fields: &mut Map<String, Value>,
    customer: &Customer,
    phone: Option<&str>,
    shopper_reference: Option<&str>,
) {
    let mut known = Map::new();
    put(&mut known, "email", customer.email.clone());
    put(&mut known, "reference", shopper_reference.or(customer.shopper_reference.as_deref()));
    let mut billing = address(customer.billing.as_ref());
    put(&mut billing, "firstName", customer.first_name.clone());
    put(&mut billing, "lastName", customer.last_name.clone());
    put(&mut billing, "phoneNumber", phone);
    put_object(&mut known, "billingDetails", billing);
    put_object(&mut known, "shippingDetails", address(customer.delivery.as_ref()));
    put_object(fields, "customer", known);
}

fn address(known: Option<&Address>) -> Map<String, Value> {
    let mut fields = Map::new();
    let Some(known) = known else { return fields };
    put(&mut fields, "address", known.street.clone());
    put(&mut fields, "streetNumber", known.house.clone());
    put(&mut fields, "zipCode", known.postal_code.clone());
    put(&mut fields, "city", known.city.clone());
    put(&mut fields, "state", known.state.clone());
    put(&mut fields, "country", known.country.clone());
    fields
}

fn with_card(fields: &Map<String, Value>, card: &Card) -> SecretBody {
    json_with_card(fields, "paymentForms", |body| {
        let mut body = body.raw("[{\"paymentMethodType\":\"CARD\",\"pan\":\"").pan(card);
        body = body.raw("\",\"expiryMonth\":\"").expiry_month(card);
        body = body.raw("\",\"expiryYear\":\"").expiry_year2(card).raw("\"");
        if card.code.is_some() {
            body = body.raw(",\"securityCode\":\"").code(card).raw("\"");
        }
        body.raw("}]")
    })
}
