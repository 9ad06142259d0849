//! Alone with the prompts, and nobody has said what is to be paid: the customer keys a reference, and it is looked up.

use crate::card::Entry;

use super::command::Command;
use super::input::{Millis, Owed, Party};
use super::notice::{Ending, Field, Hint, Notice};
use super::phrase::Phrase;
use super::policy::Mode;
use super::state::{PaymentCall, Shield, Stage};

/// Most digits of a reference that is keyed. A card number has at least one more: whoever keys a card here gives none of
/// it away.
pub const REFERENCE_DIGITS_MAX: u8 = 11;

/// Most digits that count as a reference without the hash key at their end: more may be the beginning of a card number,
/// of which nobody may know so much (PCI DSS 3.4.1).
pub(super) const REFERENCE_UNENDED_MAX: u8 = 8;

/// What is keyed in place of a reference by who wants a human.
const HUMAN: &str = "0";

impl PaymentCall {
    /// Whether a reference has to be keyed before anything can be paid.
    pub(super) fn asks_reference(&self) -> bool {
        self.setup.mode == Mode::SelfService && !self.is_commanded() && self.setup.amount.minor == 0
    }

    /// A reference is complete: has it looked up, unless a human is wanted.
    pub(super) fn referred(&mut self, now: Millis, entry: Entry, out: &mut Vec<Command>) {
        let long = entry.count() > REFERENCE_DIGITS_MAX;
        let Some(reference) = entry.into_reference(REFERENCE_DIGITS_MAX) else {
            let hint = if long { Hint::TooLong } else { Hint::TooShort };
            return self.refuse_field(now, Field::Reference, hint, out);
        };
        if reference == HUMAN {
            return self.close(now, Ending::OtherMeans, None, None, out);
        }
        out.push(Command::Tell(Notice::FieldDone { field: Field::Reference, masked: None, brand: None }));
        self.enter(now, Stage::LookingUp);
        out.push(Command::LookUp { reference });
    }

    /// What the reference stands for.
    pub(super) fn owed(&mut self, now: Millis, owed: Owed, out: &mut Vec<Command>) {
        if self.stage != Stage::LookingUp {
            return;
        }
        match owed {
            Owed::This(amount) => {
                self.setup.amount = amount;
                self.say(Party::Customer, Phrase::AmountDue { amount }, out);
                self.begin(now, Field::Number, out);
            }
            // The PBX was away: what follows is asked behind a shield that is proved to be up.
            Owed::Nothing if self.shield != Shield::Up || self.link_lost.is_some() => {
                self.begin(now, Field::Reference, out);
            }
            Owed::Nothing => self.refuse_field(now, Field::Reference, Hint::NotKnown, out),
            Owed::Unknown => self.fault(now, Ending::Fault, out),
        }
    }
}
