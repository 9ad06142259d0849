//! Request bodies of Hyperswitch.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::HyperswitchSettings;
use crate::card::{Card, SecretBody};
use crate::psp::compose::{cut, json_with_card, put, put_object, put_past};
use crate::psp::{Address, Change, Charge, Customer, NewLink, StoredCard, Storing};

/// Letters of a `payment_id`, no more and no less; two of them say whose it is.
const PAYMENT_ID_CHARS: usize = 30;
const PREFIX: &str = "tg";
/// Free fields taken at most, and how long their values may be.
const METADATA_MAX: usize = 40;
const METADATA_VALUE_MAX_CHARS: usize = 500;
/// Names our key in the metadata.
pub(super) const KEY: &str = "tonegate_key";

/// Our key as a `payment_id`: the same for ever, and in 112 bits never another's.
pub(super) fn payment_id(key: &str) -> String {
    let digest = hex::encode(Sha256::digest(key.as_bytes()));
    format!("{PREFIX}{}", &digest[..PAYMENT_ID_CHARS - PREFIX.len()])
}

fn payment(settings: &HyperswitchSettings, key: &str, minor: i64, currency: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("payment_id".into(), payment_id(key).into());
    fields.insert("amount".into(), minor.into());
    fields.insert("currency".into(), currency.into());
    fields
        .insert("capture_method".into(), if settings.manual_capture { "manual" } else { "automatic" }.into());
    put(&mut fields, "profile_id", settings.profile_id.clone());
    fields
}

/// A charge keyed by telephone.
pub(super) fn charge(settings: &HyperswitchSettings, charge: &Charge, card: &Card) -> SecretBody {
    let mut fields = sale(settings, charge);
    fields.insert("payment_channel".into(), "telephone_order".into());
    with_card(fields, &charge.customer, card)
}

/// A stored card that is charged without the customer.
pub(super) fn charge_token(
    settings: &HyperswitchSettings,
    charge: &Charge,
    stored: &StoredCard,
) -> Map<String, Value> {
    let mut fields = sale(settings, charge);
    fields.insert("off_session".into(), true.into());
    fields.insert("customer_id".into(), stored.shopper.clone().into());
    fields.insert("recurring_details".into(), json!({ "type": "payment_method_id", "data": stored.token }));
    fields
}

fn sale(settings: &HyperswitchSettings, charge: &Charge) -> Map<String, Value> {
    let mut fields = payment(settings, &charge.key, charge.amount.minor, charge.amount.currency.code());
    fields.insert("confirm".into(), true.into());
    put(&mut fields, "description", (!charge.description.is_empty()).then(|| charge.description.clone()));
    put(&mut fields, "merchant_order_reference_id", charge.reference.clone());
    known(&mut fields, &charge.customer, charge.phone());
    let mut metadata = Map::new();
    metadata.insert(KEY.into(), charge.key.clone().into());
    put_past(&mut metadata, &charge.customer);
    for (name, value) in charge.parameters.iter().take(METADATA_MAX) {
        metadata.insert(name.clone(), cut(value, METADATA_VALUE_MAX_CHARS).into());
    }
    fields.insert("metadata".into(), Value::Object(metadata));
    fields
}

/// A card that is stored and charged nothing.
pub(super) fn tokenise(settings: &HyperswitchSettings, storing: &Storing, card: &Card) -> SecretBody {
    let mut fields = payment(settings, &storing.key, 0, storing.currency.code());
    fields.insert("confirm".into(), true.into());
    fields.insert("payment_channel".into(), "telephone_order".into());
    fields.insert("payment_type".into(), "setup_mandate".into());
    fields.insert("setup_future_usage".into(), "off_session".into());
    // Agreed to by word of mouth.
    fields.insert("customer_acceptance".into(), json!({ "acceptance_type": "offline" }));
    fields.insert("metadata".into(), json!({ KEY: storing.key }));
    known(&mut fields, &storing.customer, storing.customer.phone.as_deref());
    fields.insert("customer_id".into(), storing.shopper_reference.clone().into());
    with_card(fields, &storing.customer, card)
}

/// A refund.
pub(super) fn refund(change: &Change) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("payment_id".into(), change.reference.clone().into());
    fields.insert("refund_id".into(), payment_id(&change.key).into());
    fields.insert("amount".into(), change.amount.minor.into());
    fields.insert("metadata".into(), json!({ KEY: change.key }));
    fields
}

/// A page to pay on.
pub(super) fn link(
    settings: &HyperswitchSettings,
    link: &NewLink,
    return_url: &str,
    life_s: i64,
) -> Map<String, Value> {
    let mut fields = payment(settings, &link.key, link.amount.minor, link.amount.currency.code());
    fields.insert("confirm".into(), false.into());
    fields.insert("payment_link".into(), true.into());
    fields.insert("session_expiry".into(), life_s.into());
    fields.insert("return_url".into(), return_url.into());
    fields.insert("metadata".into(), json!({ KEY: link.key }));
    put(&mut fields, "description", (!link.description.is_empty()).then(|| link.description.clone()));
    known(&mut fields, &link.customer, link.customer.phone.as_deref());
    fields
}

fn known(fields: &mut Map<String, Value>, customer: &Customer, phone: Option<&str>) {
    put(fields, "customer_id", customer.shopper_reference.clone());
    put(fields, "name", customer.full_name());
    put(fields, "email", customer.email.clone());
    put(fields, "phone", phone);
    for (name, place) in [("billing", &customer.billing), ("shipping", &customer.delivery)] {
        if let Some(place) = place {
            put_object(fields, name, Map::from_iter([("address".to_owned(), address(place, customer))]));
        }
    }
}

fn address(known: &Address, customer: &Customer) -> Value {
    let mut fields = Map::new();
    put(&mut fields, "first_name", customer.first_name.clone());
    put(&mut fields, "last_name", customer.last_name.clone());
    put(&mut fields, "line1", known.line());
    put(&mut fields, "city", known.city.clone());
    put(&mut fields, "state", known.state.clone());
    put(&mut fields, "zip", known.postal_code.clone());
    put(&mut fields, "country", known.country.clone());
    Value::Object(fields)
}

fn with_card(mut fields: Map<String, Value>, customer: &Customer, card: &Card) -> SecretBody {
    fields.insert("payment_method".into(), "card".into());
    json_with_card(&fields, "payment_method_data", |body| {
        let mut body = body.raw("{\"card\":{\"card_number\":\"").pan(card);
        body = body.raw("\",\"card_exp_month\":\"").expiry_month(card);
        body = body.raw("\",\"card_exp_year\":\"").expiry_year4(card).raw("\"");
        if card.code.is_some() {
            body = body.raw(",\"card_cvc\":\"").code(card).raw("\"");
        }
        if let Some(name) = customer.full_name() {
            body = body.raw(",\"card_holder_name\":").json_str(&name);
        }
        body = body.raw("}");
        // The postal code that was keyed with the card.
        if card.postal.is_some() && customer.billing.is_none() {
            body = body.raw(",\"billing\":{\"address\":{\"zip\":\"").postal(card).raw("\"}}");
        }
        body.raw("}")
    })
}
