//! An order as text from outside, and what each field of it has to be.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::call::{Currency, Money};
use crate::prompts::Language;
use crate::psp::{is_email, plausible_phone};
use crate::store::{Debtor, NewOrder};

/// The longest reference: it is spoken, keyed and written into addresses.
pub const MAX_REFERENCE_CHARS: usize = 100;
/// The same in UTF-8: what the store keeps of a field.
const MAX_REFERENCE_BYTES: usize = 256;
/// The longest description.
pub const MAX_DESCRIPTION_CHARS: usize = 200;
/// The longest name.
pub(super) const MAX_NAME_CHARS: usize = 100;
/// A day and nothing else (RFC 3339, full-date).
const DAY_CHARS: usize = 10;

/// An order that nobody has looked at yet. What is empty is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// Who is paid, by the id of the configuration.
    pub merchant: String,
    /// The company's own reference.
    pub reference: String,
    /// How much, `42.50`.
    pub amount: String,
    /// ISO 4217.
    pub currency: String,
    /// What for.
    pub description: String,
    /// Who owes it.
    pub name: String,
    /// Their telephone number.
    pub phone: String,
    /// Their e-mail address.
    pub email: String,
    /// The language they are spoken to in.
    pub language: String,
    /// When it is due, `2026-12-31`.
    pub due: String,
    /// Whether a part of it may be paid.
    pub parts: bool,
    /// The least part that may be paid, `10.00`; any if it is empty.
    pub minimum: String,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct Slip {
    /// The field, by its name in the API and in files.
    pub field: &'static str,
    /// What is wrong, and what to write.
    pub why: String,
}

impl Slip {
    pub(super) fn new(field: &'static str, why: impl ToString) -> Self {
        Self { field, why: why.to_string() }
    }
}

impl Draft {
    /// The order, if it is one.
    ///
    /// # Errors
    /// What is wrong with the first field that is.
    pub fn read(&self) -> Result<NewOrder, Slip> {
        let currency: Currency = self.currency.parse().map_err(|fault| Slip::new("currency", fault))?;
        let amount = Money::parse(&self.amount, currency).map_err(|fault| Slip::new("amount", fault))?;
        if amount.minor == 0 {
            return Err(Slip::new("amount", "nothing is owed; an order is at least one minor unit"));
        }
        if !self.email.is_empty() && !is_email(&self.email) {
            return Err(Slip::new("email", "write an address such as name@example.com"));
        }
        Ok(NewOrder {
            merchant: self.merchant.clone(),
            reference: reference(&self.reference)?,
            amount,
            description: text("description", &self.description, MAX_DESCRIPTION_CHARS)?,
            customer: Debtor {
                name: known(text("name", &self.name, MAX_NAME_CHARS)?),
                phone: match self.phone.as_str() {
                    "" => None,
                    number => Some(phone(number)?),
                },
                email: known(self.email.clone()),
                language: language(&self.language)?,
            },
            due: due(&self.due)?,
            parts: self.parts,
            minimum: self.least(amount)?,
        })
    }
}

impl Draft {
    fn least(&self, amount: Money) -> Result<Option<Money>, Slip> {
        if self.minimum.is_empty() {
            return Ok(None);
        }
        let least =
            Money::parse(&self.minimum, amount.currency).map_err(|fault| Slip::new("minimum", fault))?;
        match least.minor {
            0 => Ok(None),
            _ if !self.parts => {
                Err(Slip::new("minimum", "the order allows no part payments; allow them, or leave it out"))
            }
            minor if minor > amount.minor => Err(Slip::new("minimum", "it is more than what is owed")),
            _ => Ok(Some(least)),
        }
    }
}

fn known(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn text(field: &'static str, text: &str, max_chars: usize) -> Result<String, Slip> {
    if text.chars().count() > max_chars || text.chars().any(char::is_control) {
        let rule = format!("give at most {max_chars} characters, none of them a control character");
        return Err(Slip::new(field, rule));
    }
    Ok(text.to_owned())
}

fn reference(given: &str) -> Result<String, Slip> {
    // `.` and `..` mean something else in an address.
    let fits =
        !matches!(given, "" | "." | "..") && given.len() <= MAX_REFERENCE_BYTES && given.trim() == given;
    if !fits {
        let rule =
            format!("give 1 to {MAX_REFERENCE_CHARS} characters, no blank at either end, not only points");
        return Err(Slip::new("reference", rule));
    }
    text("reference", given, MAX_REFERENCE_CHARS)
}

pub(super) fn phone(number: &str) -> Result<String, Slip> {
    let rule = "write a telephone number of 7 to 15 digits, for example +33612345678";
    plausible_phone(number).ok_or_else(|| Slip::new("phone", rule))
}

fn language(tag: &str) -> Result<Option<String>, Slip> {
    if tag.is_empty() {
        return Ok(None);
    }
    let spoken: Language = tag.parse().map_err(|fault| Slip::new("language", fault))?;
    Ok(Some(spoken.code().to_owned()))
}

fn due(day: &str) -> Result<Option<Date>, Slip> {
    if day.is_empty() {
        return Ok(None);
    }
    let read = day.parse::<Date>().ok().filter(|_| day.len() == DAY_CHARS);
    read.map(Some).ok_or_else(|| Slip::new("due", "write a day such as 2026-12-31"))
}
