//! The fields: asking, keys, patience.

use crate::card::{Brand, CODE_DIGITS_MAX, Completeness, EXPIRY_DIGITS, Entry, Key, KeyKind};

use super::command::Command;
use super::input::{Millis, Party};
use super::manner::Wording;
use super::notice::{Ending, Field, Hint, Notice};
use super::owed::REFERENCE_UNENDED_MAX;
use super::phrase::Phrase;
use super::policy::{CodePolicy, Mode};
use super::state::{Keying, PaymentCall, Shield, Stage};

/// How many times their longest gap a customer may take for the next key.
const PATIENCE_FACTOR: u64 = 3;

impl PaymentCall {
    /// Opens a field for keys and asks for it, after saying what was wrong with it before.
    pub(super) fn ask(&mut self, now: Millis, field: Field, wrong: Option<Phrase>, out: &mut Vec<Command>) {
        debug_assert!(self.shield == Shield::Up, "a field is only asked behind a shield");
        let Ok(entry) = Entry::new() else {
            return self.fault(now, Ending::Fault, out);
        };
        if let Some(wrong) = wrong {
            self.say(Party::Customer, wrong, out);
        }
        let brief = wrong.is_none() && self.setup.manner.wording == Wording::Brief;
        let asked = self.say(Party::Customer, self.question(field, brief), out);
        self.keying =
            Some(Keying { field, entry, asked, since: now, last_key: None, star: false, repeats: 0 });
        self.enter(now, Stage::Keying);
        out.push(Command::Tell(Notice::FieldOpened { field, attempt: self.failures.saturating_add(1) }));
    }

    pub(super) fn question(&self, field: Field, brief: bool) -> Phrase {
        match field {
            Field::Number if brief => Phrase::AskNumberBrief,
            Field::Expiry if brief => Phrase::AskExpiryBrief,
            Field::Code if brief => Phrase::AskCodeBrief { digits: self.code_length() },
            Field::Number => Phrase::AskNumber,
            Field::NumberAgain => Phrase::AskNumberAgain,
            Field::Expiry | Field::ExpiryAgain => Phrase::AskExpiry,
            Field::Code | Field::CodeAgain => Phrase::AskCode { digits: self.code_length() },
            Field::Postal | Field::PostalAgain => Phrase::AskPostal,
            Field::Reference => Phrase::AskReference,
            Field::Amount => Phrase::AskPart,
        }
    }

    pub(super) fn accepted(&self) -> &[Brand] {
        if self.setup.accepted.is_empty() { &Brand::ALL } else { &self.setup.accepted }
    }

    fn code_length(&self) -> u8 {
        self.taken.pan.as_ref().map_or(3, |pan| pan.brand().code_length())
    }

    fn code_may_be_left_out(&self) -> bool {
        self.setup.code == CodePolicy::Optional
            || self.taken.pan.as_ref().is_some_and(|pan| pan.brand().code_optional())
    }

    /// The customer pressed a key.
    pub(super) fn key(&mut self, now: Millis, key: Key, out: &mut Vec<Command>) {
        if let Some(before) = self.last_key {
            let gap_ms = now.since(before);
            // Only gaps inside a field tell the customer's pace.
            if self.keying.as_ref().is_some_and(|k| k.last_key.is_some()) {
                self.longest_gap_ms = self.longest_gap_ms.max(gap_ms);
            }
        }
        self.last_key = Some(now);
        if key.kind() == KeyKind::Hash && self.is_stray(now) {
            // It ended the field before, which had already ended itself: the next question goes on.
            return;
        }
        match self.stage {
            Stage::Keying => self.field_key(now, key, out),
            Stage::Confirming => self.confirm_key(now, key, out),
            Stage::Choosing => self.choose_key(now, key, out),
            Stage::Deciding if self.setup.mode == Mode::SelfService => self.decide_key(now, key, out),
            // Nobody asked: the key is wiped where it stands.
            _ => {}
        }
    }

    /// Whether a `#` now belongs to a field that has just completed itself. One does; a second is meant.
    fn is_stray(&mut self, now: Millis) -> bool {
        let unanswered = match self.stage {
            Stage::Keying => self.keying.as_ref().is_some_and(|keying| keying.entry.count() == 0),
            Stage::Confirming => true,
            _ => false,
        };
        unanswered
            && self.completed_at.take_if(|at| now.since(*at) <= self.setup.bounds.stray_hash_ms).is_some()
    }

