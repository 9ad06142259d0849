//! Which texts of the catalogue a phrase is made of, and what it fills in.

use jiff::civil::Date;

use crate::call::{DeclineReason, Field, Hint, Money, Phrase, SealRefusal, Spelt};
use crate::card::Brand;

/// A phrase in catalogue terms: nothing here depends on the language.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lines {
    /// Ids of the entries, in order.
    pub(super) ids: &'static [&'static str],
    /// What is put into their slots.
    pub(super) filling: Filling,
}

/// What is put into the slots of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filling {
    /// For `{amount}`.
    pub amount: Option<Money>,
    /// For `{last_four}`, in ASCII.
    pub last_four: Option<[u8; 4]>,
    /// For `{brand}`.
    pub brand: Option<Brand>,
    /// For `{date}`.
    pub date: Option<Date>,
    /// For `{reference}`.
    pub reference: Option<Spelt>,
}

/// The texts of a phrase.
pub(super) fn lines(phrase: Phrase) -> Lines {
    let (mut amount, mut last_four, mut brand) = (None, None, None);
    let (mut date, mut reference) = (None, None);
    let ids: &'static [&'static str] = match phrase {
        Phrase::Welcome => &["welcome"],
        Phrase::WelcomeSelfService { amount: due } => {
            amount = Some(due);
            &["welcome-self-service"]
        }
        Phrase::Greeting => &["greeting"],
        Phrase::AmountDue { amount: due } => {
            amount = Some(due);
            &["amount-due"]
        }
        Phrase::ChooseAmount => &["choose-amount"],
        Phrase::AskPart => &["ask-part"],
        Phrase::PartNotPossible => &["part-not-possible"],
        Phrase::AskReference => &["ask-reference"],
        Phrase::ReferenceNotKnown => &["reference-not-known"],
        Phrase::WelcomeBrief => &["welcome-brief"],
        Phrase::WelcomeSelfServiceBrief { amount: due } => {
            amount = Some(due);
            &["welcome-self-service-brief"]
        }
        Phrase::ForReference { reference: paid } => {
            reference = Some(paid);
            &["for-reference"]
        }
        Phrase::Due { date: due } => {
            date = Some(due);
            &["due"]
        }
        Phrase::Overdue { date: due } => {
            date = Some(due);
            &["overdue"]
        }
        Phrase::RepeatHelp => &["repeat-help"],
        Phrase::AskNumberBrief => &["ask-number-brief"],
        Phrase::AskExpiryBrief => &["ask-expiry-brief"],
        Phrase::AskCodeBrief { digits: 4 } => &["ask-code-4-brief"],
        Phrase::AskCodeBrief { .. } => &["ask-code-3-brief"],
        Phrase::AskNumber => &["ask-number"],
        Phrase::AskNumberAgain => &["ask-number-again"],
        Phrase::AskExpiry => &["ask-expiry"],
        Phrase::AskCode { digits: 4 } => &["ask-code-4"],
        Phrase::AskCode { .. } => &["ask-code-3"],
        Phrase::AskPostal => &["ask-postal"],
        Phrase::KeysHelp => &["keys-help"],
        Phrase::Cleared => &["cleared"],
        Phrase::ConfirmLastFour { last_four: card } => {
            last_four = Some(card.digits());
            &["confirm-last-four"]
        }
        Phrase::ConfirmPayment { amount: due, last_four: card } => {
            amount = Some(due);
            last_four = Some(card.digits());
            &["confirm-payment"]
        }
        Phrase::NumberTooShort => &["number-too-short"],
        Phrase::NumberTooLong => &["number-too-long"],
        Phrase::NumberWrong => &["number-wrong"],
        Phrase::BrandNotAccepted { brand: None } => &["card-not-accepted"],
        Phrase::BrandNotAccepted { brand: known } => {
            brand = known;
            &["brand-not-accepted"]
        }
        Phrase::NumbersDiffer => &["numbers-differ"],
        Phrase::ExpiryWrong => &["expiry-wrong"],
        Phrase::CardExpired => &["card-expired"],
        Phrase::CodeTooShort => &["code-too-short"],
        Phrase::PostalTooShort => &["postal-too-short"],
        Phrase::NothingKeyed => &["nothing-keyed"],
        Phrase::Paused => &["paused"],
        Phrase::Resumed => &["resumed"],
        Phrase::PleaseWaitBank => &["please-wait-bank"],
        Phrase::StillWaitingBank => &["still-waiting-bank"],
        Phrase::Approved { amount: paid } => {
            amount = Some(paid);
            &["approved"]
        }
        Phrase::Receipt { date: day, reference: noted } => {
            (date, reference) = (Some(day), Some(noted));
            &["receipt"]
        }
        Phrase::ReceiptAgain { reference: noted } => {
            reference = Some(noted);
            &["receipt-again"]
        }
        Phrase::Declined(reason) => declined(reason),
        Phrase::TryAnotherCard => &["try-another-card"],
        Phrase::OutcomeUnknown => &["outcome-unknown"],
        Phrase::CannotTakeNow => &["cannot-take-now"],
        Phrase::TooManyAttempts => &["too-many-attempts"],
        Phrase::Cancelled => &["cancelled"],
        Phrase::OtherMeans => &["other-means"],
        Phrase::BackToAgent => &["back-to-agent"],
        Phrase::Goodbye => &["goodbye"],
        Phrase::TransferToHuman => &["transfer-to-human"],
        Phrase::WhisperSealed => &["whisper-sealed"],
        Phrase::WhisperFieldDone(field) => field_done(field),
        Phrase::WhisperCustomerError(hint) => customer_error(hint),
        Phrase::WhisperCleared => &["whisper-cleared"],
        Phrase::WhisperCharging => &["whisper-charging"],
        Phrase::WhisperApproved => &["whisper-approved"],
        Phrase::WhisperDeclined(reason) => whisper_declined(reason),
        Phrase::WhisperUnknown => &["whisper-unknown"],
        Phrase::WhisperLineNotClean => &["whisper-line-not-clean"],
        Phrase::WhisperSealRefused(refusal) => seal_refused(refusal),
        Phrase::WhisperSealLost => &["whisper-seal-lost"],
        Phrase::WhisperPaused => &["whisper-paused"],
        Phrase::WhisperResumed => &["whisper-resumed"],
        Phrase::WhisperCancelled => &["whisper-cancelled"],
        Phrase::WhisperCustomerCancelled => &["whisper-customer-cancelled"],
        Phrase::WhisperCustomerGone => &["whisper-customer-gone"],
        Phrase::WhisperTooManyAttempts => &["whisper-too-many-attempts"],
        Phrase::WhisperTimedOut => &["whisper-timed-out"],
        Phrase::WhisperTechnical => &["whisper-technical"],
        Phrase::WhisperBusy => &["whisper-busy"],
        Phrase::WhisperNoAmount => &["whisper-no-amount"],
        Phrase::WhisperLink => &["whisper-link"],
        Phrase::WhisperSlow => &["whisper-slow"],
        Phrase::WhisperRelay => &["whisper-relay"],
        Phrase::WhisperNormalPace => &["whisper-normal-pace"],
        Phrase::WhisperLanguage => &["whisper-language"],
        Phrase::WhisperOneLanguage => &["whisper-one-language"],
    };
    Lines { ids, filling: Filling { amount, last_four, brand, date, reference } }
}

