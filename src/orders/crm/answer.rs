//! An answer in whatever JSON the company's system writes, mapped to our fields.
//!
//! What is wrong with reference, amount or currency makes the answer useless. What is wrong with anything else is left
//! out, and said in the log: a slip in an address must not cost a payment.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::Value;

use crate::call::{Currency, Money};
use crate::config::{AmountUnit, CRM_FIELDS, CrmSection};
use crate::psp::{Address, Customer, History, is_email, is_shopper_reference, plausible_phone};

use super::super::draft::{Draft, MAX_DESCRIPTION_CHARS, MAX_NAME_CHARS};
use super::{Found, MAX_ANSWER_ORDERS, Payee, Question};

/// Longest street or city.
const MAX_TEXT_CHARS: usize = 100;
/// Longest house number, postal code or state.
const MAX_SHORT_CHARS: usize = 30;

/// How answers are read.
pub(super) struct Reading {
    orders: Option<String>,
    paths: BTreeMap<&'static str, String>,
    unit: AmountUnit,
}

/// One order of an answer, and the answer around it.
struct Entry<'a> {
    reading: &'a Reading,
    own: &'a Value,
    whole: &'a Value,
}

impl Reading {
    pub(super) fn new(section: &CrmSection) -> Self {
        let path = |(name, usual): (&'static str, &str)| {
            (name, section.fields.get(name).map_or(usual, String::as_str).to_owned())
        };
        Self {
            orders: section.orders.clone(),
            paths: CRM_FIELDS.into_iter().map(path).collect(),
            unit: section.amount_unit,
        }
    }

    /// What is owed. An order of which nothing is left to pay is none.
    pub(super) fn read(
        &self,
        answer: &Value,
        payee: Payee<'_>,
        asked: Question<'_>,
    ) -> Result<Vec<Found>, String> {
        let listed = match &self.orders {
            None if answer.is_null() => &[],
            None => std::slice::from_ref(answer),
            Some(path) => match answer.pointer(path) {
                Some(Value::Array(all)) => all.as_slice(),
                None | Some(Value::Null) => &[],
                Some(_) => return Err(format!("what stands at {path} is no list")),
            },
        };
        if listed.len() > MAX_ANSWER_ORDERS {
            return Err(format!("{} orders, and {MAX_ANSWER_ORDERS} is the most", listed.len()));
        }
        let mut found = Vec::with_capacity(listed.len());
        for own in listed {
            let entry = Entry { reading: self, own, whole: answer };
            found.extend(entry.order(payee, asked)?);
        }
        Ok(found)
    }
}

