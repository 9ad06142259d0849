//! Request bodies: everything that is not the card's, around the places that the card itself fills.

use serde_json::{Map, Value};

use super::Customer;
use crate::card::{SecretBody, SecretBodyBuilder};

/// Room for a body with a long description and an address, so that it seldom moves.
const BODY_ROOM_BYTES: usize = 4096;

/// A JSON object: these fields, then one named `key` that `card_part` writes.
pub(super) fn json_with_card(
    fields: &Map<String, Value>,
    key: &str,
    card_part: impl FnOnce(SecretBodyBuilder) -> SecretBodyBuilder,
) -> SecretBody {
    let mut body = SecretBodyBuilder::with_capacity(BODY_ROOM_BYTES).raw("{");
    for (name, value) in fields {
        body = body.json_str(name).raw(":").raw(&value.to_string()).raw(",");
    }
    card_part(body.json_str(key).raw(":")).raw("}").finish()
}

/// Puts a value that is known into an object; one that is not known leaves no trace.
pub(super) fn put(fields: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        fields.insert(name.into(), value.into());
    }
}

/// What is known of a customer's past, for providers that keep what they have no field for as metadata.
pub(super) fn put_past(metadata: &mut Map<String, Value>, customer: &Customer) {
    let history = customer.history.clone().unwrap_or_default();
    put(metadata, "account_created", customer.account_created.map(|day| day.to_string()));
    put(metadata, "orders", history.orders);
    put(metadata, "orders_six_months", history.orders_six_months);
    put(metadata, "last_order", history.last_order.map(|day| day.to_string()));
    put(metadata, "failures_this_call", customer.failures_this_call);
}

/// Puts an object in, unless nothing is known of it.
pub(super) fn put_object(fields: &mut Map<String, Value>, name: &str, value: Map<String, Value>) {
    if !value.is_empty() {
        fields.insert(name.into(), Value::Object(value));
    }
}

/// The text at a place in an answer, such as `error.code`.
pub(super) fn text_at<'a>(fields: &'a Map<String, Value>, path: &str) -> Option<&'a str> {
    let mut names = path.split('.');
    let mut value = fields.get(names.next()?)?;
    for name in names {
        value = value.get(name)?;
    }
    value.as_str()
}

/// At most so many characters of a text.
pub(super) fn cut(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}