/// Whether a sentence greets a caller who hears nobody else; the company's name goes before it.
pub(super) fn greets(phrase: Phrase) -> bool {
    matches!(phrase, Phrase::WelcomeSelfService { .. } | Phrase::WelcomeSelfServiceBrief { .. })
}

fn declined(reason: DeclineReason) -> &'static [&'static str] {
    match reason {
        DeclineReason::Generic => &["declined-generic"],
        DeclineReason::InsufficientFunds => &["declined-insufficient-funds"],
        DeclineReason::Expired => &["declined-expired"],
        DeclineReason::CodeWrong => &["declined-code-wrong"],
        DeclineReason::Blocked => &["declined-blocked"],
        DeclineReason::LimitExceeded => &["declined-limit-exceeded"],
        DeclineReason::ReferToBank => &["declined-refer-to-bank"],
        DeclineReason::Invalid => &["declined-invalid"],
    }
}

/// After a decline the agent has the choice, so each whisper ends with the keys.
fn whisper_declined(reason: DeclineReason) -> &'static [&'static str] {
    match reason {
        DeclineReason::Generic => &["whisper-declined-generic", "whisper-declined-keys"],
        DeclineReason::InsufficientFunds => &["whisper-declined-insufficient-funds", "whisper-declined-keys"],
        DeclineReason::Expired => &["whisper-declined-expired", "whisper-declined-keys"],
        DeclineReason::CodeWrong => &["whisper-declined-code-wrong", "whisper-declined-keys"],
        DeclineReason::Blocked => &["whisper-declined-blocked", "whisper-declined-keys"],
        DeclineReason::LimitExceeded => &["whisper-declined-limit-exceeded", "whisper-declined-keys"],
        DeclineReason::ReferToBank => &["whisper-declined-refer-to-bank", "whisper-declined-keys"],
        DeclineReason::Invalid => &["whisper-declined-invalid", "whisper-declined-keys"],
    }
}

