//! A payment link in words: as much of them as fits, and never a card number.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};

use crate::call::Money;
use crate::observe::redact;
use crate::prompts::Language;

use super::alphabet::{self, Length};
use super::wording::{LEAST, Wording};

/// A longer name or reference is cut: it would leave no room for the rest.
const VALUE_MAX_CHARS: usize = 60;
/// What an admin may put into a text of their own.
const PLACES: [&str; 5] = ["merchant", "amount", "link", "expiry", "reference"];
/// A longer template is none.
const TEMPLATE_MAX_CHARS: usize = 1_000;

/// What a text is about.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Who is paid, by the name customers know.
    pub merchant: &'a str,
    /// How much.
    pub amount: Money,
    /// What the customer opens.
    pub link: &'a str,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The company's own reference.
    pub reference: Option<&'a str>,
    /// In which language.
    pub language: Language,
}

/// Texts of the company's own, by language.
pub type Templates = BTreeMap<Language, String>;

/// Why there is no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// Too long whatever is left out.
    #[error(
        "the link alone takes {needed} SMS segments and links.sms_segments_max is {max}; send it by e-mail, or raise it"
    )]
    TooLong {
        /// What the shortest text takes.
        needed: usize,
        /// What is allowed.
        max: usize,
    },
    /// A card number, or what looks like one.
    #[error(
        "the text would hold what looks like a card number, and no text may; look at the order's reference"
    )]
    CardNumber,
    /// Nothing to open.
    #[error("the provider gave no address to open")]
    NoLink,
}

/// What an SMS says.
///
/// The company's own words if there are some, or else ours: with the reference, without it, or as little as there can
/// be, whichever is the first that fits.
///
/// # Errors
/// If even the shortest does not fit, or the text would hold a card number.
pub fn sms(own: &Templates, facts: &Facts<'_>, segments_max: usize) -> Result<(String, Length), TextFault> {
    usable(facts.link)?;
    let wording = Wording::of(facts.language);
    let own = own.get(&facts.language).map(String::as_str);
    let mut needed = usize::MAX;
    for template in own.into_iter().chain([wording.full, wording.short, LEAST]) {
        if facts.reference.is_none() && template.contains("{reference}") {
            continue;
        }
        // The link is no word: letters of it must not be changed.
        let text = filled(template, |place| match place {
            "link" => facts.link.to_owned(),
            place => alphabet::plain(&value(facts, wording, place)),
        });
        holds_no_card(template, facts, wording)?;
        let length = alphabet::measure(&text);
        if length.segments <= segments_max {
            return Ok((text, length));
        }
        needed = needed.min(length.segments);
    }
    Err(TextFault::TooLong { needed, max: segments_max })
}

/// Heading and words of an e-mail.
///
/// # Errors
/// If it would hold a card number.
pub fn email(facts: &Facts<'_>) -> Result<(String, String), TextFault> {
    usable(facts.link)?;
    let wording = Wording::of(facts.language);
    let mut body = wording.body.to_owned();
    if facts.reference.is_some() {
        body.push_str(wording.body_reference);
    }
    body.push_str("\n{merchant}\n");
    holds_no_card(&body, facts, wording)?;
    let write = |template: &str| filled(template, |place| value(facts, wording, place));
    Ok((write(wording.subject), write(&body)))
}

/// What is wrong with an admin's own text; nothing if it can be used.
#[must_use]
pub fn template_fault(template: &str) -> Option<String> {
    if !template.contains("{link}") {
        return Some("has no {link}; without it nobody can pay".into());
    }
    if template.chars().count() > TEMPLATE_MAX_CHARS {
        return Some(format!("has more than {TEMPLATE_MAX_CHARS} characters; no SMS has as many"));
    }
    let mut unknown = None;
    filled(template, |place| {
        if !PLACES.contains(&place) {
            unknown = Some(place.chars().take(40).collect::<String>());
        }
        String::new()
    });
    let known = PLACES.map(|place| format!("{{{place}}}")).join(", ");
    unknown.map(|place| format!("has {{{place}}}, which is nothing; write {known}"))
}

