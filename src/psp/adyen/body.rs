//! Request bodies of Adyen's Checkout API.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::AdyenSettings;
use crate::call::Money;
use crate::card::{Card, CardEncryptionKey, CardField, CardKeyFault, SecretBody, SecretBodyBuilder};
use crate::psp::compose::{cut, json_with_card, put, put_object};
use crate::psp::{Address, Agreement, Change, Charge, Customer, NewLink, StoredCard, Storing};

/// Free fields taken at most, and how long their names and values may be.
const METADATA_MAX: usize = 20;
const METADATA_NAME_MAX_CHARS: usize = 20;
const METADATA_VALUE_MAX_CHARS: usize = 80;
/// Country of an address whose country is not known.
const COUNTRY_UNKNOWN: &str = "ZZ";

/// An amount in Adyen's minor units, which are not ISO 4217's for four currencies. `None` for one that has no such
/// form.
pub(super) fn minor(money: &Money) -> Option<i64> {
    match money.currency.code() {
        "CLP" | "ISK" => money.minor.checked_mul(100),
        "CVE" | "IDR" => (money.minor % 100 == 0).then_some(money.minor / 100),
        _ => Some(money.minor),
    }
}

fn amount(money: &Money) -> Option<Value> {
    Some(json!({ "currency": money.currency.code(), "value": minor(money)? }))
}

/// A charge keyed by telephone; `None` if Adyen has no form of the amount.
pub(super) fn charge(
    settings: &AdyenSettings,
    charge: &Charge,
    card: &Card,
    key: Option<&CardEncryptionKey>,
) -> Option<Result<SecretBody, CardKeyFault>> {
    let mut fields = payment(settings, &charge.key, amount(&charge.amount)?);
    fields.insert("shopperInteraction".into(), "Moto".into());
    order(&mut fields, charge);
    known(&mut fields, &charge.customer, charge.phone());
    Some(with_card(&fields, &charge.customer, card, key))
}

/// A card that is stored and charged nothing.
pub(super) fn tokenise(
    settings: &AdyenSettings,
    storing: &Storing,
    card: &Card,
    key: Option<&CardEncryptionKey>,
) -> Result<SecretBody, CardKeyFault> {
    let nothing = json!({ "currency": storing.currency.code(), "value": 0 });
    let mut fields = payment(settings, &storing.key, nothing);
    fields.insert("shopperInteraction".into(), "Moto".into());
    fields.insert("storePaymentMethod".into(), true.into());
    fields.insert("recurringProcessingModel".into(), model(storing.agreement).into());
    known(&mut fields, &storing.customer, storing.customer.phone.as_deref());
    fields.insert("shopperReference".into(), storing.shopper_reference.clone().into());
    with_card(&fields, &storing.customer, card, key)
}

/// A stored card that is charged without the customer.
pub(super) fn charge_token(
    settings: &AdyenSettings,
    charge: &Charge,
    stored: &StoredCard,
    agreement: Agreement,
) -> Option<Map<String, Value>> {
    let mut fields = payment(settings, &charge.key, amount(&charge.amount)?);
    fields.insert("shopperInteraction".into(), "ContAuth".into());
    fields.insert("recurringProcessingModel".into(), model(agreement).into());
    order(&mut fields, charge);
    known(&mut fields, &charge.customer, charge.phone());
    fields.insert("shopperReference".into(), stored.shopper.clone().into());
    fields.insert("paymentMethod".into(), json!({ "type": "scheme", "storedPaymentMethodId": stored.token }));
    Some(fields)
}

/// A capture or refund; without amount a cancellation.
pub(super) fn change(
    settings: &AdyenSettings,
    change: &Change,
    with_amount: bool,
) -> Option<Map<String, Value>> {
    let mut fields = Map::new();
    fields.insert("merchantAccount".into(), settings.merchant_account.clone().into());
    fields.insert("reference".into(), change.key.clone().into());
    if with_amount {
        fields.insert("amount".into(), amount(&change.amount)?);
    }
    Some(fields)
}

/// A payment link.
pub(super) fn link(settings: &AdyenSettings, link: &NewLink) -> Option<Map<String, Value>> {
    let mut fields = Map::new();
    fields.insert("merchantAccount".into(), settings.merchant_account.clone().into());
    fields.insert("reference".into(), link.key.clone().into());
    fields.insert("amount".into(), amount(&link.amount)?);
    fields.insert("expiresAt".into(), link.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into());
    // One customer pays once.
    fields.insert("reusable".into(), false.into());
    put(&mut fields, "description", (!link.description.is_empty()).then(|| link.description.clone()));
    put(&mut fields, "shopperLocale", locale(&link.language));
    person(&mut fields, &link.customer, link.customer.phone.as_deref());
    addresses(&mut fields, &link.customer);
    Some(fields)
}

fn payment(settings: &AdyenSettings, key: &str, amount: Value) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("merchantAccount".into(), settings.merchant_account.clone().into());
    fields.insert("amount".into(), amount);
    // What webhooks name: the attempt, so that a late one never touches another attempt of the same order.
    fields.insert("reference".into(), key.into());
    fields.insert("returnUrl".into(), settings.return_url.clone().into());
    fields
}

