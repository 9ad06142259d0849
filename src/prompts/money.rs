//! Amounts, spoken and shown.

use crate::call::{Currency, Money};

use super::language::Language;
use super::speech::Speech;
use super::{english, french};

/// Above this an amount is read out digit by digit.
pub(super) const LARGEST_SPOKEN: u64 = 999_999_999;

/// The clips of a currency.
pub(super) struct Unit {
    /// "euro".
    pub(super) one: &'static str,
    /// "euros".
    pub(super) many: &'static str,
    /// "cent".
    minor_one: &'static str,
    /// "cents".
    minor_many: &'static str,
    /// "une livre".
    pub(super) feminine_in_french: bool,
}

const fn masculine(
    one: &'static str,
    many: &'static str,
    minor_one: &'static str,
    minor_many: &'static str,
) -> Unit {
    Unit { one, many, minor_one, minor_many, feminine_in_french: false }
}

static EURO: Unit = masculine("euro", "euros", "cent", "cents");
/// In French a hundredth of a euro is a centime.
static EURO_FRENCH: Unit = masculine("euro", "euros", "centime", "centimes");
static DOLLAR: Unit = masculine("dollar", "dollars", "cent", "cents");
static CANADIAN_DOLLAR: Unit = masculine("canadian-dollar", "canadian-dollars", "cent", "cents");
static SWISS_FRANC: Unit = masculine("swiss-franc", "swiss-francs", "centime", "centimes");
static POUND: Unit =
    Unit { one: "pound", many: "pounds", minor_one: "penny", minor_many: "pence", feminine_in_french: true };

/// The clips of a currency, where it has any.
fn unit(currency: Currency, language: Language) -> Option<&'static Unit> {
    Some(match (currency.code(), language) {
        ("EUR", Language::English) => &EURO,
        ("EUR", Language::French) => &EURO_FRENCH,
        ("GBP", _) => &POUND,
        ("USD", _) => &DOLLAR,
        ("CAD", _) => &CANADIAN_DOLLAR,
        ("CHF", _) => &SWISS_FRANC,
        _ => return None,
    })
}

/// An amount cut at the decimal point; a sign does not exist in a payment.
fn split(money: Money) -> (u64, u64, usize) {
    let exponent = money.currency.exponent();
    let unit = 10_u64.pow(exponent);
    let minor = money.minor.unsigned_abs();
    (minor / unit, minor % unit, exponent as usize)
}

/// Says an amount: "twelve euros and fifty cents"; a currency without clips by its letters: "twelve point five
/// zero S E K".
pub(super) fn say(speech: &mut Speech, money: Money, language: Language) {
    let (whole, minor, places) = split(money);
    match unit(money.currency, language) {
        Some(unit) if whole <= LARGEST_SPOKEN => {
            if whole > 0 || minor == 0 {
                units(speech, whole, unit, language);
            }
            if whole > 0 && minor > 0 {
                speech.say("and");
            }
            if minor > 0 {
                number(speech, minor, language);
                speech.say(if is_singular(minor, language) { unit.minor_one } else { unit.minor_many });
            }
        }
        _ => {
            if whole > LARGEST_SPOKEN {
                digits(speech, whole.to_string().as_bytes());
            } else {
                number(speech, whole, language);
            }
            if minor > 0 {
                speech.say("point");
                digits(speech, format!("{minor:0places$}").as_bytes());
            }
            for letter in money.currency.code().to_ascii_lowercase().chars() {
                speech.say(&format!("letter-{letter}"));
            }
        }
    }
}

/// Says digits (ASCII) one by one.
pub(super) fn digits(speech: &mut Speech, digits: &[u8]) {
    for digit in digits {
        speech.say(&format!("number-{}", char::from(*digit)));
    }
}

fn number(speech: &mut Speech, n: u64, language: Language) {
    match language {
        Language::English => english::number(speech, n),
        Language::French => french::number(speech, n),
    }
}

fn units(speech: &mut Speech, n: u64, unit: &Unit, language: Language) {
    match language {
        Language::English => {
            english::number(speech, n);
            speech.say(if english::is_singular(n) { unit.one } else { unit.many });
        }
        Language::French => french::units(speech, n, unit),
    }
}

fn is_singular(n: u64, language: Language) -> bool {
    match language {
        Language::English => english::is_singular(n),
        Language::French => french::is_singular(n),
    }
}

/// Writes an amount as people of that language do: `€1,234.50`, `1 234,50 €`.
pub(super) fn show(money: Money, language: Language) -> String {
    let (whole, minor, places) = split(money);
    let (group, point) = match language {
        Language::English => (",", "."),
        Language::French => ("\u{202f}", ","),
    };
    let mut amount = grouped(whole, group);
    if places > 0 {
        amount += &format!("{point}{minor:0places$}");
    }
    let code = money.currency.code();
    match language {
        Language::English => match code {
            "EUR" => format!("€{amount}"),
            "GBP" => format!("£{amount}"),
            "USD" => format!("${amount}"),
            "CAD" => format!("CA${amount}"),
            _ => format!("{code}\u{a0}{amount}"),
        },
        Language::French => match code {
            "EUR" => format!("{amount}\u{a0}€"),
            "GBP" => format!("{amount}\u{a0}£"),
            "USD" => format!("{amount}\u{a0}$"),
            "CAD" => format!("{amount}\u{a0}$\u{a0}CA"),
            _ => format!("{amount}\u{a0}{code}"),
        },
    }
}

/// Groups of three digits.
fn grouped(n: u64, separator: &str) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push_str(separator);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
