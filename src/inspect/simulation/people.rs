//! The customer and the agent of a simulated history.

use crate::call::{AgentCommand, Due, Money, Owed, Phrase};
use crate::card::Brand;

use super::Dice;

/// Published test numbers, with a code of the brand's length.
const CARDS: [(&str, &str, Brand); 4] = [
    ("4111111111111111", "737", Brand::Visa),
    ("5555555555554444", "123", Brand::Mastercard),
    ("378282246310005", "1234", Brand::Amex),
    ("36227206271667", "321", Brand::Diners),
];

/// How a customer behaves: drawn once.
pub(super) struct Customer {
    number: &'static str,
    code: &'static str,
    /// Per thousand questions answered wrong, with a star, or not at all.
    pub clumsy: u64,
    pub key_gap_ms: u64,
}

impl Customer {
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let (number, code, _) = CARDS[dice.between(0, CARDS.len() as u64 - 1) as usize];
        Self { number, code, clumsy: dice.between(0, 400), key_gap_ms: dice.between(60, 2_500) }
    }

    /// What the customer keys when a sentence asks for something.
    pub(super) fn answer(&self, phrase: Phrase, dice: &mut Dice) -> Option<Vec<u8>> {
        let right: &str = match phrase {
            Phrase::AskNumber | Phrase::AskNumberBrief | Phrase::AskNumberAgain => self.number,
            Phrase::AskExpiry | Phrase::AskExpiryBrief => "0330",
            Phrase::AskCode { .. } | Phrase::AskCodeBrief { .. } => self.code,
            Phrase::AskPostal => "75011",
            Phrase::AskReference => "4711#",
            Phrase::AskPart => "5#",
            Phrase::ChooseAmount if dice.chance(500) => "2",
            Phrase::ChooseAmount => "1",
            Phrase::ConfirmLastFour { .. } | Phrase::ConfirmPayment { .. } | Phrase::TryAnotherCard => "1",
            _ => return None,
        };
        let mut keys = right.as_bytes().to_vec();
        if dice.chance(self.clumsy) {
            match dice.between(0, 6) {
                0 => keys.truncate(keys.len() / 2),
                1 => keys[0] = b'0' + dice.between(0, 9) as u8,
                2 => keys.insert(0, b'*'),
                3 => keys.extend_from_slice(b"**"),
                4 => keys.clear(),
                5 => keys.extend_from_slice(b"1234567890"),
                _ => keys = b"##".to_vec(),
            }
        }
        if dice.chance(300) {
            keys.push(b'#');
        }
        Some(keys)
    }
}

/// Whether a sentence asks for a card, or what it is for: all of it behind seal and shield.
pub(super) fn asks(phrase: Phrase) -> bool {
    matches!(
        phrase,
        Phrase::AskNumber
            | Phrase::AskNumberBrief
            | Phrase::AskNumberAgain
            | Phrase::AskExpiry
            | Phrase::AskExpiryBrief
            | Phrase::AskCode { .. }
            | Phrase::AskCodeBrief { .. }
            | Phrase::AskPostal
            | Phrase::AskReference
            | Phrase::AskPart
    )
}

/// What a reference stands for.
pub(super) fn owed(n: u8) -> Owed {
    let currency = "EUR".parse().unwrap_or_else(|_| unreachable!("three capitals"));
    match n % 5 {
        0 => Owed::Nothing,
        1 => Owed::Unknown,
        2 => Owed::This(Due::at_once(Money { minor: 100 + i64::from(n), currency })),
        _ => Owed::This(Due {
            owed: Money { minor: 1_000 + i64::from(n), currency },
            least: Money { minor: 100, currency },
        }),
    }
}

/// Something an agent may want at any time.
pub(super) fn whim(dice: &mut Dice) -> AgentCommand {
    match dice.between(0, 12) {
        0 | 1 => AgentCommand::RestartField,
        2 | 3 => AgentCommand::RestartAll,
        4 => AgentCommand::Pause,
        5 => AgentCommand::Resume,
        6 | 7 => AgentCommand::TogglePause,
        8 => AgentCommand::OtherMeans,
        9 => AgentCommand::Repeat,
        10 => AgentCommand::NextPace,
        11 => AgentCommand::NextLanguage,
        _ => AgentCommand::Cancel,
    }
}
