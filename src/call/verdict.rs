//! What becomes of a field that is complete: right, and the next one opens; or wrong, and it is asked again.

use crate::card::{CodeFault, Entry, ExpiryFault, PanFault, PostalFault};

use super::command::Command;
use super::input::Millis;
use super::notice::{Ending, Field, Hint, Notice};
use super::phrase::Phrase;
use super::policy::{CodePolicy, Confirm};
use super::state::{Keying, PaymentCall, Taken};

impl PaymentCall {
    /// Judges the field as it stands.
    pub(super) fn submit(&mut self, now: Millis, out: &mut Vec<Command>) {
        let Some(Keying { field, entry, .. }) = self.keying.take() else { return };
        let verdict = match field {
            Field::Reference => return self.referred(now, entry, out),
            Field::Amount => return self.part(now, entry, out),
            Field::Number => self.judge_number(entry, out),
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
            Field::NumberAgain | Field::ExpiryAgain | Field::CodeAgain | Field::PostalAgain => {
                self.judge_again(field, entry)
            }
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
            PanFault::UnknownBrand => Hint::BrandNotAccepted,
            PanFault::NotAccepted(brand) => {
                self.refused_brand = Some(brand);
                Hint::BrandNotAccepted
            }
        })?;
        out.push(Command::Tell(Notice::FieldDone {
            field: Field::Number,
            masked: Some(pan.masked()),
            brand: Some(pan.brand()),
        }));
        if self.taken.code.as_ref().is_some_and(|code| !code.fits(pan.brand())) {
            // Keyed before the number, and of another kind of card.
            self.forget(Field::Code);
        }
        self.taken.pan = Some(pan);
        Ok(())
    }

    /// What was keyed a second time has to be right and the same.
    fn judge_again(&mut self, field: Field, entry: Entry) -> Result<(), Hint> {
        let taken = &self.taken;
        let same = match field.first() {
            Field::Number => taken
                .pan
                .as_ref()
                .zip(entry.into_pan(self.accepted()).ok())
                .is_some_and(|(a, b)| a.same_as(&b)),
            Field::Expiry => {
                let again = entry.into_expiry(self.setup.today).ok();
                taken.expiry.as_ref().zip(again).is_some_and(|(a, b)| a.same_as(&b))
            }
            Field::Code => taken
                .code
                .as_ref()
                .zip(entry.into_code_of_any_brand().ok())
                .is_some_and(|(a, b)| a.same_as(&b)),
            _ => {
                let again = self
                    .setup
                    .postal
                    .and_then(|policy| entry.into_postal(policy.min_digits, policy.max_digits).ok());
                taken.postal.as_ref().zip(again).is_some_and(|(a, b)| a.same_as(&b))
            }
        };
        if !same {
            return Err(Hint::Differs);
        }
        self.taken.matched.push(field.first());
        Ok(())
    }

    fn judge_code(&mut self, entry: Entry) -> Result<(), Hint> {
        let code = match &self.taken.pan {
            Some(pan) => entry.into_code(pan.brand()),
            None => entry.into_code_of_any_brand(),
        };
        match code {
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

    pub(super) fn next_after(&mut self, now: Millis, field: Field, out: &mut Vec<Command>) {
        if self.is_commanded() {
            return self.wait(now, field, out);
        }
        let asks_code = self.setup.code != CodePolicy::Off;
        let asks_postal = self.setup.postal.is_some();
        let next = match field {
            Field::Number if self.setup.enter_twice => Some(Field::NumberAgain),
            Field::Number | Field::NumberAgain => Some(Field::Expiry),
            Field::Expiry if asks_code => Some(Field::Code),
            Field::Expiry | Field::Code if asks_postal => Some(Field::Postal),
            _ => None,
        };
        match next {
            Some(next) => self.begin(now, next, out),
            None if self.setup.confirm == Confirm::None => self.journal(now, out),
            None => self.ask_to_confirm(now, out),
        }
    }

    pub(super) fn refuse(&mut self, now: Millis, hint: Hint, out: &mut Vec<Command>) {
        if let Some(keying) = self.keying.take() {
            self.refuse_field(now, keying.field, hint, out);
        }
    }

    pub(super) fn refuse_field(&mut self, now: Millis, field: Field, hint: Hint, out: &mut Vec<Command>) {
        self.failures = self.failures.saturating_add(1);
        if hint == Hint::Differs {
            self.differed = self.differed.saturating_add(1);
            self.failures = self.failures.max(self.differed);
        }
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
            if self.is_commanded() {
                self.forget(field.first());
            } else {
                self.taken = Taken::default();
            }
            field.first()
        } else {
            field
        };
        let reproach = self.reproach(field, hint);
        self.ask(now, field, Some(reproach), out);
    }

    fn reproach(&mut self, field: Field, hint: Hint) -> Phrase {
        let brand = self.refused_brand.take();
        match (field, hint) {
            (_, Hint::Timeout) => Phrase::NothingKeyed,
            (Field::Amount, _) | (_, Hint::NotPossible) => Phrase::PartNotPossible,
            (Field::Reference, _) | (_, Hint::NotKnown) => Phrase::ReferenceNotKnown,
            (Field::Number, Hint::Differs) => Phrase::NumbersDiffer,
            (_, Hint::Differs) => Phrase::Cleared,
            (_, Hint::BrandNotAccepted) => Phrase::BrandNotAccepted { brand },
            (_, Hint::CheckDigit) => Phrase::NumberWrong,
            (_, Hint::Expired) => Phrase::CardExpired,
            (Field::Expiry | Field::ExpiryAgain, _) | (_, Hint::ExpiryInvalid) => Phrase::ExpiryWrong,
            (Field::Code | Field::CodeAgain, _) => Phrase::CodeTooShort,
            (Field::Postal | Field::PostalAgain, _) => Phrase::PostalTooShort,
            (_, Hint::TooShort) => Phrase::NumberTooShort,
            (_, Hint::TooLong) => Phrase::NumberTooLong,
        }
    }
}