fn order(fields: &mut Map<String, Value>, charge: &Charge) {
    put(fields, "merchantOrderReference", charge.reference.clone());
    let metadata = charge.parameters.iter().take(METADATA_MAX).map(|(name, value)| {
        (cut(name, METADATA_NAME_MAX_CHARS), cut(value, METADATA_VALUE_MAX_CHARS).into())
    });
    put_object(fields, "metadata", metadata.collect());
}

fn model(agreement: Agreement) -> &'static str {
    match agreement {
        Agreement::Subscription => "Subscription",
        Agreement::Unscheduled => "UnscheduledCardOnFile",
    }
}

/// `fr` and `fr-FR` are both taken; anything else would be refused.
fn locale(language: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphabetic() || c == '-';
    ((2..=5).contains(&language.len()) && language.chars().all(plain)).then(|| language.to_owned())
}

/// Everything that is known of the customer.
fn known(fields: &mut Map<String, Value>, customer: &Customer, phone: Option<&str>) {
    person(fields, customer, phone);
    addresses(fields, customer);
    let mut account = Map::new();
    put(&mut account, "accountCreationDate", customer.account_created.map(|day| format!("{day}T00:00:00Z")));
    let mut risk = Map::new();
    if let Some(history) = &customer.history {
        put(&mut account, "purchasesLast6Months", history.orders_six_months);
        put(&mut risk, "riskdata.lastOrderDate", history.last_order.map(|day| day.to_string()));
        put(&mut risk, "riskdata.totalOrderQuantity", history.orders.map(|count| count.to_string()));
        let value = history.value.as_ref().and_then(minor);
        put(&mut risk, "riskdata.totalLifetimeValue", value.map(|value| value.to_string()));
    }
    put_object(fields, "accountInfo", account);
    put_object(fields, "additionalData", risk);
    if let Some(failures) = customer.failures_this_call {
        let custom = json!({ "customFields": { "failuresThisCall": failures.to_string() } });
        fields.insert("riskData".into(), custom);
    }
}

fn person(fields: &mut Map<String, Value>, customer: &Customer, phone: Option<&str>) {
    put(fields, "shopperReference", customer.shopper_reference.clone());
    put(fields, "shopperEmail", customer.email.clone());
    put(fields, "telephoneNumber", phone);
    // Half a name is refused.
    if let (Some(first), Some(last)) = (&customer.first_name, &customer.last_name) {
        fields.insert("shopperName".into(), json!({ "firstName": first, "lastName": last }));
    }
}

fn addresses(fields: &mut Map<String, Value>, customer: &Customer) {
    put(fields, "billingAddress", customer.billing.as_ref().and_then(address));
    put(fields, "deliveryAddress", customer.delivery.as_ref().and_then(address));
}

/// An address with everything that Adyen asks of one, or none.
fn address(known: &Address) -> Option<Value> {
    let mut fields = Map::new();
    fields.insert("street".into(), known.street.clone()?.into());
    fields.insert("houseNumberOrName".into(), known.house.clone()?.into());
    fields.insert("postalCode".into(), known.postal_code.clone()?.into());
    fields.insert("city".into(), known.city.clone()?.into());
    let country = known.country.clone().unwrap_or_else(|| COUNTRY_UNKNOWN.into());
    fields.insert("country".into(), country.into());
    put(&mut fields, "stateOrProvince", known.state.clone());
    Some(Value::Object(fields))
}

fn with_card(
    fields: &Map<String, Value>,
    customer: &Customer,
    card: &Card,
    key: Option<&CardEncryptionKey>,
) -> Result<SecretBody, CardKeyFault> {
    let sealed = key.map(|key| sealed(key, card)).transpose()?;
    let holder = customer.full_name();
    Ok(json_with_card(fields, "paymentMethod", |body| {
        let body = body.raw("{\"type\":\"scheme\"");
        let body = match &sealed {
            Some(sealed) => sealed
                .iter()
                .fold(body, |body, (name, value)| body.raw(",").json_str(name).raw(":").json_str(value)),
            None => plain(body, card),
        };
        let body = match &holder {
            Some(name) => body.raw(",\"holderName\":").json_str(name),
            None => body,
        };
        body.raw("}")
    }))
}

fn plain(body: SecretBodyBuilder, card: &Card) -> SecretBodyBuilder {
    let body = body.raw(",\"number\":\"").pan(card).raw("\",\"expiryMonth\":\"").expiry_month(card);
    let body = body.raw("\",\"expiryYear\":\"").expiry_year4(card).raw("\"");
    if card.code.is_some() { body.raw(",\"cvc\":\"").code(card).raw("\"") } else { body }
}

/// The card's fields as only Adyen can read them.
fn sealed(key: &CardEncryptionKey, card: &Card) -> Result<Vec<(&'static str, String)>, CardKeyFault> {
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
    let mut fields = Vec::with_capacity(4);
    for (name, field) in [
        ("encryptedCardNumber", CardField::Number),
        ("encryptedExpiryMonth", CardField::ExpiryMonth),
        ("encryptedExpiryYear", CardField::ExpiryYear),
        ("encryptedSecurityCode", CardField::Code),
    ] {
        if let Some(value) = key.encrypted(card, field, &now)? {
            fields.push((name, value));
        }
    }
    Ok(fields)
}
