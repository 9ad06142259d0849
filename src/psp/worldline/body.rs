//! Request bodies of Worldline Direct.

use serde_json::{Map, Value, json};

use super::WorldlineSettings;
use crate::call::Money;
use crate::card::{Brand, Card, SecretBody};
use crate::psp::compose::{cut, json_with_card, put, put_object};
use crate::psp::{Address, Change, Charge, Customer, NewLink, StoredCard, Storing};

/// Longest `merchantReference`.
const REFERENCE_MAX_CHARS: usize = 40;

/// What the key of an operation begins with; that of an attempt goes on with hexadecimal digits.
const OPERATION: &str = "tgo";

/// Our key as a reference: without its hyphens it fits, and names the same attempt.
pub(super) fn reference(key: &str) -> String {
    cut(&key.replace('-', ""), REFERENCE_MAX_CHARS)
}

/// A reference as our key again; `None` if it is not of our making.
pub(super) fn key_of(reference: &str) -> Option<String> {
    if let Some(operation) = reference.strip_prefix(OPERATION) {
        return Some(format!("{OPERATION}-{}", uuid::Uuid::try_parse(operation).ok()?));
    }
    let rest = reference.strip_prefix("tg")?;
    let (payment, ordinal) = rest.split_at_checked(32)?;
    let payment = uuid::Uuid::try_parse(payment).ok()?;
    let ordinal: u8 = ordinal.parse().ok()?;
    Some(crate::call::AttemptId { payment: payment.as_u128(), ordinal }.key())
}

/// Worldline's number of a brand.
fn product(brand: Brand) -> u32 {
    match brand {
        Brand::Visa => 1,
        Brand::Amex => 2,
        Brand::Mastercard => 3,
        Brand::Maestro => 117,
        Brand::Jcb => 125,
        Brand::Discover => 128,
        Brand::Diners => 132,
        Brand::UnionPay => 56,
    }
}

fn amount(money: &Money) -> Value {
    json!({ "amount": money.minor, "currencyCode": money.currency.code() })
}

fn mode(settings: &WorldlineSettings) -> &'static str {
    if settings.manual_capture { "FINAL_AUTHORIZATION" } else { "SALE" }
}

fn order(key: &str, money: &Money, customer: &Customer, phone: Option<&str>, description: &str) -> Value {
    let mut fields = Map::new();
    fields.insert("amountOfMoney".into(), amount(money));
    let mut references = Map::new();
    references.insert("merchantReference".into(), reference(key).into());
    put(&mut references, "descriptor", (!description.is_empty()).then(|| cut(description, 22)));
    put_object(&mut fields, "references", references);
    put_object(&mut fields, "customer", person(customer, phone));
    let delivery = customer.delivery.as_ref().map(address).unwrap_or_default();
    if !delivery.is_empty() {
        fields.insert("shipping".into(), json!({ "address": delivery }));
    }
    Value::Object(fields)
}

fn person(customer: &Customer, phone: Option<&str>) -> Map<String, Value> {
    let mut fields = Map::new();
    put(&mut fields, "merchantCustomerId", customer.shopper_reference.clone());
    let mut contact = Map::new();
    put(&mut contact, "emailAddress", customer.email.clone());
    put(&mut contact, "phoneNumber", phone);
    put_object(&mut fields, "contactDetails", contact);
    let mut name = Map::new();
    put(&mut name, "firstName", customer.first_name.clone());
    put(&mut name, "surname", customer.last_name.clone());
    if !name.is_empty() {
        fields.insert("personalInformation".into(), json!({ "name": name }));
    }
    put_object(&mut fields, "billingAddress", customer.billing.as_ref().map(address).unwrap_or_default());
    let mut account = Map::new();
    put(&mut account, "createDate", customer.account_created.map(|day| day.strftime("%Y%m%d").to_string()));
    let orders = customer.history.as_ref().and_then(|history| history.orders_six_months);
    if let Some(count) = orders {
        account.insert("paymentActivity".into(), json!({ "numberOfPurchasesLast6Months": count }));
    }
    put_object(&mut fields, "account", account);
    fields
}

