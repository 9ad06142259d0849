//! Who is paid, whatever the call says.

use super::*;
use crate::pbx::{LegId, Means};
use crate::prompts::{Layout, Voices};
use crate::psp::dummy;

/// A merchant with a dummy account.
pub(in crate::desk) fn merchant(id: &str, numbers: &[&str], queues: &[&str]) -> Merchant {
    let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Merchant {
        id: id.into(),
        name: id.to_uppercase(),
        currency: "EUR".parse().expect("a currency"),
        language: Language::English,
        accepted: vec![Brand::Visa],
        description: String::new(),
        code_digits: CodeDigits::Amount,
        dialled_numbers: own(numbers),
        queues: own(queues),
        psp: dummy("generic", "http://127.0.0.1:9/", None).expect("an account"),
        fallback: None,
        speech: crate::desk::speech::tests::plain(),
        sounds: Arc::new(SoundTree::new(
            Vec::new(),
            Voices { masters: "sounds".into(), out: std::env::temp_dir(), layout: Layout::Wide },
        )),
    }
}

fn offer(merchant: Option<&str>, queue: Option<&str>, dialled: Option<&str>) -> Offer {
    let own = |text: Option<&str>| text.map(str::to_owned);
    Offer {
        customer: LegId("customer".into()),
        agent: None,
        means: Means::DirectNumber,
        caller_number: None,
        dialled_number: own(dialled),
        agent_extension: None,
        reference: None,
        amount: None,
        currency: None,
        language: None,
        merchant: own(merchant),
        queue: own(queue),
        customer_name: None,
        customer_email: None,
        customer_reference: None,
    }
}

#[test]
fn the_nearest_word_decides_and_a_wrong_one_pays_nobody() {
    let merchants = Merchants::new(
        merchant("main", &[], &[]),
        vec![
            merchant("uk", &["+44 20 7946 0000"], &["uk"]),
            merchant("fr", &["+33 1 99 00 12 34"], &["fr@pbx"]),
        ],
    );
    let number = Some("442079460000");
    for (requested, dialplan, queue, dialled, paid) in [
        (None, None, None, None, "main"),
        (None, None, None, number, "uk"),
        (None, None, None, Some("+442079460000"), "uk"),
        (None, None, None, Some("42079460000"), "main"),
        (None, None, Some("fr@pbx"), number, "fr"),
        (None, None, Some("fr@other"), number, "uk"),
        (None, None, Some("uk@default"), None, "uk"),
        (None, None, Some("support"), number, "uk"),
        (None, Some("main"), Some("fr@pbx"), number, "main"),
        (Some("fr"), Some("main"), Some("uk"), number, "fr"),
    ] {
        let offer = offer(dialplan, queue, dialled);
        let found = merchants.of_call(requested, &offer).map(|merchant| merchant.id.as_str());
        assert_eq!(found, Ok(paid), "{requested:?} {offer:?}");
    }
    for (requested, dialplan) in [(Some("us"), Some("uk")), (None, Some("us")), (None, Some("UK"))] {
        let fault = merchants.of_call(requested, &offer(dialplan, None, number)).map(|m| m.id.clone());
        let told = fault.expect_err("nobody is paid").to_string();
        assert!(told.ends_with("there are: main, uk, fr"), "{told}");
    }
}
