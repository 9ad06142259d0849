//! The desk asks for each field: in any order, again, and says when all is there.
//!
//! It is the same machine with the same rules. Between fields it waits behind the shut seal, with the shield down, so
//! that the two can talk; what was taken stays in the vault until it is charged, taken again or wiped.

use super::command::Command;
use super::input::Millis;
use super::notice::{Field, Notice};
use super::policy::{CodePolicy, Confirm, FieldOrder};
use super::state::{PaymentCall, Stage};

impl PaymentCall {
    pub(super) fn is_commanded(&self) -> bool {
        matches!(self.setup.order, FieldOrder::Commanded { .. })
    }

    /// Nothing is taken yet, or nothing any more: asks for the first field, or waits to be told which.
    pub(super) fn first_field(&mut self, now: Millis, out: &mut Vec<Command>) {
        if !self.is_commanded() {
            return self.first_alone(now, out);
        }
        match self.wanted.take() {
            Some(field) => self.begin(now, field, out),
            None => self.wait(now, Field::Number, out),
        }
    }

    /// No field is open: says what is still to be taken, and lets the two talk.
    pub(super) fn wait(&mut self, now: Millis, after: Field, out: &mut Vec<Command>) {
        self.enter(now, Stage::Waiting(after));
        out.push(Command::Tell(Notice::Remaining(self.remaining())));
        self.talk(now, out);
    }

    /// The desk wants this field to be keyed.
    pub(super) fn asked_for(&mut self, now: Millis, field: Field, out: &mut Vec<Command>) {
        if !self.may_ask(field) {
            return;
        }
        // Nothing can be compared with what is not there.
        let field = if self.has(field.first()) { field } else { field.first() };
        match self.stage {
            Stage::Sealing => self.wanted = Some(field),
            Stage::Raising(_) => {
                self.forget(field);
                self.failures = 0;
                self.enter(now, Stage::Raising(field));
            }
            Stage::Keying | Stage::Confirming | Stage::Waiting(_) | Stage::Paused(_) | Stage::Deciding => {
                self.hush_customer(out);
                self.forget(field);
                self.keying = None;
                self.menu_said = None;
                self.begin(now, field, out);
            }
            // The card is on its way, or was.
            Stage::Idle
            | Stage::LookingUp
            | Stage::Choosing
            | Stage::Journalling
            | Stage::Charging
            | Stage::Closing(_)
            | Stage::Unsealing(_)
            | Stage::Done => {}
        }
    }

    /// The desk says that all is there. If it is not, it is told what is missing and nothing else happens.
    pub(super) fn complete(&mut self, now: Millis, out: &mut Vec<Command>) {
        let open =
            matches!(self.stage, Stage::Keying | Stage::Raising(_) | Stage::Waiting(_) | Stage::Paused(_));
        if !open {
            return;
        }
        let missing = self.remaining();
        // Nobody can be asked to confirm while the PBX is away.
        if !missing.is_empty() || self.link_lost.is_some() {
            return out.push(Command::Tell(Notice::Remaining(missing)));
        }
        self.hush_customer(out);
        self.keying = None;
        if self.setup.confirm == Confirm::None {
            return self.journal(now, out);
        }
        self.ask_to_confirm(now, out);
        // A choice is no secret, and they may talk about it.
        self.talk(now, out);
    }

    /// What is still to be taken, in the order in which a card is usually read.
    fn remaining(&self) -> Vec<Field> {
        let FieldOrder::Commanded { twice } = &self.setup.order else { return Vec::new() };
        let mut remaining = Vec::new();
        for field in Field::FIRSTS {
            let missing = !self.has(field);
            if missing && self.is_required(field) {
                remaining.push(field);
            }
            let compared = twice.contains(&field) && !self.taken.matched.contains(&field);
            if compared && (self.is_required(field) || !missing) {
                remaining.push(field.again());
            }
        }
        remaining
    }

    fn may_ask(&self, field: Field) -> bool {
        let asked = match field.first() {
            Field::Code => self.setup.code != CodePolicy::Off,
            Field::Postal => self.setup.postal.is_some(),
            _ => true,
        };
        let compared = match &self.setup.order {
            FieldOrder::Commanded { twice } => twice.contains(&field.first()),
            FieldOrder::Fixed => false,
        };
        let of_a_card = !matches!(field, Field::Reference | Field::Amount);
        asked && of_a_card && (compared || !field.repeats())
    }

    fn is_required(&self, field: Field) -> bool {
        match field.first() {
            Field::Code => {
                let may_have_none = self.taken.pan.as_ref().is_some_and(|pan| pan.brand().code_optional());
                self.setup.code == CodePolicy::Required && !may_have_none
            }
            Field::Postal => self.setup.postal.is_some(),
            _ => true,
        }
    }

    fn has(&self, field: Field) -> bool {
        match field.first() {
            Field::Expiry => self.taken.expiry.is_some(),
            Field::Code => self.taken.code.is_some(),
            Field::Postal => self.taken.postal.is_some(),
            _ => self.taken.pan.is_some(),
        }
    }

    /// Wipes what was taken of a field; of one that repeats another, only that they were the same.
    pub(super) fn forget(&mut self, field: Field) {
        self.taken.matched.retain(|matched| *matched != field.first());
        match field {
            Field::Number => self.taken.pan = None,
            Field::Expiry => self.taken.expiry = None,
            Field::Code => self.taken.code = None,
            Field::Postal => self.taken.postal = None,
            // What repeats another, and what is no card data.
            _ => {}
        }
    }
}