fn address(known: &Address) -> Map<String, Value> {
    let mut fields = Map::new();
    put(&mut fields, "street", known.street.clone());
    put(&mut fields, "houseNumber", known.house.clone());
    put(&mut fields, "zip", known.postal_code.clone());
    put(&mut fields, "city", known.city.clone());
    put(&mut fields, "state", known.state.clone());
    put(&mut fields, "countryCode", known.country.clone());
    fields
}

/// A charge keyed by telephone.
pub(super) fn charge(settings: &WorldlineSettings, charge: &Charge, card: &Card) -> SecretBody {
    let order = order(&charge.key, &charge.amount, &charge.customer, charge.phone(), &charge.description);
    with_card(mode(settings), false, order, &charge.customer, card)
}

/// A card that is stored and charged nothing.
pub(super) fn tokenise(storing: &Storing, card: &Card) -> SecretBody {
    let nothing = Money { minor: 0, currency: storing.currency };
    let phone = storing.customer.phone.as_deref();
    let order = order(&storing.key, &nothing, &storing.customer, phone, "");
    with_card("FINAL_AUTHORIZATION", true, order, &storing.customer, card)
}

/// A stored card that is charged without the customer.
pub(super) fn charge_token(
    settings: &WorldlineSettings,
    charge: &Charge,
    stored: &StoredCard,
) -> Map<String, Value> {
    let mut fields = Map::new();
    let order = order(&charge.key, &charge.amount, &charge.customer, charge.phone(), &charge.description);
    fields.insert("order".into(), order);
    fields.insert(
        "cardPaymentMethodSpecificInput".into(),
        json!({ "token": stored.token, "authorizationMode": mode(settings),
            "unscheduledCardOnFileRequestor": "merchantInitiated",
            "unscheduledCardOnFileSequenceIndicator": "subsequent" }),
    );
    fields
}

fn with_card(mode: &str, tokenise: bool, order: Value, customer: &Customer, card: &Card) -> SecretBody {
    let product = product(card.pan.brand());
    let mut fields = Map::new();
    fields.insert("order".into(), order);
    json_with_card(&fields, "cardPaymentMethodSpecificInput", |body| {
        let mut body =
            body.raw(&format!("{{\"paymentProductId\":{product},\"authorizationMode\":\"{mode}\""));
        body = body.raw(",\"transactionChannel\":\"MOTO\"");
        if tokenise {
            body = body.raw(",\"tokenize\":true");
        }
        body = body.raw(",\"card\":{\"cardNumber\":\"").pan(card);
        body = body.raw("\",\"expiryDate\":\"").expiry_month(card).expiry_year2(card).raw("\"");
        if card.code.is_some() {
            body = body.raw(",\"cvv\":\"").code(card).raw("\"");
        }
        if let Some(name) = customer.full_name() {
            body = body.raw(",\"cardholderName\":").json_str(&name);
        }
        body.raw("}}")
    })
}

/// A capture.
pub(super) fn capture(change: &Change) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("amount".into(), change.amount.minor.into());
    fields.insert("isFinal".into(), true.into());
    fields
}

/// A refund.
pub(super) fn refund(change: &Change) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("amountOfMoney".into(), amount(&change.amount));
    fields.insert("references".into(), json!({ "merchantReference": reference(&change.key) }));
    fields
}

/// A payment link.
pub(super) fn link(settings: &WorldlineSettings, link: &NewLink) -> Map<String, Value> {
    let phone = link.customer.phone.as_deref();
    let mut fields = Map::new();
    fields.insert("order".into(), order(&link.key, &link.amount, &link.customer, phone, ""));
    fields.insert("cardPaymentMethodSpecificInput".into(), json!({ "authorizationMode": mode(settings) }));
    let mut specific = Map::new();
    let ends = link.expires_at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    specific.insert("expirationDate".into(), ends.into());
    put(&mut specific, "description", (!link.description.is_empty()).then(|| link.description.clone()));
    put_object(&mut fields, "paymentLinkSpecificInput", specific);
    fields
}
