//! A desk that asks for each field: what it wants next, and what must hold of it.

use crate::call::{
    AgentCommand, Besides, Bounds, CodePolicy, Confirm, Field, FieldOrder, Manner, Mode, Money, Pace,
    PostalPolicy, Setup, Wording,
};
use crate::card::{Card, YearMonth};

use super::Dice;

/// The desk of a history in which it asks for each field.
pub(super) struct Commander {
    code: CodePolicy,
    postal: bool,
    /// Per thousand commands that make little sense.
    whims: u64,
    /// All was said to be there since the last card was sent.
    completed: bool,
    /// Asked for since the payment began.
    asked: Vec<Field>,
}

impl Commander {
    /// Nobody, where the order is fixed.
    pub(super) fn of(setup: &Setup, dice: &mut Dice) -> Option<Commander> {
        (setup.order != FieldOrder::Fixed).then(|| Commander {
            code: setup.code,
            postal: setup.postal.is_some(),
            whims: dice.between(0, 300),
            completed: false,
            asked: Vec::new(),
        })
    }

    /// What it wants next, told what is still to be taken.
    pub(super) fn next(&mut self, remaining: &[Field], dice: &mut Dice) -> AgentCommand {
        let any = |dice: &mut Dice, of: &[Field]| of[dice.between(0, of.len() as u64 - 1) as usize];
        if dice.chance(self.whims) {
            let field = any(dice, &Field::FIRSTS);
            return AgentCommand::Ask(if dice.chance(300) { field.again() } else { field });
        }
        if remaining.is_empty() || dice.chance(30) {
            return AgentCommand::Complete;
        }
        AgentCommand::Ask(any(dice, remaining))
    }

    /// The core was handed a command.
    pub(super) fn commanded(&mut self, command: AgentCommand) {
        match command {
            AgentCommand::Complete => self.completed = true,
            AgentCommand::Ask(field) => self.asked.push(field.first()),
            // The first field is taken again, and with it all others.
            AgentCommand::RestartAll | AgentCommand::RestartField => self.asked.push(Field::Number),
            _ => {}
        }
    }

    /// Whether this field may open.
    pub(super) fn wanted(&self, field: Field) -> bool {
        self.asked.contains(&field.first())
    }

    /// A card is sent; the rule that it breaks, if it breaks one.
    pub(super) fn sent(&mut self, card: &Card) -> Option<&'static str> {
        if !std::mem::take(&mut self.completed) {
            return Some("a card whose fields the desk asks for is sent when the desk says so");
        }
        let may_have_none = card.pan.brand().code_optional();
        if self.code == CodePolicy::Required && card.code.is_none() && !may_have_none {
            return Some("no card is sent without the security code that was required");
        }
        if card.code.as_ref().is_some_and(|code| !code.fits(card.pan.brand())) {
            return Some("no card is sent with a security code of another length");
        }
        (self.postal && card.postal.is_none()).then_some("no card is sent without the postal code")
    }
}

fn commanded(dice: &mut Dice) -> FieldOrder {
    FieldOrder::Commanded { twice: Field::FIRSTS.into_iter().filter(|_| dice.chance(250)).collect() }
}

fn draw_manner(dice: &mut Dice) -> Manner {
    Manner {
        pace: match dice.between(0, 5) {
            0 => Pace::Slow,
            1 => Pace::Relay,
            _ => Pace::Normal,
        },
        wording: if dice.chance(300) { Wording::Brief } else { Wording::Calm },
        other_languages: dice.between(0, 2) as u8,
    }
}

pub(super) fn draw_setup(dice: &mut Dice) -> Setup {
    let currency = "EUR".parse().unwrap_or_else(|_| unreachable!("three capitals"));
    let today = YearMonth::new(2026, 11).unwrap_or_else(|| unreachable!("a month"));
    let mode = if dice.chance(750) { Mode::Assisted } else { Mode::SelfService };
    // Alone, and nobody has said what is to be paid.
    let unsaid = mode == Mode::SelfService && dice.chance(300);
    Setup {
        payment: u128::from(dice.next()),
        amount: Money { minor: if unsaid { 0 } else { dice.between(1, 99_999) as i64 }, currency },
        mode,
        today,
        accepted: Vec::new(),
        order: if mode == Mode::Assisted && dice.chance(350) { commanded(dice) } else { FieldOrder::Fixed },
        enter_twice: dice.chance(150),
        code: match dice.between(0, 4) {
            0 => CodePolicy::Off,
            1 => CodePolicy::Optional,
            _ => CodePolicy::Required,
        },
        postal: dice.chance(200).then_some(PostalPolicy { min_digits: 3, max_digits: 5 }),
        confirm: match dice.between(0, 3) {
            0 => Confirm::LastFour,
            1 => Confirm::Payment,
            _ => Confirm::None,
        },
        manner: draw_manner(dice),
        besides: Besides::default(),
        bounds: Bounds::default(),
    }
}
