//! Alone with the prompts, and nobody has said what is to be paid: the customer keys a reference, and it is looked up.

use crate::card::{Entry, Key};

use super::command::Command;
use super::input::{Due, Millis, Owed, Party};
use super::money::Money;
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

/// Most digits of an amount without its minor units.
const AMOUNT_DIGITS_MAX: u8 = 9;

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
            Owed::This(due) => {
                self.setup.amount = due.owed;
                self.due = Some(due).filter(Due::allows_parts);
                self.say(Party::Customer, Phrase::AmountDue { amount: due.owed }, out);
                self.first_alone(now, out);
            }
            // The PBX was away: what follows is asked behind a shield that is proved to be up.
            Owed::Nothing if self.shield != Shield::Up || self.link_lost.is_some() => {
                self.begin(now, Field::Reference, out);
            }
            Owed::Nothing => self.refuse_field(now, Field::Reference, Hint::NotKnown, out),
            Owed::Unknown => self.fault(now, Ending::Fault, out),
        }
    }

    /// What is owed, where a part of it may be paid. Before the call begins.
    pub fn offer_parts(&mut self, due: Due) {
        self.due = Some(due).filter(Due::allows_parts);
    }

    /// Alone with the prompts: what it is for, how much of it, and then the card.
    pub(super) fn first_alone(&mut self, now: Millis, out: &mut Vec<Command>) {
        if self.asks_reference() {
            return self.begin(now, Field::Reference, out);
        }
        if self.due.is_none() {
            return self.begin(now, Field::Number, out);
        }
        self.menu_failures = 0;
        self.enter(now, Stage::Choosing);
        self.menu_said = self.say(Party::Customer, Phrase::ChooseAmount, out);
    }

    pub(super) fn choose_key(&mut self, now: Millis, key: Key, out: &mut Vec<Command>) {
        if self.menu_said.take().is_some() {
            self.hush_customer(out);
        }
        match key.menu() {
            Some(1) => self.begin(now, Field::Number, out),
            Some(2) => self.begin(now, Field::Amount, out),
            Some(0) => self.close(now, Ending::OtherMeans, None, None, out),
            _ => self.choose_again(now, out),
        }
    }

    pub(super) fn choose_again(&mut self, now: Millis, out: &mut Vec<Command>) {
        self.menu_failures = self.menu_failures.saturating_add(1);
        if self.menu_failures >= self.setup.bounds.attempts_per_field {
            let (customer, agent) = (Phrase::TooManyAttempts, Phrase::WhisperTooManyAttempts);
            return self.close(now, Ending::TooManyAttempts, Some(customer), Some(agent), out);
        }
        self.enter(now, Stage::Choosing);
        self.menu_said = self.say(Party::Customer, Phrase::ChooseAmount, out);
    }

    /// A part is keyed, without minor units: has it agreed on, if it is one that may be paid.
    pub(super) fn part(&mut self, now: Millis, entry: Entry, out: &mut Vec<Command>) {
        let digits = entry.into_reference(AMOUNT_DIGITS_MAX).unwrap_or_default();
        let Some(due) = self.due else { return self.fault(now, Ending::Fault, out) };
        let currency = due.owed.currency;
        // Nine digits and at most three of minor units fit.
        let minor = digits.parse().map_or(0, |whole: i64| whole * 10_i64.pow(currency.exponent()));
        if !(due.least.minor..=due.owed.minor).contains(&minor) {
            return self.refuse_field(now, Field::Amount, Hint::NotPossible, out);
        }
        out.push(Command::Tell(Notice::FieldDone { field: Field::Amount, masked: None, brand: None }));
        self.enter(now, Stage::LookingUp);
        out.push(Command::Agree { amount: Money { minor, currency } });
    }
}
