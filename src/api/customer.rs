//! `customer` in `POST /v1/payments`: what the order tells of who pays, for the provider's fraud checks.

use jiff::civil::Date;
use serde::Deserialize;

use crate::call::Money;
use crate::psp::{Address, Customer, History, is_email, is_shopper_reference, plausible_phone};

/// Longest name, street or city.
const MAX_TEXT_CHARS: usize = 100;

/// Longest postal code, house number or state.
const MAX_SHORT_CHARS: usize = 30;

/// Everything is optional; what is left out is not sent to the provider.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NewCustomer {
    /// The company's own name of the customer, the same for ever: 3 to 256 characters without blanks.
    reference: Option<String>,
    /// Given name.
    first_name: Option<String>,
    /// Family name.
    last_name: Option<String>,
    /// The whole name, where the two are not known apart.
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    billing: Option<NewAddress>,
    delivery: Option<NewAddress>,
    /// The day the customer's account with the company was opened, `2024-01-31`.
    account_created: Option<String>,
    history: Option<NewHistory>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NewAddress {
    street: Option<String>,
    house: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    state: Option<String>,
    /// ISO 3166-1, two capital letters.
    country: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NewHistory {
    orders: Option<u32>,
    orders_six_months: Option<u32>,
    value: Option<NewValue>,
    /// The day of the last order, `2026-08-01`.
    last_order: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewValue {
    amount: String,
    currency: String,
}

impl NewCustomer {
    /// What is known, or the field that is wrong and why.
    pub(super) fn read(&self) -> Result<Customer, String> {
        let address = |of: &str, given: &Option<NewAddress>| {
            let read = given.as_ref().map(|given| given.read(of)).transpose()?;
            // `{}` is an address of which nothing is known.
            Ok::<_, String>(read.filter(|address| *address != Address::default()))
        };
        let first_name = text("customer.first_name", &self.first_name, MAX_TEXT_CHARS)?;
        let last_name = text("customer.last_name", &self.last_name, MAX_TEXT_CHARS)?;
        let name = text("customer.name", &self.name, 2 * MAX_TEXT_CHARS)?;
        if name.is_some() && (first_name.is_some() || last_name.is_some()) {
            return Err("customer.name: give the whole name, or first_name and last_name, not both".into());
        }
        Ok(Customer {
            shopper_reference: fits(
                "customer.reference",
                &self.reference,
                is_shopper_reference,
                "3 to 256 characters without blanks",
            )?,
            first_name,
            last_name,
            name,
            email: fits("customer.email", &self.email, is_email, "an address such as name@example.com")?,
            phone: phone(&self.phone)?,
            billing: address("customer.billing", &self.billing)?,
            delivery: address("customer.delivery", &self.delivery)?,
            account_created: day("customer.account_created", &self.account_created)?,
            history: self.history.as_ref().map(NewHistory::read).transpose()?,
            failures_this_call: None,
        })
    }
}

impl NewAddress {
    fn read(&self, of: &str) -> Result<Address, String> {
        let long = |name: &str, value| text(&format!("{of}.{name}"), value, MAX_TEXT_CHARS);
        let short = |name: &str, value| text(&format!("{of}.{name}"), value, MAX_SHORT_CHARS);
        let country = |code: &str| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
        Ok(Address {
            street: long("street", &self.street)?,
            house: short("house", &self.house)?,
            postal_code: short("postal_code", &self.postal_code)?,
            city: long("city", &self.city)?,
            state: short("state", &self.state)?,
            country: fits(
                &format!("{of}.country"),
                &self.country,
                country,
                "two capital letters such as FR (ISO 3166-1)",
            )?,
        })
    }
}

impl NewHistory {
    fn read(&self) -> Result<History, String> {
        if let (Some(half_a_year), Some(all)) = (self.orders_six_months, self.orders)
            && half_a_year > all
        {
            return Err(
                "customer.history.orders_six_months: more than all orders; write at most that many".into()
            );
        }
        Ok(History {
            orders_six_months: self.orders_six_months,
            orders: self.orders,
            value: self.value.as_ref().map(NewValue::read).transpose()?,
            last_order: day("customer.history.last_order", &self.last_order)?,
        })
    }
}

impl NewValue {
    fn read(&self) -> Result<Money, String> {
        let told = |fault: &dyn std::fmt::Display| format!("customer.history.value: {fault}");
        let currency = self.currency.parse().map_err(|fault| told(&fault))?;
        Money::parse(&self.amount, currency).map_err(|fault| told(&fault))
    }
}

fn text(field: &str, value: &Option<String>, chars_max: usize) -> Result<Option<String>, String> {
    let Some(value) = value else { return Ok(None) };
    let plain = value.trim();
    if plain.is_empty() {
        return Err(format!("{field}: empty; leave out what is not known"));
    }
    if plain.chars().count() > chars_max || plain.chars().any(char::is_control) {
        return Err(format!("{field}: at most {chars_max} characters, none of them a control character"));
    }
    Ok(Some(plain.to_owned()))
}

fn fits(
    field: &str,
    value: &Option<String>,
    fits: impl Fn(&str) -> bool,
    wanted: &str,
) -> Result<Option<String>, String> {
    match value.as_deref().map(str::trim) {
        None => Ok(None),
        Some(value) if fits(value) => Ok(Some(value.to_owned())),
        Some(_) => Err(format!("{field}: write {wanted}, or leave it out")),
    }
}

fn phone(value: &Option<String>) -> Result<Option<String>, String> {
    let Some(value) = value else { return Ok(None) };
    let plain = plausible_phone(value.trim());
    plain
        .map(Some)
        .ok_or_else(|| "customer.phone: write 7 to 15 digits such as +33612345678, or leave it out".into())
}

fn day(field: &str, value: &Option<String>) -> Result<Option<Date>, String> {
    let Some(value) = value else { return Ok(None) };
    // A day further on than anybody's clock is a slip.
    let tomorrow = jiff::Zoned::now().date().tomorrow().unwrap_or(Date::MAX);
    match value.parse::<Date>() {
        Ok(day) if value.len() == 10 && day <= tomorrow => Ok(Some(day)),
        _ => Err(format!("{field}: write a day of the past such as 2024-01-31, or leave it out")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Customer, String> {
        serde_json::from_str::<NewCustomer>(json).map_err(|fault| fault.to_string())?.read()
    }

    #[test]
    fn everything_can_be_known_and_nothing_has_to() {
        assert_eq!(read("{}"), Ok(Customer::default()));
        assert_eq!(read(r#"{"billing":{}}"#), Ok(Customer::default()));
        let known = read(
            r#"{"reference":"cust-42","first_name":" Jean ","last_name":"Dupont","email":"jean@example.fr",
                "phone":"+33 6 12 34 56 78","billing":{"street":"Rue de Rivoli","house":"1","postal_code":"75001",
                "city":"Paris","country":"FR"},"delivery":{"city":"Lyon"},"account_created":"2024-01-02",
                "history":{"orders":9,"orders_six_months":4,"value":{"amount":"120.50","currency":"EUR"},
                "last_order":"2026-08-01"}}"#,
        )
        .expect("a customer");
        assert_eq!(known.full_name().as_deref(), Some("Jean Dupont"));
        assert_eq!(known.phone.as_deref(), Some("+33612345678"));
        assert_eq!(known.delivery.and_then(|place| place.city).as_deref(), Some("Lyon"));
        let history = known.history.expect("a history");
        assert_eq!(history.value.map(|value| value.minor), Some(12_050));
        assert_eq!(history.last_order, Some(jiff::civil::date(2026, 8, 1)));
        assert_eq!(known.failures_this_call, None, "the desk counts");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_field() {
        let long = "x".repeat(101);
        for (json, told) in [
            (r#"{"email":"jean"}"#.to_owned(), "customer.email: write an address"),
            (r#"{"phone":"1001"}"#.into(), "customer.phone: write 7 to 15 digits"),
            (r#"{"reference":"42"}"#.into(), "customer.reference: write 3 to 256"),
            (r#"{"name":"Jean Dupont","last_name":"Dupont"}"#.into(), "customer.name: give the whole name"),
            (r#"{"first_name":""}"#.into(), "customer.first_name: empty"),
            (format!(r#"{{"last_name":"{long}"}}"#), "customer.last_name: at most 100"),
            (r#"{"last_name":"a\u0007b"}"#.into(), "none of them a control character"),
            (r#"{"billing":{"country":"France"}}"#.into(), "customer.billing.country: write two capital"),
            (r#"{"delivery":{"postal_code":" "}}"#.into(), "customer.delivery.postal_code: empty"),
            (r#"{"account_created":"02.01.2024"}"#.into(), "customer.account_created: write a day"),
            (r#"{"account_created":"2999-01-01"}"#.into(), "customer.account_created: write a day"),
            (r#"{"history":{"last_order":"2026-02-30"}}"#.into(), "customer.history.last_order"),
            (
                r#"{"history":{"orders":1,"orders_six_months":2}}"#.into(),
                "customer.history.orders_six_months",
            ),
            (r#"{"history":{"value":{"amount":"1.234","currency":"EUR"}}}"#.into(), "customer.history.value"),
            (r#"{"history":{"orders":-1}}"#.into(), "invalid value"),
            (r#"{"failures_this_call":0}"#.into(), "unknown field `failures_this_call`"),
        ] {
            let fault = read(&json).expect_err(&json);
            assert!(fault.contains(told), "{json}: {fault}");
        }
    }
}
