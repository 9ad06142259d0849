//! What is written, in every language there are texts in. All of it is in the GSM alphabet, so that an SMS costs no more
//! than it has to.

use jiff::Zoned;

use crate::call::Money;
use crate::prompts::Language;

/// What is written in one language.
pub(super) struct Wording {
    /// With everything; where there is a reference.
    pub full: &'static str,
    /// Without the reference.
    pub short: &'static str,
    /// The heading of an e-mail.
    pub subject: &'static str,
    /// An e-mail.
    pub body: &'static str,
    /// Another line of it, where there is a reference.
    pub body_reference: &'static str,
    /// How a time is written (strftime).
    time: &'static str,
    /// What stands before the cents.
    point: char,
}

/// When even the shortest sentence is too long: who asks, how much, where.
pub(super) const LEAST: &str = "{merchant} {amount}: {link}";

const ENGLISH: Wording = Wording {
    full: "{merchant}: to pay {amount} for {reference}, open {link} (until {expiry})",
    short: "{merchant}: to pay {amount}, open {link} (until {expiry})",
    subject: "{merchant}: pay {amount}",
    body: "Hello,\n\nyou can pay {amount} to {merchant} on this page until {expiry}:\n\n{link}\n",
    body_reference: "\nReference: {reference}\n",
    time: "%-d %b %H:%M",
    point: '.',
};

const FRENCH: Wording = Wording {
    full: "{merchant} : pour payer {amount} ({reference}), ouvrez {link} (jusqu'au {expiry})",
    short: "{merchant} : pour payer {amount}, ouvrez {link} (jusqu'au {expiry})",
    subject: "{merchant} : payer {amount}",
    body: "Bonjour,\n\nvous pouvez payer {amount} à {merchant} sur cette page jusqu'au {expiry} :\n\n{link}\n",
    body_reference: "\nRéférence : {reference}\n",
    time: "%d/%m %H:%M",
    point: ',',
};

const SPANISH: Wording = Wording {
    full: "{merchant}: para pagar {amount} ({reference}), abra {link} (hasta el {expiry})",
    short: "{merchant}: para pagar {amount}, abra {link} (hasta el {expiry})",
    subject: "{merchant}: pagar {amount}",
    body: "Buenos días:\n\nPuede pagar {amount} a {merchant} en esta página hasta el {expiry}:\n\n{link}\n",
    body_reference: "\nReferencia: {reference}\n",
    time: "%d/%m %H:%M",
    point: ',',
};

const ITALIAN: Wording = Wording {
    full: "{merchant}: per pagare {amount} ({reference}), apra {link} (entro il {expiry})",
    short: "{merchant}: per pagare {amount}, apra {link} (entro il {expiry})",
    subject: "{merchant}: pagare {amount}",
    body: "Buongiorno,\n\npuò pagare {amount} a {merchant} su questa pagina entro il {expiry}:\n\n{link}\n",
    body_reference: "\nRiferimento: {reference}\n",
    time: "%d/%m %H:%M",
    point: ',',
};

const PORTUGUESE: Wording = Wording {
    full: "{merchant}: para pagar {amount} ({reference}), abra {link} (até {expiry})",
    short: "{merchant}: para pagar {amount}, abra {link} (até {expiry})",
    subject: "{merchant}: pagar {amount}",
    body: "Olá,\n\npode pagar {amount} a {merchant} nesta página até {expiry}:\n\n{link}\n",
    body_reference: "\nReferência: {reference}\n",
    time: "%d/%m %H:%M",
    point: ',',
};

const GERMAN: Wording = Wording {
    full: "{merchant}: {amount} ({reference}) bezahlen Sie hier: {link} (bis {expiry})",
    short: "{merchant}: {amount} bezahlen Sie hier: {link} (bis {expiry})",
    subject: "{merchant}: {amount} bezahlen",
    body: "Guten Tag,\n\nauf dieser Seite können Sie {amount} an {merchant} bezahlen, bis {expiry}:\n\n{link}\n",
    body_reference: "\nReferenz: {reference}\n",
    time: "%d.%m. %H:%M",
    point: ',',
};

impl Wording {
    /// In a language.
    pub(super) fn of(language: Language) -> &'static Wording {
        match language {
            Language::English => &ENGLISH,
            Language::French => &FRENCH,
            Language::Spanish => &SPANISH,
            Language::Italian => &ITALIAN,
            Language::Portuguese => &PORTUGUESE,
            Language::German => &GERMAN,
        }
    }

    /// `42,50 EUR`: the currency by its code, which every telephone shows.
    pub(super) fn amount(&self, amount: Money) -> String {
        let figures = amount.decimal().replace('.', self.point.encode_utf8(&mut [0; 4]));
        format!("{figures} {}", amount.currency)
    }

    /// Day and time, by the company's clocks.
    pub(super) fn time(&self, at: &Zoned) -> String {
        at.strftime(self.time).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messaging::alphabet::{Alphabet, measure};

    #[test]
    fn every_sentence_is_in_the_cheap_alphabet_and_has_what_it_needs() {
        for language in Language::ALL {
            let wording = Wording::of(language);
            for (sentence, reference) in [(wording.full, true), (wording.short, false), (LEAST, false)] {
                assert_eq!(measure(sentence).alphabet, Alphabet::Gsm, "{sentence}");
                for place in ["{merchant}", "{amount}", "{link}"] {
                    assert!(sentence.contains(place), "{sentence}");
                }
                assert_eq!(sentence.contains("{reference}"), reference, "{sentence}");
            }
            assert!(wording.body.contains("{link}") && wording.body_reference.contains("{reference}"));
        }
    }

    #[test]
    fn amounts_and_times_are_written_as_people_do() {
        let amount = Money::parse("1042.50", "EUR".parse().expect("a currency")).expect("an amount");
        let at: Zoned = "2026-11-04T09:05:00+01:00[Europe/Paris]".parse().expect("a time");
        let written = |language| {
            let wording = Wording::of(language);
            (wording.amount(amount), wording.time(&at))
        };
        assert_eq!(written(Language::English), ("1042.50 EUR".into(), "4 Nov 09:05".into()));
        assert_eq!(written(Language::French), ("1042,50 EUR".into(), "04/11 09:05".into()));
        assert_eq!(written(Language::German), ("1042,50 EUR".into(), "04.11. 09:05".into()));
    }
}