impl Entry<'_> {
    /// A value as text; nothing if it is not there, empty or null.
    fn text(&self, field: &'static str) -> Result<Option<String>, String> {
        let Some(path) = self.reading.paths.get(field) else { return Ok(None) };
        let value = self.own.pointer(path).or_else(|| self.whole.pointer(path));
        let text = match value {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(true)) => "yes".to_owned(),
            Some(Value::Bool(false)) => "no".to_owned(),
            Some(_) => return Err(format!("{field}: what stands at {path} is a list or an object")),
        };
        Ok((!text.is_empty()).then_some(text))
    }

    /// A value that may be left out: what does not fit is.
    fn kept<T>(&self, field: &'static str, fit: impl FnOnce(String) -> Option<T>) -> Option<T> {
        let text = self.text(field).unwrap_or_default()?;
        let fitted = fit(text);
        if fitted.is_none() {
            tracing::warn!("the CRM's answer: {field} is not one, and is left out");
        }
        fitted
    }

    fn short(&self, field: &'static str, max_chars: usize) -> Option<String> {
        self.kept(field, |text| {
            let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
            Some(plain.take(max_chars).collect())
        })
    }

    fn order(&self, payee: Payee<'_>, asked: Question<'_>) -> Result<Option<Found>, String> {
        let currency = match self.text("currency")? {
            Some(code) => code.parse().map_err(|fault| format!("currency: {fault}"))?,
            None => payee.currency,
        };
        let Some(amount) = self.amount("amount", currency)? else {
            return Err("amount: there is none".into());
        };
        if amount.minor == 0 {
            return Ok(None);
        }
        let reference = match (self.text("reference")?, asked) {
            (Some(told), Question::Reference(asked)) if told != asked => {
                return Err("reference: it is another order's than the one that was asked for".into());
            }
            (Some(told), _) => told,
            (None, Question::Reference(asked) | Question::Keyed(asked)) => asked.to_owned(),
            (None, Question::Phone(_)) => return Err("reference: there is none".into()),
        };
        let minimum = self.amount("minimum", currency).ok().flatten().filter(|least| least.minor > 0);
        let draft = Draft {
            merchant: payee.merchant.to_owned(),
            reference,
            amount: amount.decimal(),
            currency: currency.code().to_owned(),
            description: self.short("description", MAX_DESCRIPTION_CHARS).unwrap_or_default(),
            name: self.short("name", MAX_NAME_CHARS).unwrap_or_default(),
            phone: self.kept("phone", |text| plausible_phone(&text)).unwrap_or_default(),
            email: self.kept("email", |text| is_email(&text).then_some(text)).unwrap_or_default(),
            language: self.kept("language", |tag| spoken(&tag)).unwrap_or_default(),
            due: self.kept("due", |text| day(&text)).map(|day| day.to_string()).unwrap_or_default(),
            parts: self.kept("partial_payments", |text| yes(&text)).unwrap_or_default(),
            minimum: minimum.map(|least| least.decimal()).unwrap_or_default(),
        };
        let order = draft.read().map_err(|slip| slip.to_string())?;
        Ok(Some(Found { order, customer: self.customer(currency) }))
    }

    fn amount(&self, field: &'static str, currency: Currency) -> Result<Option<Money>, String> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        let amount = match self.reading.unit {
            AmountUnit::Minor => {
                text.parse().ok().filter(|minor| *minor >= 0).map(|minor| Money { minor, currency })
            }
            // `42.0` is how some write a whole number.
            AmountUnit::Major => {
                let plain = text.strip_suffix(".0").unwrap_or(&text);
                Money::parse(plain, currency).ok()
            }
        };
        let written = match self.reading.unit {
            AmountUnit::Minor => "in minor units, a whole number",
            AmountUnit::Major => "with a point, as in 42.50",
        };
        amount.map(Some).ok_or_else(|| format!("{field}: not an amount in {currency} {written}"))
    }

    fn customer(&self, currency: Currency) -> Customer {
        let history = History {
            orders_six_months: self.kept("history_orders_six_months", |text| text.parse().ok()),
            orders: self.kept("history_orders", |text| text.parse().ok()),
            value: self.value(currency),
            last_order: self.kept("history_last_order", |text| day(&text)),
        };
        Customer {
            shopper_reference: self
                .kept("customer_reference", |text| is_shopper_reference(&text).then_some(text)),
            first_name: self.short("first_name", MAX_NAME_CHARS),
            last_name: self.short("last_name", MAX_NAME_CHARS),
            billing: self.address([
                "billing_street",
                "billing_house",
                "billing_postal_code",
                "billing_city",
                "billing_state",
                "billing_country",
            ]),
            delivery: self.address([
                "delivery_street",
                "delivery_house",
                "delivery_postal_code",
                "delivery_city",
                "delivery_state",
                "delivery_country",
            ]),
            account_created: self.kept("account_created", |text| day(&text)),
            history: (history != History::default()).then_some(history),
            ..Customer::default()
        }
    }

    /// What the customer bought before, in the order's currency where none is named.
    fn value(&self, usual: Currency) -> Option<Money> {
        let currency = self.kept("history_currency", |code| code.parse().ok()).unwrap_or(usual);
        self.amount("history_value", currency).ok().flatten()
    }

    fn address(
        &self,
        [street, house, postal_code, city, state, country]: [&'static str; 6],
    ) -> Option<Address> {
        let is_country = |code: &String| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
        let address = Address {
            street: self.short(street, MAX_TEXT_CHARS),
            house: self.short(house, MAX_SHORT_CHARS),
            postal_code: self.short(postal_code, MAX_SHORT_CHARS),
            city: self.short(city, MAX_TEXT_CHARS),
            state: self.short(state, MAX_SHORT_CHARS),
            country: self.kept(country, |code| Some(code).filter(is_country)),
        };
        (address != Address::default()).then_some(address)
    }
}

/// `fr` of `fr`, `fr-FR` and `fr_FR`.
fn spoken(tag: &str) -> Option<String> {
    let own = tag.split(['-', '_']).next().unwrap_or(tag).to_ascii_lowercase();
    crate::prompts::Language::from_str(&own).ok().map(|language| language.code().to_owned())
}

/// The day of `2026-12-31` and `2026-12-31T10:00:00Z`.
fn day(text: &str) -> Option<jiff::civil::Date> {
    text.get(..10)?.parse().ok()
}

fn yes(text: &str) -> Option<bool> {
    super::super::table::yes(text).ok()
}