    fn field_key(&mut self, now: Millis, key: Key, out: &mut Vec<Command>) {
        let Some(keying) = &mut self.keying else { return };
        if keying.asked.take().is_some() {
            self.hush_customer(out);
        }
        let Some(keying) = &mut self.keying else { return };
        keying.last_key = Some(now);
        match key.kind() {
            KeyKind::Star => self.star(now, out),
            KeyKind::Hash => self.hash(now, out),
            KeyKind::Digit => {
                keying.star = false;
                let field = keying.field;
                if keying.entry.push(key).is_err() {
                    return self.refuse(now, Hint::TooLong, out);
                }
                let brand = if matches!(field, Field::Number | Field::NumberAgain) {
                    keying.entry.brand()
                } else {
                    None
                };
                let count = keying.entry.count();
                out.push(Command::Tell(Notice::Progress { field, count, brand }));
                if self.is_complete() {
                    self.completed_at = Some(now);
                    self.submit(now, out);
                }
            }
        }
    }

    /// Whether the field can take no further digit.
    fn is_complete(&self) -> bool {
        let Some(keying) = &self.keying else { return false };
        let count = keying.entry.count();
        match keying.field.first() {
            Field::Expiry => count >= EXPIRY_DIGITS,
            // Before the number, nobody knows how long the code is.
            Field::Code if self.taken.pan.is_none() => count >= CODE_DIGITS_MAX,
            Field::Code => count >= self.code_length(),
            // It ends with the hash key: whoever keys a card here by mistake goes on, and is refused.
            Field::Reference | Field::Amount => false,
            Field::Postal => self.setup.postal.is_some_and(|postal| count >= postal.max_digits),
            _ => matches!(keying.entry.completeness(), Completeness::Complete | Completeness::Overlong),
        }
    }

    fn star(&mut self, now: Millis, out: &mut Vec<Command>) {
        let Some(keying) = &mut self.keying else { return };
        if keying.star {
            return self.close(
                now,
                Ending::CancelledByCustomer,
                Some(Phrase::Cancelled),
                Some(Phrase::WhisperCustomerCancelled),
                out,
            );
        }
        let field = keying.field;
        out.push(Command::Tell(Notice::Cleared(field)));
        self.whisper(Phrase::WhisperCleared, out);
        self.ask(now, field, Some(Phrase::Cleared), out);
        if let Some(keying) = &mut self.keying {
            keying.star = true;
            keying.last_key = None;
        }
    }

    fn hash(&mut self, now: Millis, out: &mut Vec<Command>) {
        let Some(keying) = &self.keying else { return };
        let empty = keying.entry.count() == 0;
        if empty && keying.field == Field::Code && self.code_may_be_left_out() {
            self.keying = None;
            out.push(Command::Tell(Notice::FieldDone { field: Field::Code, masked: None, brand: None }));
            self.whisper(Phrase::WhisperFieldDone(Field::Code), out);
            return self.next_after(now, Field::Code, out);
        }
        if empty && self.wants_again(now, out) {
            return;
        }
        self.submit(now, out);
    }

    pub(super) fn keying_deadline(&self) -> Option<Millis> {
        let keying = self.keying.as_ref()?;
        let bounds = &self.setup.bounds;
        // What is being said has to end first, also where it is said again in the middle of a field.
        let said_ms = if keying.asked.is_some() { bounds.sentence_max_ms } else { 0 };
        let from = keying.last_key.map_or(keying.since, |key| key.max(keying.since));
        if keying.entry.count() == 0 {
            return Some(from.plus(self.patient(said_ms.saturating_add(bounds.first_key_timeout_ms))));
        }
        let last = from.plus(self.patient(said_ms));
        let likely_whole = match keying.field.first() {
            Field::Number => keying.entry.completeness() == Completeness::LikelyComplete,
            Field::Code => self.taken.pan.is_none() && keying.entry.count() >= self.code_length(),
            _ => false,
        };
        if likely_whole {
            return Some(last.plus(self.patient(bounds.settle_ms)));
        }
        let patience_ms = (self.longest_gap_ms.saturating_mul(PATIENCE_FACTOR)).clamp(
            bounds.between_keys_timeout_ms,
            bounds.between_keys_max_ms.max(bounds.between_keys_timeout_ms),
        );
        Some(last.plus(self.patient(patience_ms)))
    }

    pub(super) fn keying_time_is_up(&mut self, now: Millis, out: &mut Vec<Command>) {
        let Some(keying) = &self.keying else { return };
        if keying.entry.count() == 0 {
            self.refuse(now, Hint::Timeout, out);
        } else if keying.field == Field::Reference && keying.entry.count() > REFERENCE_UNENDED_MAX {
            self.refuse(now, Hint::TooLong, out);
        } else {
            self.completed_at = Some(now);
            self.submit(now, out);
        }
    }
}
