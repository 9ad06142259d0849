//! The request body of a charge, in each profile's own shape.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::card::{Card, SecretBody, SecretBodyBuilder};
use crate::psp::Charge;

/// Room for a body with a long description, so that it seldom moves.
const BODY_ROOM_BYTES: usize = 2048;

/// Whose form of the contract the connector serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// `method: "charge"`, `amount`; also served by Telnyx, Voxtelesys and Hyperswitch.
    #[default]
    Twilio,
    /// `method: "credit-card"`, `chargeAmount`, `token_type`, the currency in small letters.
    SignalWire,
}

/// Writes the charge straight into locked memory; fields that the customer was not asked for are left out.
pub(super) fn charge(
    profile: Profile,
    charge: &Charge,
    parameters: &BTreeMap<String, String>,
    card: &Card,
) -> SecretBody {
    let body = SecretBodyBuilder::with_capacity(BODY_ROOM_BYTES);
    match profile {
        Profile::Twilio => twilio(body, charge, parameters, card),
        Profile::SignalWire => signalwire(body, charge, parameters, card),
    }
    .raw("}")
    .finish()
}

fn twilio(
    body: SecretBodyBuilder,
    charge: &Charge,
    parameters: &BTreeMap<String, String>,
    card: &Card,
) -> SecretBodyBuilder {
    let body = body.raw("{\"method\":\"charge\",\"transaction_id\":").json_str(&charge.key);
    let body = number_and_code(body, card)
        .raw(",\"amount\":")
        .json_str(&charge.amount.decimal())
        .raw(",\"currency_code\":")
        .json_str(charge.amount.currency.code());
    let body = expiry(body, card).raw(",\"description\":").json_str(&charge.description);
    object(postal(body, card).raw(",\"parameters\":"), parameters)
}

fn signalwire(
    body: SecretBodyBuilder,
    charge: &Charge,
    parameters: &BTreeMap<String, String>,
    card: &Card,
) -> SecretBodyBuilder {
    let body = body.raw("{\"transaction_id\":").json_str(&charge.key).raw(",\"method\":\"credit-card\"");
    let body = postal(number_and_code(body, card), card)
        .raw(",\"description\":")
        .json_str(&charge.description)
        .raw(",\"chargeAmount\":")
        .json_str(&charge.amount.decimal())
        // The card is charged once; nothing is to be stored for later.
        .raw(",\"token_type\":\"one-time\"");
    let body = expiry(body, card)
        .raw(",\"currency_code\":")
        .json_str(&charge.amount.currency.code().to_ascii_lowercase());
    // The published form has no such field: it is sent only when the admin or the order gives some.
    if parameters.is_empty() { body } else { object(body.raw(",\"parameters\":"), parameters) }
}

/// Stores the card and charges nothing.
pub(super) fn tokenise(
    profile: Profile,
    key: &str,
    currency: &str,
    parameters: &BTreeMap<String, String>,
    card: &Card,
) -> SecretBody {
    let body = SecretBodyBuilder::with_capacity(BODY_ROOM_BYTES);
    let method = match profile {
        Profile::Twilio => "tokenize",
        Profile::SignalWire => "credit-card",
    };
    let body = body.raw("{\"method\":").json_str(method).raw(",\"transaction_id\":").json_str(key);
    let body = postal(expiry(number_and_code(body, card), card), card);
    let body = match profile {
        Profile::Twilio => object(body.raw(",\"parameters\":"), parameters),
        Profile::SignalWire => body
            .raw(",\"chargeAmount\":\"0.00\",\"token_type\":\"reusable\",\"currency_code\":")
            .json_str(&currency.to_ascii_lowercase()),
    };
    body.raw("}").finish()
}

fn number_and_code(body: SecretBodyBuilder, card: &Card) -> SecretBodyBuilder {
    let body = body.raw(",\"cardnumber\":\"").pan(card).raw("\"");
    if card.code.is_some() { body.raw(",\"cvv\":\"").code(card).raw("\"") } else { body }
}

fn expiry(body: SecretBodyBuilder, card: &Card) -> SecretBodyBuilder {
    body.raw(",\"expiry_month\":\"")
        .expiry_month(card)
        .raw("\",\"expiry_year\":\"")
        .expiry_year2(card)
        .raw("\"")
}

fn postal(body: SecretBodyBuilder, card: &Card) -> SecretBodyBuilder {
    if card.postal.is_some() { body.raw(",\"postal_code\":\"").postal(card).raw("\"") } else { body }
}

fn object(body: SecretBodyBuilder, fields: &BTreeMap<String, String>) -> SecretBodyBuilder {
    let mut body = body.raw("{");
    for (n, (name, value)) in fields.iter().enumerate() {
        body = body.raw(if n == 0 { "" } else { "," }).json_str(name).raw(":").json_str(value);
    }
    body.raw("}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psp::tests::{card, card_with, charge as sale};

    fn fields() -> BTreeMap<String, String> {
        BTreeMap::from([("shop".into(), "north \"2\"".into())])
    }

    /// The shape published by Twilio for a charge, field by field and in its order.
    #[test]
    fn twilio_s_shape_is_met_to_the_letter() {
        let body = charge(Profile::Twilio, &sale("att-1", "10.00"), &fields(), &card_with("75001"));
        assert_eq!(
            std::str::from_utf8(body.as_ref()).expect("UTF-8"),
            "{\"method\":\"charge\",\"transaction_id\":\"att-1\",\"cardnumber\":\"4111111111111111\",\
             \"cvv\":\"737\",\"amount\":\"10.00\",\"currency_code\":\"EUR\",\"expiry_month\":\"03\",\
             \"expiry_year\":\"30\",\"description\":\"Invoice 7\",\"postal_code\":\"75001\",\
             \"parameters\":{\"shop\":\"north \\\"2\\\"\"}}"
        );
    }

    /// The shape published by SignalWire.
    #[test]
    fn signalwire_s_shape_is_met_to_the_letter() {
        let body =
            charge(Profile::SignalWire, &sale("att-1", "10.55"), &BTreeMap::new(), &card_with("75001"));
        assert_eq!(
            std::str::from_utf8(body.as_ref()).expect("UTF-8"),
            "{\"transaction_id\":\"att-1\",\"method\":\"credit-card\",\"cardnumber\":\"4111111111111111\",\
             \"cvv\":\"737\",\"postal_code\":\"75001\",\"description\":\"Invoice 7\",\
             \"chargeAmount\":\"10.55\",\"token_type\":\"one-time\",\"expiry_month\":\"03\",\
             \"expiry_year\":\"30\",\"currency_code\":\"eur\"}"
        );
    }

    #[test]
    fn what_was_not_asked_for_is_left_out() {
        let mut card = card("4111111111111111");
        card.code = None;
        for profile in [Profile::Twilio, Profile::SignalWire] {
            let body = charge(profile, &sale("att-1", "10.55"), &fields(), &card);
            let sent: serde_json::Value = serde_json::from_slice(body.as_ref()).expect("JSON");
            assert!(sent.get("cvv").is_none() && sent.get("postal_code").is_none(), "{profile:?}");
            assert_eq!(sent["parameters"]["shop"], "north \"2\"");
        }
    }
}
