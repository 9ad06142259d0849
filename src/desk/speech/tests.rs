//! Who decides how people are spoken to.

use super::*;
use crate::call::Currency;
use crate::desk::merchant::tests::merchant;
use crate::pbx::{LegId, Means};

/// Nothing out of the ordinary.
pub(in crate::desk) fn plain() -> Speech {
    Speech {
        agent_language: Language::English,
        other_languages: Vec::new(),
        by_country: false,
        wording: WordingChoice::Calm,
        pace: Pace::Normal,
        receipt: ReceiptChoice::Alone,
        lines: Vec::new(),
    }
}

fn call(caller: &str, dialled: &str, language: Option<&str>) -> Offer {
    Offer {
        customer: LegId("customer".into()),
        agent: None,
        means: Means::DirectNumber,
        caller_number: Some(caller.into()),
        dialled_number: Some(dialled.into()),
        agent_extension: None,
        reference: None,
        amount: None,
        currency: None,
        language: language.map(str::to_owned),
        merchant: None,
        queue: None,
        customer_name: None,
        customer_email: None,
        customer_reference: None,
    }
}

fn order(language: Option<&str>) -> Order {
    let euros: Currency = "EUR".parse().expect("a currency");
    let customer = crate::store::Debtor { language: language.map(str::to_owned), ..Default::default() };
    let new = crate::store::NewOrder {
        merchant: "main".into(),
        reference: "A-17".into(),
        amount: crate::call::Money { minor: 4250, currency: euros },
        description: String::new(),
        customer,
        due: None,
        parts: false,
        minimum: None,
    };
    let paid = crate::call::Money { minor: 0, currency: euros };
    Order { id: uuid::Uuid::nil(), new, created_at_ms: 0, cancelled_at_ms: None, paid }
}

fn polyglot() -> Merchant {
    let mut merchant = merchant("main", &[], &[]);
    merchant.speech.other_languages = vec![Language::French, Language::Spanish];
    merchant.speech.by_country = true;
    merchant.speech.lines = vec![SpokenLine {
        numbers: vec!["+44 20 7946 0000".into()],
        language: Some(Language::Spanish),
        sounds: None,
    }];
    merchant
}

#[test]
fn whoever_is_nearest_to_the_customer_chooses_the_language() {
    let merchant = polyglot();
    let spoken = |caller, dialled, dialplan, ordered: Option<&str>, requested: Option<Language>| {
        let offer = call(caller, dialled, dialplan);
        let order = ordered.map(|tag| order(Some(tag)));
        let named = requested.or_else(|| named(&offer, order.as_ref()));
        merchant.voice(&offer, named).language(Party::Customer, 0)
    };
    let french = "+33612345678";
    // The request, the dialplan, the order, the number that was dialled, the country, the merchant.
    let line = "442079460000";
    assert_eq!(spoken(french, line, Some("en"), Some("fr"), Some(Language::French)), Language::French);
    assert_eq!(spoken(french, line, Some("en"), Some("fr"), None), Language::English);
    assert_eq!(spoken(french, line, None, Some("fr"), None), Language::French);
    assert_eq!(spoken(french, line, None, None, None), Language::Spanish);
    assert_eq!(spoken(french, "1001", None, None, None), Language::French);
    assert_eq!(spoken("1002", "1001", None, None, None), Language::English);
    assert_eq!(spoken("+4930123456", "1001", None, None, None), Language::English, "German is not offered");
}

#[test]
fn the_agent_goes_through_the_languages_and_hears_their_own() {
    let voice = polyglot().voice(&call("+33612345678", "1001", None), None);
    let heard: Vec<Language> = (0..4).map(|turn| voice.language(Party::Customer, turn)).collect();
    let cycle = [Language::French, Language::English, Language::Spanish, Language::French];
    assert_eq!(heard, cycle);
    assert!((0..4).all(|turn| voice.language(Party::Agent, turn) == Language::English));
}