/// A template with its places filled, once: what is put in is not looked through again.
fn filled(template: &str, mut value: impl FnMut(&str) -> String) -> String {
    let mut text = String::with_capacity(template.len() + 128);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        match after.split_once('}') {
            Some((place, behind)) => {
                text.push_str(&value(place));
                rest = behind;
            }
            None => {
                text.push('{');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

fn value(facts: &Facts<'_>, wording: &Wording, place: &str) -> String {
    match place {
        "merchant" => bounded(facts.merchant),
        "amount" => wording.amount(facts.amount),
        "link" => facts.link.to_owned(),
        "expiry" => wording.time(&facts.expires_at.to_zoned(TimeZone::system())),
        "reference" => bounded(facts.reference.unwrap_or_default()),
        _ => String::new(),
    }
}

/// In one line, and not too long.
fn bounded(value: &str) -> String {
    value.chars().take(VALUE_MAX_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Everything but the link, which comes from the provider, who got no card of ours for it.
fn holds_no_card(template: &str, facts: &Facts<'_>, wording: &Wording) -> Result<(), TextFault> {
    let words = filled(template, |place| match place {
        "link" => " ".into(),
        // Digits of other scripts become ours there.
        place => alphabet::plain(&value(facts, wording, place)),
    });
    if redact(&words) == words { Ok(()) } else { Err(TextFault::CardNumber) }
}

/// An address that a telephone opens, and nothing beside it.
fn usable(link: &str) -> Result<(), TextFault> {
    let web = link.starts_with("https://") || link.starts_with("http://");
    let plain = link.bytes().all(|byte| byte.is_ascii_graphic());
    if web && plain { Ok(()) } else { Err(TextFault::NoLink) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messaging::alphabet::Alphabet;
    use proptest::prelude::*;

    const SEGMENTS_MAX: usize = 2;
    const VISA: u64 = 4111111111111111;

    fn facts<'a>(merchant: &'a str, link: &'a str, reference: Option<&'a str>) -> Facts<'a> {
        Facts {
            merchant,
            amount: Money::parse("42.50", "EUR".parse().expect("a currency")).expect("an amount"),
            link,
            expires_at: "2026-11-24T17:30:00Z".parse().expect("a time"),
            reference,
            language: Language::French,
        }
    }

    fn written(facts: &Facts<'_>) -> Result<(String, Length), TextFault> {
        sms(&Templates::new(), facts, SEGMENTS_MAX)
    }

    #[test]
    fn a_text_says_who_how_much_what_for_where_and_until_when() {
        let facts = facts("Forêt & Cœur", "https://pay.example/1", Some("F-2026/7"));
        let (text, length) = written(&facts).expect("a text");
        let start =
            "Foret & Coeur : pour payer 42,50 EUR (F-2026/7), ouvrez https://pay.example/1 (jusqu'au 24/11 ";
        assert!(text.starts_with(start), "{text}");
        assert_eq!((length.alphabet, length.segments), (Alphabet::Gsm, 1));
        let (subject, body) = email(&facts).expect("an e-mail");
        assert_eq!(subject, "Forêt & Cœur : payer 42,50 EUR");
        for part in ["https://pay.example/1", "Référence : F-2026/7", "Forêt & Cœur"] {
            assert!(body.contains(part), "{body}");
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_the_link_never() {
        let link = |chars: usize| format!("https://pay.example/{}", "x".repeat(chars - 20));
        let reference = "R".repeat(60);
        for (chars, has_reference, has_expiry) in [(120, true, true), (220, false, true), (270, false, false)]
        {
            let link = link(chars);
            let (text, length) = written(&facts("Example", &link, Some(&reference))).expect("a text");
            assert!(text.contains(&link) && length.segments <= SEGMENTS_MAX, "{text}");
            assert_eq!((text.contains(&reference), text.contains("jusqu'au")), (has_reference, has_expiry));
        }
        let long = link(400);
        let fault = written(&facts("Example", &long, None));
        assert_eq!(fault, Err(TextFault::TooLong { needed: 3, max: SEGMENTS_MAX }));
        assert_eq!(written(&facts("Example", "javascript:alert(1)", None)), Err(TextFault::NoLink));
    }

    #[test]
    fn a_merchants_own_words_are_taken_if_they_fit() {
        let own = |text: &str| Templates::from([(Language::French, text.to_owned())]);
        let facts = facts("Example", "https://pay.example/1", None);
        let of = |text: &str| sms(&own(text), &facts, SEGMENTS_MAX).expect("a text").0;
        assert_eq!(of("{amount} ici {link}"), "42,50 EUR ici https://pay.example/1");
        assert!(of("{reference} {link}").starts_with("Example : pour payer"), "there is no reference");
        assert!(of(&format!("{{link}}{}", "x".repeat(400))).starts_with("Example : pour payer"));
        for (text, told) in [("pay", "no {link}"), ("{link} {card}", "{card}"), ("{link}{", "")] {
            let fault = template_fault(text);
            assert_eq!(fault.is_some(), !told.is_empty(), "{text}");
            assert!(fault.unwrap_or_default().contains(told), "{text}");
        }
        // What is put in is not looked through again.
        assert!(written(&Facts { merchant: "{link}", ..facts }).expect("a text").0.starts_with("{link} : "));
    }

    proptest! {
        #[test]
        fn no_text_ever_holds_a_card_number(
            before in "[A-Za-z ]{0,12}", after in "[A-Za-z ]{0,12}", language in 0_usize..6, whose in any::<bool>(),
            how in 0_u8..3,
        ) {
            let card = VISA.to_string();
            let card = match how {
                0 => card,
                1 => format!("{} {} {} {}", &card[..4], &card[4..8], &card[8..12], &card[12..]),
                // Full-width digits, as some keyboards write them.
                _ => card.chars().filter_map(|c| char::from_u32(u32::from(c) + 0xfee0)).collect(),
            };
            let said = format!("{before}{card}{after}");
            let (merchant, reference) = if whose { (&*said, None) } else { ("Example", Some(&*said)) };
            let facts = Facts { language: Language::ALL[language], ..facts(merchant, "https://pay.example/1", reference) };
            prop_assert_eq!(written(&facts), Err(TextFault::CardNumber));
            prop_assert_eq!(email(&facts), Err(TextFault::CardNumber));
        }

        #[test]
        fn every_text_holds_the_whole_link(
            merchant in "\\PC{1,80}", reference in proptest::option::of("\\PC{1,80}"), path in "[a-zA-Z0-9_/#%-]{1,300}",
            language in 0_usize..6,
        ) {
            let link = format!("https://pay.example/{path}");
            let facts = Facts { language: Language::ALL[language], ..facts(&merchant, &link, reference.as_deref()) };
            if let Ok((text, length)) = written(&facts) {
                prop_assert!(text.contains(&link));
                prop_assert_eq!(alphabet::measure(&text), length);
                prop_assert!(length.segments <= SEGMENTS_MAX);
            }
        }
    }
}
