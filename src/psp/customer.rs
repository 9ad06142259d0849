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
    /// The whole name, where given and family name are not known apart.
    pub name: Option<String>,
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
            (None, None) => self.name.clone(),
        }
    }
}

/// Fewest digits of a number that leads out of a PBX; extensions have fewer.
const PHONE_MIN_DIGITS: usize = 7;
/// Most digits of a number (ITU-T E.164).
const PHONE_MAX_DIGITS: usize = 15;
/// What some networks send for a caller who is not shown: `anonymous`, `unavailable` and `unknown` on a keypad.
const NOBODY: [&str; 3] = ["266696687", "86282452253", "8656696"];

/// A telephone number without what people write between its digits; none if it cannot be one that leads to a
/// customer: an extension, a name, or what networks send in place of a number. No country code is added.
#[must_use]
pub fn plausible_phone(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/')).collect();
    let digits = plain.strip_prefix('+').unwrap_or(&plain);
    let fits = (PHONE_MIN_DIGITS..=PHONE_MAX_DIGITS).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.bytes().all(|b| digits.as_bytes().first() == Some(&b))
        && !NOBODY.contains(&digits);
    fits.then_some(plain)
}

/// Longest e-mail address (RFC 5321 section 4.5.3.1.3).
const EMAIL_MAX_BYTES: usize = 254;

/// Whether a text can be an e-mail address: one `@`, something on both sides, no blanks.
#[must_use]
pub fn is_email(text: &str) -> bool {
    let plain = text.len() <= EMAIL_MAX_BYTES && text.chars().all(|c| !c.is_whitespace() && !c.is_control());
    let parts = text.split_once('@');
    plain
        && parts.is_some_and(|(local, domain)| {
            !local.is_empty()
                && !domain.contains('@')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
                && !domain.is_empty()
        })
}

/// Whether a text can be the company's own name of a customer: 3 to 256 letters, digits and plain signs, no blanks.
#[must_use]
pub fn is_shopper_reference(text: &str) -> bool {
    (3..=256).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_leads_to_no_customer_is_none() {
        assert_eq!(plausible_phone("+33 6.12-34 (56) 78").as_deref(), Some("+33612345678"));
        assert_eq!(plausible_phone("0612345678").as_deref(), Some("0612345678"));
        for none in [
            "",
            "1001",
            "anonymous",
            "Restricted",
            "+",
            "0000000000",
            "+1234567890123456",
            "06123x45678",
            "266696687",
            "+86282452253",
            "++33612345678",
            "sip:jean@example.fr",
        ] {
            assert_eq!(plausible_phone(none), None, "{none}");
        }
    }

    #[test]
    fn addresses_and_references_are_told_from_other_texts() {
        assert!(is_email("jean.dupont+pay@mail.example.fr"));
        for none in
            ["", "jean", "@example.fr", "jean@", "je an@example.fr", "a@b@c", "jean@.fr", "jean@example.fr\n"]
        {
            assert!(!is_email(none), "{none:?}");
        }
        assert!(
            is_shopper_reference("cust-0042")
                && !is_shopper_reference("42")
                && !is_shopper_reference("a b c")
        );
    }

    #[test]
    fn a_name_is_put_together_only_from_what_is_known() {
        let of = |first: Option<&str>, last: Option<&str>, whole: Option<&str>| {
            let own = |text: Option<&str>| text.map(str::to_owned);
            Customer { first_name: own(first), last_name: own(last), name: own(whole), ..Customer::default() }
                .full_name()
        };
        assert_eq!(of(Some("Jean"), Some("Dupont"), Some("x")).as_deref(), Some("Jean Dupont"));
        assert_eq!(of(None, Some("Dupont"), None).as_deref(), Some("Dupont"));
        assert_eq!(of(None, None, Some("Jean Dupont")).as_deref(), Some("Jean Dupont"));
        assert_eq!(of(None, None, None), None);
    }
}
