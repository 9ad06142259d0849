//! What goes on in a call, in sentences: for the eye, for a screen reader, and on the agent's keys.

use crate::call::{DeclineReason, Ending};
use crate::desk::{Merchants, StartError};
use crate::pbx::AgentKeys;
use crate::store::OrderFault;

use super::super::picture::{Doing, FieldState, Picture, Sentence, Verdict};
use super::super::words::Words;
use super::merchants;
use super::view::{Ear, KeyView, VerdictView};

/// What goes on, in a sentence; none where the verdict says it.
pub(super) fn doing(picture: &Picture, w: &Words) -> Option<String> {
    Some(match picture.doing {
        Doing::Sealing => w.doing_sealing.into(),
        Doing::Keying(field) => (w.keying)((w.field)(field)),
        Doing::Confirming => w.doing_confirming.into(),
        Doing::Paused => w.doing_paused.into(),
        Doing::Bank { slow: false } => w.doing_bank.into(),
        Doing::Bank { slow: true } => w.doing_bank_slow.into(),
        Doing::Deciding | Doing::Closing => return None,
    })
}

pub(super) fn verdict(picture: &Picture, w: &Words) -> Option<VerdictView> {
    let told = |kind, what: &str, more: Option<&str>| VerdictView {
        kind,
        what: what.to_owned(),
        more: more.map(str::to_owned),
        code: None,
    };
    let declined = |reason: DeclineReason| told("bad", w.doing_declined, Some((w.decline)(reason)));
    match (&picture.result, picture.ended) {
        (Some(Verdict::Approved(code)), _) => Some(VerdictView {
            code: Some(code.clone()).filter(|code| !code.is_empty()),
            ..told("good", w.doing_approved, None)
        }),
        (Some(Verdict::Unknown), _) => Some(told("warn", w.doing_unknown, Some(w.unknown_remedy))),
        (Some(Verdict::Declined(reason)), None | Some(Ending::Declined)) => Some(declined(*reason)),
        (Some(Verdict::NotCharged), None | Some(Ending::Fault)) => {
            Some(told("bad", w.doing_not_charged, None))
        }
        (_, Some(ending)) => Some(told(ending_kind(Some(ending)), (w.ending)(ending), None)),
        (_, None) => None,
    }
}

/// The colour of an ending.
pub(in super::super) fn ending_kind(ending: Option<Ending>) -> &'static str {
    match ending {
        Some(Ending::Approved) => "good",
        Some(Ending::Declined | Ending::NotSealed | Ending::SealLost | Ending::Fault) => "bad",
        Some(Ending::Unknown | Ending::PbxLost | Ending::TooManyAttempts) => "warn",
        None => "busy",
        Some(_) => "",
    }
}

pub(super) fn heard(picture: &Picture, w: &Words) -> Vec<Ear> {
    let ear = |who, sentence: &Option<Sentence>| {
        let Sentence { words, language, now } = sentence.clone()?;
        Some(Ear { who, words, language, now })
    };
    [ear(w.hears, &picture.customer_hears), ear(w.you_hear, &picture.agent_hears)]
        .into_iter()
        .flatten()
        .collect()
}

/// The keys that do something now.
pub(super) fn offered(picture: &Picture, w: &Words, keys: &AgentKeys) -> Vec<KeyView> {
    let again = ("restart_field", w.restart_field, keys.restart_field, "");
    let all = ("restart_all", w.restart_all, keys.restart_all, "");
    let other_card = ("restart_all", w.another_card, keys.restart_all, "first");
    let halt = ("pause", w.pause, keys.toggle_pause, "");
    let resume = ("resume", w.resume, keys.toggle_pause, "first");
    let other = ("other_means", w.other_means, keys.other_means, "");
    let repeat = ("repeat", w.repeat, keys.repeat, "");
    let pace = ("next_pace", w.next_pace, keys.pace, "");
    let language = ("next_language", w.next_language, keys.language, "");
    let cancel = ("cancel", w.cancel, keys.cancel, "danger");
    let end = ("cancel", w.end, keys.cancel, "danger");
    let offered = match picture.doing {
        Doing::Sealing => vec![cancel],
        Doing::Keying(_) => vec![again, all, repeat, pace, language, halt, other, cancel],
        Doing::Bank { .. } => vec![again, all, halt, other, cancel],
        Doing::Confirming => vec![all, repeat, pace, language, halt, other, cancel],
        Doing::Paused => vec![resume, all, other, cancel],
        Doing::Deciding => vec![other_card, other, end],
        Doing::Closing => Vec::new(),
    };
    let view = |(command, label, digit, kind)| {
        let spoken = format!("* {digit}");
        KeyView { command, label, digit, spoken, kind }
    };
    offered.into_iter().map(view).collect()
}

/// Why a payment does not begin.
pub(super) fn not_begun(fault: &StartError, all: &Merchants, w: &Words) -> String {
    match fault {
        StartError::OtherCurrency { merchant, currency, .. } => {
            let name = merchants::name(all, merchant).unwrap_or_else(|| merchant.clone());
            (w.other_currency)(&name, currency.code())
        }
        StartError::Order(fault) => {
            let words = match fault {
                OrderFault::NoSuch(_) => w.order_none,
                OrderFault::Paid(_) => w.order_paid,
                OrderFault::Cancelled(_) => w.order_cancelled,
                OrderFault::UnderWay { .. } => w.order_under_way,
                OrderFault::Unknown { .. } => w.order_unknown,
                OrderFault::Link { .. } => w.order_link,
                OrderFault::TooMuch { .. } => w.order_too_much,
                OrderFault::Whole { .. } => w.order_whole,
                OrderFault::TooLittle { .. } => w.order_too_little,
                // No order is made here.
                OrderFault::Currency { .. } | OrderFault::Exists(_) => return fault.to_string(),
            };
            words.to_owned()
        }
        StartError::Crm { by_hand: true, .. } => w.crm_silent_by_hand.to_owned(),
        StartError::Crm { by_hand: false, .. } => w.crm_silent.to_owned(),
        fault => fault.to_string(),
    }
}

/// What a screen reader says; digits by fours, so that it does not chatter.
pub(super) fn announce(picture: &Picture, w: &Words) -> String {
    if let Some(verdict) = verdict(picture, w) {
        return [Some(verdict.what), verdict.more].into_iter().flatten().collect::<Vec<_>>().join(". ");
    }
    let mut told = doing(picture, w).unwrap_or_default();
    if let Some((hint, _)) = picture.hint {
        told = format!("{} {told}", (w.hint)(hint));
    }
    let open = picture.fields.iter().find(|keyed| keyed.state == FieldState::Open);
    match open.map(|keyed| keyed.count / 4 * 4) {
        Some(fours) if fours > 0 => format!("{told}: {}", (w.digits)(fours)),
        _ => told,
    }
}
