//! Reading a request of the contract, in either profile, without keeping the card.

use serde::Deserialize;
use std::borrow::Cow;

use super::behaviour::Refusal;
use crate::call::{Currency, Money};
use crate::card::is_published_test_number;

/// Longest `transaction_id` taken.
const TRANSACTION_ID_MAX_BYTES: usize = 255;

/// What a request asks for, without the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) transaction_id: String,
    pub(super) profile: &'static str,
    /// `None`: the card is to be stored, not charged.
    pub(super) amount: Option<Money>,
    pub(super) masked: String,
    pub(super) expired: bool,
}

/// An order and the number of the published test card in it, which lives on the stack only.
pub(super) struct Read {
    pub(super) order: Order,
    pub(super) card_number: u64,
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    transaction_id: Cow<'a, str>,
    method: &'a str,
    cardnumber: Option<&'a str>,
    cvv: Option<&'a str>,
    expiry_month: Option<&'a str>,
    expiry_year: Option<&'a str>,
    amount: Option<&'a str>,
    #[serde(rename = "chargeAmount")]
    charge_amount: Option<&'a str>,
    currency_code: Option<&'a str>,
    bankaccountnumber: Option<&'a str>,
}

const fn malformed(message: &'static str) -> Refusal {
    Refusal { code: "malformed", message }
}

/// Reads a body. A refusal never quotes it, and neither does the JSON reader's own message, which is dropped.
pub(super) fn read(body: &[u8]) -> Result<Read, Refusal> {
    let fields: Fields<'_> = serde_json::from_slice(body).map_err(|fault| {
        if fault.is_data() {
            malformed("a field is missing, or is not a string")
        } else {
            malformed("the body is not JSON")
        }
    })?;
    let transaction_id = fields.transaction_id.trim();
    if transaction_id.is_empty() || transaction_id.len() > TRANSACTION_ID_MAX_BYTES {
        return Err(malformed("`transaction_id` must have 1 to 255 bytes"));
    }
    if fields.bankaccountnumber.is_some() {
        return Err(Refusal { code: "not_enabled", message: "the test bank debits no bank accounts" });
    }
    let (profile, amount, charges) = match fields.method {
        "charge" => ("twilio", fields.amount, true),
        "tokenize" => ("twilio", None, false),
        "credit-card" => {
            let amount = fields.charge_amount.filter(|text| text.chars().any(|c| matches!(c, '1'..='9')));
            ("signalwire", amount, amount.is_some())
        }
        _ => return Err(malformed("`method` must be charge, tokenize or credit-card")),
    };
    let amount = match (charges, amount) {
        (false, _) => None,
        (true, None) => return Err(malformed("`amount` is missing")),
        (true, Some(text)) => Some(money(text, fields.currency_code)?),
    };
    let digits = fields.cardnumber.ok_or(malformed("`cardnumber` is missing"))?;
    let card_number = published(digits)?;
    if !fields.cvv.is_none_or(|code| code.len() == 3 || code.len() == 4) {
        return Err(malformed("`cvv` must have three or four digits"));
    }
    let expired = expired(fields.expiry_month, fields.expiry_year)?;
    let masked = format!("{:x<hidden$}{}", "", &digits[digits.len() - 4..], hidden = digits.len() - 4);
    let order = Order { transaction_id: transaction_id.into(), profile, amount, masked, expired };
    Ok(Read { order, card_number })
}

fn money(text: &str, currency: Option<&str>) -> Result<Money, Refusal> {
    let currency: Currency = currency
        .unwrap_or("USD")
        .to_ascii_uppercase()
        .parse()
        .map_err(|_| malformed("`currency_code` must have three letters"))?;
    let amount = Money::parse(text, currency).map_err(|_| {
        malformed("the amount must be a decimal number with no more digits than the currency has")
    })?;
    if amount.minor == 0 {
        return Err(Refusal { code: "13", message: "invalid amount" });
    }
    Ok(amount)
}

/// Nothing but a published test number gets past here.
fn published(digits: &str) -> Result<u64, Refusal> {
    digits.parse().ok().filter(|_| is_published_test_number(digits.as_bytes())).ok_or(Refusal {
        code: "not_a_test_number",
        message: "the test bank takes published test card numbers only; never enter a real card here",
    })
}

fn expired(month: Option<&str>, year: Option<&str>) -> Result<bool, Refusal> {
    let number = |text: Option<&str>, digits: usize| {
        text.filter(|text| text.len() == digits).and_then(|text| text.parse::<i16>().ok())
    };
    let month = number(month, 2)
        .filter(|month| (1..=12).contains(month))
        .ok_or(malformed("`expiry_month` must be 01 to 12"))?;
    let year = number(year, 2).ok_or(malformed("`expiry_year` must have two digits"))?;
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    Ok((2000 + year, month) < (today.year(), i16::from(today.month())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(body: &str) -> &'static str {
        read(body.as_bytes()).err().map_or("", |refusal| refusal.code)
    }

    #[test]
    fn both_profiles_are_recognised_by_their_fields() {
        let card = "\"cardnumber\":\"4111111111111111\",\"expiry_month\":\"03\",\"expiry_year\":\"99\"";
        let of = |head: &str| read(format!("{{{head},\"transaction_id\":\"t\",{card}}}").as_bytes()).ok();
        let read =
            of("\"method\":\"charge\",\"amount\":\"10.0\",\"currency_code\":\"USD\"").expect("a charge");
        assert_eq!((read.order.profile, read.order.amount.map(|m| m.minor)), ("twilio", Some(1000)));
        assert_eq!(read.order.masked, "xxxxxxxxxxxx1111");
        let read = of("\"method\":\"credit-card\",\"chargeAmount\":\"10.55\",\"currency_code\":\"usd\"");
        let order = read.expect("a charge").order;
        assert_eq!(
            (order.profile, order.amount.map(|m| m.to_string())),
            ("signalwire", Some("10.55 USD".into()))
        );
        for stored in ["\"method\":\"tokenize\"", "\"method\":\"credit-card\",\"chargeAmount\":\"0.00\""] {
            assert_eq!(of(stored).expect("a card to store").order.amount, None, "{stored}");
        }
        assert!(of("\"method\":\"charge\"").is_none());
    }

    #[test]
    fn only_published_test_numbers_are_taken() {
        let with = |number: &str| {
            fault(&format!(
                "{{\"method\":\"tokenize\",\"transaction_id\":\"t\",\"cardnumber\":\"{number}\",\
                 \"expiry_month\":\"03\",\"expiry_year\":\"99\"}}"
            ))
        };
        assert_eq!(with("378282246310005"), "");
        for real in ["4111111111111129", "41111111", "", "+4111111111111111", "4111 1111 1111 1111"] {
            assert_eq!(with(real), "not_a_test_number", "{real}");
        }
        assert_eq!(
            fault("{\"method\":\"charge\",\"transaction_id\":\"t\",\"cardnumber\":4111111111111111}"),
            "malformed"
        );
    }

    #[test]
    fn a_card_of_the_past_has_expired() {
        assert_eq!(expired(Some("10"), Some("26")), Ok(true));
        assert_eq!(expired(Some("12"), Some("99")), Ok(false));
        assert!(expired(Some("13"), Some("30")).is_err());
        assert!(expired(Some("3"), Some("30")).is_err());
        assert!(expired(Some("03"), None).is_err());
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(read(&body).is_err());
        }
    }
}