fn field_done(field: Field) -> &'static [&'static str] {
    match field {
        Field::Number => &["whisper-field-number"],
        Field::NumberAgain => &["whisper-field-number-again"],
        Field::Expiry | Field::ExpiryAgain => &["whisper-field-expiry"],
        Field::Code | Field::CodeAgain => &["whisper-field-code"],
        Field::Postal | Field::PostalAgain => &["whisper-field-postal"],
        // Nobody is there to hear it.
        Field::Reference | Field::Amount => &["whisper-field-number"],
    }
}

fn customer_error(hint: Hint) -> &'static [&'static str] {
    match hint {
        Hint::TooShort => &["whisper-error-too-short"],
        Hint::TooLong => &["whisper-error-too-long"],
        Hint::CheckDigit | Hint::NotKnown | Hint::NotPossible => &["whisper-error-check-digit"],
        Hint::BrandNotAccepted => &["whisper-error-brand-not-accepted"],
        Hint::Expired => &["whisper-error-expired"],
        Hint::ExpiryInvalid => &["whisper-error-expiry-invalid"],
        Hint::Differs => &["whisper-error-differs"],
        Hint::Timeout => &["whisper-error-timeout"],
    }
}

fn seal_refused(refusal: SealRefusal) -> &'static [&'static str] {
    match refusal {
        SealRefusal::ProxyMedia => &["whisper-seal-refused-proxy-media"],
        SealRefusal::PassDtmf => &["whisper-seal-refused-pass-dtmf"],
        SealRefusal::SipInfo => &["whisper-seal-refused-sip-info"],
        SealRefusal::SelfTestFailed => &["whisper-seal-refused-self-test-failed"],
        SealRefusal::NoMedia => &["whisper-seal-refused-no-media"],
        SealRefusal::PbxError => &["whisper-seal-refused-pbx-error"],
    }
}

/// The catalogue's name of a brand.
pub(super) fn brand_id(brand: Brand) -> &'static str {
    match brand {
        Brand::Visa => "brand-visa",
        Brand::Mastercard => "brand-mastercard",
        Brand::Amex => "brand-amex",
        Brand::Diners => "brand-diners",
        Brand::Discover => "brand-discover",
        Brand::Jcb => "brand-jcb",
        Brand::UnionPay => "brand-unionpay",
        Brand::Maestro => "brand-maestro",
    }
}
