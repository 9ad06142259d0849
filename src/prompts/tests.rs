mod texts;

use std::collections::HashSet;

use super::*;
use crate::call::{DeclineReason, Field, Hint, Money, SealRefusal, Spelt};
use crate::card::{Brand, LastFour};

fn euros(minor: i64) -> Money {
    Money { minor, currency: "EUR".parse().expect("a currency") }
}

/// Every phrase there is, with every argument that changes its words.
fn all_phrases() -> Vec<Phrase> {
    use Phrase::*;
    let amount = euros(4250);
    let last_four = LastFour::of(b"4111111111111111");
    let date = jiff::civil::date(2026, 11, 23);
    let reference = Spelt::of("INV-4711").expect("it can be spelt");
    let mut phrases = vec![
        Welcome,
        WelcomeBrief,
        WelcomeSelfService { amount },
        Greeting,
        AskReference,
        ReferenceNotKnown,
        AmountDue { amount },
        ChooseAmount,
        AskPart,
        PartNotPossible,
        WelcomeSelfServiceBrief { amount },
        ForReference { reference },
        Due { date },
        Overdue { date },
        RepeatHelp,
        Receipt { date, reference },
        ReceiptAgain { reference },
        AskNumberBrief,
        AskExpiryBrief,
        AskCodeBrief { digits: 3 },
        AskCodeBrief { digits: 4 },
        AskNumber,
        AskNumberAgain,
        AskExpiry,
        AskCode { digits: 3 },
        AskCode { digits: 4 },
        AskPostal,
        KeysHelp,
        Cleared,
        ConfirmLastFour { last_four },
        ConfirmPayment { amount, last_four },
        NumberTooShort,
        NumberTooLong,
        NumberWrong,
        BrandNotAccepted { brand: None },
        NumbersDiffer,
        ExpiryWrong,
        CardExpired,
        CodeTooShort,
        PostalTooShort,
        NothingKeyed,
        Paused,
        Resumed,
        PleaseWaitBank,
        StillWaitingBank,
        Approved { amount },
        TryAnotherCard,
        OutcomeUnknown,
        CannotTakeNow,
        TooManyAttempts,
        Cancelled,
        OtherMeans,
        BackToAgent,
        Goodbye,
        TransferToHuman,
        WhisperSealed,
        WhisperCleared,
        WhisperCharging,
        WhisperApproved,
        WhisperUnknown,
        WhisperLineNotClean,
        WhisperSealLost,
        WhisperPaused,
        WhisperResumed,
        WhisperCancelled,
        WhisperCustomerCancelled,
        WhisperCustomerGone,
        WhisperTooManyAttempts,
        WhisperTimedOut,
        WhisperTechnical,
        WhisperBusy,
        WhisperNoAmount,
        WhisperLink,
        WhisperSlow,
        WhisperRelay,
        WhisperNormalPace,
        WhisperLanguage,
        WhisperOneLanguage,
    ];
    let brands = [
        Brand::Visa,
        Brand::Mastercard,
        Brand::Amex,
        Brand::Diners,
        Brand::Discover,
        Brand::Jcb,
        Brand::UnionPay,
        Brand::Maestro,
    ];
    phrases.extend(brands.map(|brand| BrandNotAccepted { brand: Some(brand) }));
    let reasons = [
        DeclineReason::Generic,
        DeclineReason::InsufficientFunds,
        DeclineReason::Expired,
        DeclineReason::CodeWrong,
        DeclineReason::Blocked,
        DeclineReason::LimitExceeded,
        DeclineReason::ReferToBank,
        DeclineReason::Invalid,
    ];
    phrases.extend(reasons.map(Declined));
    phrases.extend(reasons.map(WhisperDeclined));
    let fields = [Field::Number, Field::NumberAgain, Field::Expiry, Field::Code, Field::Postal];
    phrases.extend(fields.iter().flat_map(|field| [*field, field.again()]).map(WhisperFieldDone));
    let hints = [
        Hint::TooShort,
        Hint::TooLong,
        Hint::CheckDigit,
        Hint::BrandNotAccepted,
        Hint::Expired,
        Hint::ExpiryInvalid,
        Hint::Differs,
        Hint::Timeout,
    ];
    phrases.extend(hints.map(WhisperCustomerError));
    let refusals = [
        SealRefusal::ProxyMedia,
        SealRefusal::PassDtmf,
        SealRefusal::SipInfo,
        SealRefusal::SelfTestFailed,
        SealRefusal::NoMedia,
        SealRefusal::PbxError,
    ];
    phrases.extend(refusals.map(WhisperSealRefused));
    phrases
}

