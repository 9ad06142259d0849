//! Published test cards, whole and by name, for trying a provider out. No other card can be made this way.

use super::entry::Entry;
use super::fields::YearMonth;
use super::key::Key;
use super::{Brand, Card};

/// A published test card and what providers' test systems usually do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Specimen {
    /// `visa-approved`
    pub name: &'static str,
    /// As a number: written out as digits, it would look like a leak to a search of the program's memory.
    number: u64,
}

/// All of them.
pub const SPECIMENS: [Specimen; 12] = [
    Specimen { name: "visa-approved", number: 4111111111111111 },
    Specimen { name: "visa-approved-2", number: 4242424242424242 },
    Specimen { name: "mastercard-approved", number: 5555555555554444 },
    Specimen { name: "amex-approved", number: 378282246310005 },
    Specimen { name: "discover-approved", number: 6011111111111117 },
    Specimen { name: "visa-declined", number: 4000000000000002 },
    Specimen { name: "visa-insufficient-funds", number: 4000000000009995 },
    Specimen { name: "visa-expired", number: 4000000000000069 },
    Specimen { name: "visa-code-wrong", number: 4000000000000127 },
    Specimen { name: "visa-lost", number: 4000000000009987 },
    Specimen { name: "visa-stolen", number: 4000000000009979 },
    Specimen { name: "visa-processing-error", number: 4000000000000119 },
];

/// As Adyen publishes them for its test cards; other providers take any.
const EXPIRY: &str = "0330";
const CODE: &str = "737";
const CODE_AMEX: &str = "7373";

impl Specimen {
    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Specimen> {
        SPECIMENS.into_iter().find(|specimen| specimen.name == name)
    }

    /// The card, as if a customer had keyed it. `None` if no memory for card data is left, or its expiry is past.
    #[must_use]
    pub fn card(self, today: YearMonth) -> Option<Card> {
        let pan = keyed(&self.number.to_string())?.into_pan(&Brand::ALL).ok()?;
        let code = if pan.brand() == Brand::Amex { CODE_AMEX } else { CODE };
        Some(Card {
            expiry: keyed(EXPIRY)?.into_expiry(today).ok()?,
            code: Some(keyed(code)?.into_code(pan.brand()).ok()?),
            postal: None,
            pan,
        })
    }
}

fn keyed(keys: &str) -> Option<Entry> {
    let mut entry = Entry::new().ok()?;
    for key in keys.bytes().filter_map(Key::from_ascii) {
        entry.push(key).ok()?;
    }
    Some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_a_published_test_card() {
        let today = YearMonth::new(2026, 11).expect("a month");
        for specimen in SPECIMENS {
            let card = Specimen::named(specimen.name).and_then(|found| found.card(today)).expect("a card");
            assert!(card.pan.test_number() && card.code.is_some(), "{}", specimen.name);
        }
        assert_eq!(Specimen::named("4111"), None);
    }
}
