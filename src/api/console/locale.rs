//! How a page is written for one reader: language, amounts, times.

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::call::Money;
use crate::prompts::Language;

use super::words::{Words, words};

/// The cookie in which a browser keeps the choice made in it.
pub(super) const COOKIE: &str = "tonegate_language";

/// Languages of one header that are looked at; browsers name a handful.
const RANGES_MAX: usize = 16;

/// A language and what goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Locale(pub Language);

impl Locale {
    /// What was chosen in this browser, else what the person prefers, else what the browser does, else English.
    pub(super) fn choose(person: Option<&str>, headers: &HeaderMap) -> Self {
        let chosen = cookie(headers, COOKIE).and_then(|tag| tag.parse().ok());
        let own = || person.and_then(|tag| tag.parse().ok());
        let preferred = || headers.get(header::ACCEPT_LANGUAGE).and_then(|l| accepted(l.to_str().ok()?));
        Self(chosen.or_else(own).or_else(preferred).unwrap_or(Language::English))
    }

    pub(super) fn words(self) -> &'static Words {
        words(self.0)
    }

    pub(super) fn other(self) -> Self {
        Self(match self.0 {
            Language::French => Language::English,
            _ => Language::French,
        })
    }

    /// An amount as this reader writes it: `€1,234.50`, `1 234,50 €`.
    pub(super) fn money(self, money: Money) -> String {
        let plain = money.decimal();
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let (group, point) = match self.0 {
            Language::French => ('\u{202f}', ','),
            _ => (',', '.'),
        };
        let mut text = grouped(whole, group);
        if !fraction.is_empty() {
            text.push(point);
            text.push_str(fraction);
        }
        let sign = match money.currency.code() {
            "EUR" => Some("€"),
            "GBP" => Some("£"),
            "USD" => Some("$"),
            _ => None,
        };
        match (self.0, sign) {
            (Language::English, Some(sign)) => format!("{sign}{text}"),
            (_, sign) => format!("{text}\u{a0}{}", sign.unwrap_or(money.currency.code())),
        }
    }

    /// A share of a hundred.
    pub(super) fn percent(self, share: f64) -> String {
        let number = format!("{:.1}", share * 100.0);
        match self.0 {
            Language::French => format!("{}\u{a0}%", number.replace('.', ",")),
            _ => format!("{number}%"),
        }
    }

    /// Date and time where the company is.
    pub(super) fn moment(self, at_ms: i64) -> String {
        self.written(at_ms, "%-d %b %Y, %H:%M", "%d/%m/%Y %H:%M")
    }

    /// The time of day, with seconds.
    pub(super) fn clock(self, at_ms: i64) -> String {
        self.written(at_ms, "%H:%M:%S", "%H:%M:%S")
    }

    /// A day, short.
    pub(super) fn day(self, day: jiff::civil::Date) -> String {
        match self.0 {
            Language::French => day.strftime("%d/%m").to_string(),
            _ => day.strftime("%-d %b").to_string(),
        }
    }

    fn written(self, at_ms: i64, english: &str, french: &str) -> String {
        let Ok(at) = Timestamp::from_millisecond(at_ms) else { return String::new() };
        let at = at.to_zoned(TimeZone::system());
        match self.0 {
            Language::French => at.strftime(french).to_string(),
            _ => at.strftime(english).to_string(),
        }
    }
}

fn grouped(whole: &str, mark: char) -> String {
    let mut text = String::with_capacity(whole.len() + whole.len() / 3);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    all.flat_map(|line| line.split(';')).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key.trim() == name).then_some(value.trim())
    })
}

/// The first of ours in the order a browser prefers them (RFC 9110, 12.5.4).
fn accepted(header: &str) -> Option<Language> {
    let mut wanted: Vec<(Language, f32)> = header
        .split(',')
        .take(RANGES_MAX)
        .filter_map(|range| {
            let mut parts = range.split(';');
            let tag = parts.next()?.trim().split('-').next()?;
            let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
            Some((tag.parse().ok()?, weight)).filter(|(_, weight): &(Language, f32)| *weight > 0.0)
        })
        .collect();
    // Stable: of two that are wanted as much, the first one named.
    wanted.sort_by(|one, other| other.1.total_cmp(&one.1));
    wanted.first().map(|(language, _)| *language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_is_asked_when_the_person_has_not_chosen() {
        assert_eq!(accepted("de, fr-CH;q=0.9, en;q=0.8"), Some(Language::French));
        assert_eq!(accepted("en-GB,en;q=0.9,fr;q=0.8"), Some(Language::English));
        assert_eq!(accepted("en;q=0.1,fr;q=0.2"), Some(Language::French));
        assert_eq!(accepted("en;q=0, de"), None);
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, "fr".parse().unwrap());
        assert_eq!(Locale::choose(None, &headers).0, Language::French);
        assert_eq!(Locale::choose(Some("en"), &headers).0, Language::English);
        headers.insert(header::COOKIE, format!("a=b; {COOKIE}=en").parse().unwrap());
        assert_eq!(Locale::choose(None, &headers).0, Language::English);
    }

    #[test]
    fn amounts_are_written_as_their_readers_write_them() {
        let euro = Money { minor: 123_450, currency: "EUR".parse().unwrap() };
        assert_eq!(Locale(Language::English).money(euro), "€1,234.50");
        assert_eq!(Locale(Language::French).money(euro), "1\u{202f}234,50\u{a0}€");
        let yen = Money { minor: 1_200, currency: "JPY".parse().unwrap() };
        assert_eq!(Locale(Language::English).money(yen), "1,200\u{a0}JPY");
    }
}