#[test]
fn every_phrase_has_all_its_texts_and_slots_in_every_language() {
    for phrase in all_phrases() {
        let lines = lines::lines(phrase);
        let expected: HashSet<Slot> = [
            lines.filling.amount.map(|_| Slot::Amount),
            lines.filling.last_four.map(|_| Slot::LastFour),
            lines.filling.brand.map(|_| Slot::Brand),
            lines.filling.date.map(|_| Slot::Date),
            lines.filling.reference.map(|_| Slot::Reference),
        ]
        .into_iter()
        .flatten()
        .collect();
        for language in Language::ALL {
            let entries: Vec<_> =
                lines.ids.iter().map(|id| Catalogue::of(language).entry(id).expect("an entry")).collect();
            let open = entries.iter().flat_map(|entry| &entry.pieces);
            let slots: Vec<Slot> =
                open.filter_map(|p| if let Piece::Open(slot) = p { Some(*slot) } else { None }).collect();
            assert_eq!(slots.len(), expected.len(), "{phrase:?} in {language}");
            assert_eq!(slots.into_iter().collect::<HashSet<_>>(), expected, "{phrase:?} in {language}");
            assert!(!clips(phrase, language).is_empty(), "{phrase:?} in {language}");
            let shown = text(phrase, language);
            assert!(shown.ends_with(['.', '?']), "{phrase:?} in {language}: {shown}");
            assert!(!shown.contains(['{', '}']) && !shown.contains("  "), "{shown}");
        }
    }
}

#[test]
fn whispers_are_the_agents_and_nothing_else_is() {
    for phrase in all_phrases() {
        let whisper = format!("{phrase:?}").starts_with("Whisper");
        let listener = if whisper { Party::Agent } else { Party::Customer };
        assert_eq!(super::listener(phrase), listener, "{phrase:?}");
        for language in Language::ALL {
            for id in lines::lines(phrase).ids {
                assert_eq!(Catalogue::of(language).entry(id).expect("an entry").listener, listener, "{id}");
            }
        }
    }
}

#[test]
fn no_text_is_left_that_nothing_says() {
    let mut said: HashSet<&str> = all_phrases().iter().flat_map(|&p| lines::lines(p).ids).copied().collect();
    let brands = ["visa", "mastercard", "amex", "diners", "discover", "jcb", "unionpay", "maestro"];
    let brands = brands.map(|brand| format!("brand-{brand}"));
    said.extend(brands.iter().map(String::as_str));
    let mut spoken: HashSet<ClipId> = HashSet::new();
    for language in Language::ALL {
        spoken.clear();
        for code in
            ["EUR", "USD", "GBP", "CHF", "CAD", "ABC", "DEF", "GHI", "JKL", "MNO", "PQR", "STU", "VWX", "YZZ"]
        {
            let small = (0..20_100).chain((20_100..110_000).step_by(100));
            let large = [200_000, 100_000_000, 100_000_500, 200_000_000, 200_000_500];
            for minor in small.chain(large) {
                let amount = Money { minor, currency: code.parse().expect("a currency") };
                spoken.extend(clips(Phrase::Approved { amount }, language));
            }
        }
        let days = jiff::civil::date(2026, 1, 1).series(jiff::ToSpan::days(1)).take(365);
        spoken.extend(days.flat_map(|date| clips(Phrase::Due { date }, language)));
        for signs in ["abcdefghijklm", "nopqrstuvwxyz", "1-2/3"] {
            let reference = Spelt::of(signs).expect("it can be spelt");
            spoken.extend(clips(Phrase::ReceiptAgain { reference }, language));
        }
        let spoken: HashSet<&str> = spoken.iter().map(|clip| clip.name()).collect();
        for clip in Catalogue::of(language).clips() {
            let entry = Catalogue::of(language).entry(clip.name());
            let whole = entry.is_some() && (said.contains(clip.name()) || spoken.contains(clip.name()));
            let fragment = clip.name().rsplit_once('-').is_some_and(|(id, _)| said.contains(id));
            assert!(whole || fragment, "nothing says `{clip}` in {language}");
        }
    }
}

#[test]
fn a_confirmation_is_heard_in_the_order_of_the_sentence() {
    let phrase = Phrase::ConfirmPayment { amount: euros(1250), last_four: LastFour::of(b"4242") };
    let names = |language| clips(phrase, language).into_iter().map(ClipId::name).collect::<Vec<_>>();
    assert_eq!(
        names(Language::English),
        [
            "confirm-payment-1",
            "number-12",
            "euros",
            "and",
            "number-50",
            "cents",
            "confirm-payment-2",
            "number-4",
            "number-2",
            "number-4",
            "number-2",
            "confirm-payment-3"
        ]
    );
    assert_eq!(names(Language::French)[1..5], ["euros-12", "and", "number-50", "centimes"]);
    assert_eq!(
        text(phrase, Language::English),
        "You are about to pay €12.50 with the card ending in 4242. To pay, press 1. To start again, press 2."
    );
    assert_eq!(
        text(phrase, Language::French),
        "Vous allez payer 12,50\u{a0}€ avec la carte se terminant par 4242. Pour payer, tapez 1. Pour recommencer, tapez 2."
    );
}

#[test]
fn subtitles_put_sentences_apart() {
    let declined = Phrase::WhisperDeclined(DeclineReason::Expired);
    assert_eq!(
        text(declined, Language::English),
        "Declined: card expired. Another card: star 2. End: star 9."
    );
    let brand = Phrase::BrandNotAccepted { brand: Some(Brand::Amex) };
    assert_eq!(
        text(brand, Language::English),
        "Sorry, we cannot take American Express. Please use another card."
    );
}

/// Longer texts are cut short by the patience of whoever hears them.
const CUSTOMER_MAX_LETTERS: usize = 140;
const WHISPER_MAX_LETTERS: usize = 56;
