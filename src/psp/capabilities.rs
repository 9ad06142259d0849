//! What a provider can do, and which cards its account may see.

use serde::Deserialize;

use super::{Answer, Operation};
use crate::call::DeclineReason;
use crate::card::Card;

/// What a provider can do; whatever is asked beyond is refused when the configuration is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The provider recognises a key it has seen and gives the first answer again.
    pub deduplicates: bool,
    /// What it cannot do, and why.
    pub lacks: &'static [(Operation, &'static str)],
}

impl Capabilities {
    /// Why it cannot; `None` if it can.
    #[must_use]
    pub fn lacking(&self, operation: Operation) -> Option<&'static str> {
        self.lacks.iter().find(|(lacked, _)| *lacked == operation).map(|(_, reason)| *reason)
    }

    /// Whether it can.
    #[must_use]
    pub fn can(&self, operation: Operation) -> bool {
        self.lacking(operation).is_none()
    }
}

/// Whether an account moves money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It does not: published test cards only.
    Test,
    /// It does: no published test card (PCI DSS 6.5.6).
    Live,
    /// Its credentials do not tell.
    Undeclared,
}

/// Which of a provider's two worlds an account is in, where its settings say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Published test cards only.
    #[default]
    Test,
    /// Real cards.
    Live,
}

impl Environment {
    /// Whether money moves there.
    #[must_use]
    pub fn mode(self) -> Mode {
        match self {
            Environment::Test => Mode::Test,
            Environment::Live => Mode::Live,
        }
    }
}

impl Mode {
    /// The answer to a card that has no business with such an account; it is never sent.
    #[must_use]
    pub fn refuses(self, card: &Card) -> Option<Answer> {
        match (self, card.pan.test_number()) {
            (Mode::Test, false) => Some(Answer::misconfigured(
                "not sent: the account is a test account, and the card is not a published test card",
                "configure the live account of the provider to charge real cards",
            )),
            (Mode::Live, true) => Some(Answer::declined(
                DeclineReason::Invalid,
                "not sent: a published test card number on a live account",
            )),
            _ => None,
        }
    }
}
