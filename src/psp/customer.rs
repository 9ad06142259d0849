//! What a provider's fraud checks want to know of a customer. What is not known stays absent: nothing is made up.

use jiff::civil::Date;

use crate::call::Money;

/// A customer, as far as the order, the caller's number and the company's records tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// The company's own name of this customer, the same for ever and without personal data: 3 to 256 letters.
    pub shopper_reference: Option<String>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number (E.164); the caller's number stands in for it.
    pub phone: Option<String>,
    /// Where the bill goes.
    pub billing: Option<Address>,
    /// Where the goods go.
    pub delivery: Option<Address>,
    /// When the customer's account with the company was opened.
    pub account_created: Option<Date>,
    /// What they bought before.
    pub history: Option<History>,
    /// Cards that were declined in this very call.
    pub failures_this_call: Option<u32>,
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Street, without the house's number.
    pub street: Option<String>,
    /// The house's number or name.
    pub house: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or province, where the country has them.
    pub state: Option<String>,
    /// Country (ISO 3166-1, two letters).
    pub country: Option<String>,
}

impl Address {
    /// House and street in one line, number first.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        match (&self.house, &self.street) {
            (Some(house), Some(street)) => Some(format!("{house} {street}")),
            (None, Some(street)) => Some(street.clone()),
            _ => None,
        }
    }
}

/// What a customer bought before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Orders in the last six months.
    pub orders_six_months: Option<u32>,
    /// All orders.
    pub orders: Option<u32>,
    /// What they came to.
    pub value: Option<Money>,
    /// The day of the last one.
    pub last_order: Option<Date>,
}

impl Customer {
    /// Given and family name, as far as known.
    #[must_use]
    pub fn full_name(&self) -> Option<String> {
        match (&self.first_name, &self.last_name) {
            (Some(first), Some(last)) => Some(format!("{first} {last}")),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        }
    }
}
