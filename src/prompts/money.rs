//! Amounts, spoken and shown.

use crate::call::{Currency, Money};

use super::counting::{Noun, counted, number};
use super::language::Language;
use super::speech::Speech;

/// Above this an amount is read out digit by digit.
pub(super) const LARGEST_SPOKEN: u64 = 999_999_999;

/// A currency's unit, and a hundredth of it.
struct Unit {
    major: Noun,
    minor: Noun,
}

const fn masculine(one: &'static str, many: &'static str) -> Noun {
    Noun { one, many, feminine: false }
}

const CENTS: Noun = masculine("cent", "cents");
const CENTIMES: Noun = masculine("centime", "centimes");

static EURO: Unit = Unit { major: masculine("euro", "euros"), minor: CENTS };
/// A hundredth of a euro has a name of its own: "centime", "céntimo".
static EURO_OF_CENTIMES: Unit = Unit { major: masculine("euro", "euros"), minor: CENTIMES };
static DOLLAR: Unit = Unit { major: masculine("dollar", "dollars"), minor: CENTS };
static CANADIAN_DOLLAR: Unit = Unit { major: masculine("canadian-dollar", "canadian-dollars"), minor: CENTS };
static SWISS_FRANC: Unit = Unit { major: masculine("swiss-franc", "swiss-francs"), minor: CENTIMES };
static POUND: Unit =
    Unit { major: Noun { one: "pound", many: "pounds", feminine: true }, minor: masculine("penny", "pence") };

/// The clips of a currency, where it has any.
fn unit(currency: Currency, language: Language) -> Option<&'static Unit> {
    Some(match (currency.code(), language) {
        ("EUR", Language::French | Language::Spanish | Language::Portuguese) => &EURO_OF_CENTIMES,
        ("EUR", _) => &EURO,
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
                counted(speech, whole, &unit.major, language);
            }
            if whole > 0 && minor > 0 {
                speech.say("and");
            }
            if minor > 0 {
                counted(speech, minor, &unit.minor, language);
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

/// Writes an amount as people of that language do: `€1,234.50`, `1 234,50 €`.
pub(super) fn show(money: Money, language: Language) -> String {
    let (whole, minor, places) = split(money);
    let (group, point) = match language {
        Language::English => (",", "."),
        Language::French => ("\u{202f}", ","),
        Language::Spanish | Language::Italian | Language::Portuguese | Language::German => (".", ","),
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
        _ => match code {
            "EUR" => format!("{amount}\u{a0}€"),
            "GBP" => format!("{amount}\u{a0}£"),
            "USD" => format!("{amount}\u{a0}$"),
            "CAD" if language == Language::French => format!("{amount}\u{a0}$\u{a0}CA"),
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
mod oracle;
#[cfg(test)]
mod tests;
