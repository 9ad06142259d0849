//! The fields: asking, keys, patience, verdicts.

use crate::card::{Brand, CodeFault, Completeness, Entry, ExpiryFault, Key, KeyKind, PanFault, PostalFault};

use super::command::Command;
use super::input::{Millis, Party};
use super::machine::{Keying, PaymentCall, Shield, Stage, Taken};
use super::notice::{Ending, Field, Hint, Notice};
use super::phrase::Phrase;
use super::policy::{CodePolicy, Confirm, Mode};

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
        let asked = self.say(Party::Customer, self.question(field), out);
        self.keying = Some(Keying { field, entry, asked, since: now, last_key: None, star: false });
        self.enter(now, Stage::Keying);
        out.push(Command::Tell(Notice::FieldOpened { field, attempt: self.failures.saturating_add(1) }));
    }

    fn question(&self, field: Field) -> Phrase {
        match field {
            Field::Number => Phrase::AskNumber,
            Field::NumberAgain => Phrase::AskNumberAgain,
            Field::Expiry => Phrase::AskExpiry,
            Field::Code => Phrase::AskCode { digits: self.code_length() },
            Field::Postal => Phrase::AskPostal,
        }
    }

    fn accepted(&self) -> &[Brand] {
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
        match self.stage {
            Stage::Keying => self.field_key(now, key, out),
            Stage::Confirming => self.confirm_key(now, key, out),
            Stage::Deciding if self.setup.mode == Mode::SelfService => self.decide_key(now, key, out),
            // Nobody asked: the key is wiped where it stands.
            _ => {}
        }
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
        match keying.field {
            Field::Number | Field::NumberAgain => {
                matches!(keying.entry.completeness(), Completeness::Complete | Completeness::Overlong)
            }
            Field::Expiry => count >= 4,
            Field::Code => count >= self.code_length(),
            Field::Postal => self.setup.postal.is_some_and(|postal| count >= postal.max_digits),
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
        let stray = self.completed_at.is_some_and(|at| now.since(at) <= self.setup.bounds.stray_hash_ms);
        if empty && stray {
            // It ended the field before, which had already ended itself.
            return;
        }
        if empty && keying.field == Field::Code && self.code_may_be_left_out() {
            out.push(Command::Tell(Notice::FieldDone { field: Field::Code, masked: None, brand: None }));
            return self.next_after(now, Field::Code, out);
        }
        self.submit(now, out);
    }

    /// Judges the field as it stands.
    fn submit(&mut self, now: Millis, out: &mut Vec<Command>) {
        let Some(Keying { field, entry, .. }) = self.keying.take() else { return };
        let verdict = match field {
            Field::Number => self.judge_number(entry, out),
            Field::NumberAgain => self.judge_number_again(entry),
            Field::Expiry => entry
                .into_expiry(self.setup.today)
                .map(|e| self.taken.expiry = Some(e))
                .map_err(|fault| match fault {
                    ExpiryFault::Past => Hint::Expired,
                    ExpiryFault::Incomplete => Hint::TooShort,
                    ExpiryFault::NotAMonth | ExpiryFault::TooFar => Hint::ExpiryInvalid,
                }),
            Field::Code => self.judge_code(entry),
            Field::Postal => self.judge_postal(entry),
        };
        match verdict {
            Ok(()) => {
                if field != Field::Number {
                    out.push(Command::Tell(Notice::FieldDone { field, masked: None, brand: None }));
                }
                self.whisper(Phrase::WhisperFieldDone(field), out);
                self.next_after(now, field, out);
            }
            Err(hint) => self.refuse_field(now, field, hint, out),
        }
    }

    fn judge_number(&mut self, entry: Entry, out: &mut Vec<Command>) -> Result<(), Hint> {
        let pan = entry.into_pan(self.accepted()).map_err(|fault| match fault {
            PanFault::TooShort => Hint::TooShort,
            PanFault::TooLong => Hint::TooLong,
            PanFault::CheckDigit => Hint::CheckDigit,
            PanFault::UnknownBrand | PanFault::NotAccepted(_) => Hint::BrandNotAccepted,
        })?;
        out.push(Command::Tell(Notice::FieldDone {
            field: Field::Number,
            masked: Some(pan.masked()),
            brand: Some(pan.brand()),
        }));
        self.taken.pan = Some(pan);
        Ok(())
    }

    fn judge_number_again(&mut self, entry: Entry) -> Result<(), Hint> {
        let again = entry.into_pan(self.accepted()).map_err(|_| Hint::Differs)?;
        match &self.taken.pan {
            Some(first) if first.same_as(&again) => Ok(()),
            _ => Err(Hint::Differs),
        }
    }

    fn judge_code(&mut self, entry: Entry) -> Result<(), Hint> {
        let Some(pan) = &self.taken.pan else { return Err(Hint::TooShort) };
        match entry.into_code(pan.brand()) {
            Ok(code) => {
                self.taken.code = Some(code);
                Ok(())
            }
            Err(CodeFault::TooShort) => Err(Hint::TooShort),
            Err(CodeFault::TooLong) => Err(Hint::TooLong),
        }
    }

    fn judge_postal(&mut self, entry: Entry) -> Result<(), Hint> {
        let Some(policy) = self.setup.postal else { return Ok(()) };
        match entry.into_postal(policy.min_digits, policy.max_digits) {
            Ok(postal) => {
                self.taken.postal = Some(postal);
                Ok(())
            }
            Err(PostalFault::TooShort) => Err(Hint::TooShort),
            Err(PostalFault::TooLong) => Err(Hint::TooLong),
        }
    }

    fn next_after(&mut self, now: Millis, field: Field, out: &mut Vec<Command>) {
        let asks_code = self.setup.code != CodePolicy::Off;
        let asks_postal = self.setup.postal.is_some();
        let next = match field {
            Field::Number if self.setup.enter_twice => Some(Field::NumberAgain),
            Field::Number | Field::NumberAgain => Some(Field::Expiry),
            Field::Expiry if asks_code => Some(Field::Code),
            Field::Expiry | Field::Code if asks_postal => Some(Field::Postal),
            Field::Expiry | Field::Code | Field::Postal => None,
        };
        match next {
            Some(next) => self.begin(now, next, out),
            None if self.setup.confirm == Confirm::None => self.journal(now, out),
            None => self.ask_to_confirm(now, out),
        }
    }

    fn refuse(&mut self, now: Millis, hint: Hint, out: &mut Vec<Command>) {
        if let Some(keying) = self.keying.take() {
            self.refuse_field(now, keying.field, hint, out);
        }
    }

    fn refuse_field(&mut self, now: Millis, field: Field, hint: Hint, out: &mut Vec<Command>) {
        self.failures = self.failures.saturating_add(1);
        let left = self.setup.bounds.attempts_per_field.saturating_sub(self.failures);
        out.push(Command::Tell(Notice::FieldRefused { field, hint, left }));
        if left == 0 {
            if hint == Hint::Timeout {
                return self.close_timed_out(now, out);
            }
            return self.close(
                now,
                Ending::TooManyAttempts,
                Some(Phrase::TooManyAttempts),
                Some(Phrase::WhisperTooManyAttempts),
                out,
            );
        }
        self.whisper(Phrase::WhisperCustomerError(hint), out);
        let field = if hint == Hint::Differs {
            // Which of the two was right nobody knows: take both again.
            self.taken = Taken::default();
            Field::Number
        } else {
            field
        };
        self.ask(now, field, Some(Self::reproach(field, hint)), out);
    }

    fn reproach(field: Field, hint: Hint) -> Phrase {
        match (field, hint) {
            (_, Hint::Timeout) => Phrase::NothingKeyed,
            (_, Hint::Differs) => Phrase::NumbersDiffer,
            (_, Hint::BrandNotAccepted) => Phrase::BrandNotAccepted { brand: None },
            (_, Hint::CheckDigit) => Phrase::NumberWrong,
            (_, Hint::Expired) => Phrase::CardExpired,
            (Field::Expiry, _) | (_, Hint::ExpiryInvalid) => Phrase::ExpiryWrong,
            (Field::Code, _) => Phrase::CodeTooShort,
            (Field::Postal, _) => Phrase::PostalTooShort,
            (_, Hint::TooShort) => Phrase::NumberTooShort,
            (_, Hint::TooLong) => Phrase::NumberTooLong,
        }
    }

    pub(super) fn keying_deadline(&self) -> Option<Millis> {
        let keying = self.keying.as_ref()?;
        let bounds = &self.setup.bounds;
        if keying.entry.count() == 0 {
            let said_ms = if keying.asked.is_some() { bounds.sentence_max_ms } else { 0 };
            let from = keying.last_key.map_or(keying.since, |key| key.max(keying.since));
            return Some(from.plus(said_ms).plus(bounds.first_key_timeout_ms));
        }
        let last = keying.last_key.unwrap_or(keying.since);
        let number = matches!(keying.field, Field::Number | Field::NumberAgain);
        if number && keying.entry.completeness() == Completeness::LikelyComplete {
            return Some(last.plus(bounds.settle_ms));
        }
        let patience_ms = (self.longest_gap_ms.saturating_mul(PATIENCE_FACTOR)).clamp(
            bounds.between_keys_timeout_ms,
            bounds.between_keys_max_ms.max(bounds.between_keys_timeout_ms),
        );
        Some(last.plus(patience_ms))
    }

    pub(super) fn keying_time_is_up(&mut self, now: Millis, out: &mut Vec<Command>) {
        let Some(keying) = &self.keying else { return };
        if keying.entry.count() == 0 {
            self.refuse(now, Hint::Timeout, out);
        } else {
            self.completed_at = Some(now);
            self.submit(now, out);
        }
    }
}
