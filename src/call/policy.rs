//! What a payment call is made with: the merchant's wishes and every bound, with its unit in its name.

use crate::card::{Brand, YearMonth};

use super::manner::{Besides, Manner};
use super::money::Money;
use super::notice::Field;

/// Who is on the call besides the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// An agent talks with the customer and hears whispers.
    Assisted,
    /// The customer is alone with the prompts.
    SelfService,
}

/// Whether the security code is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodePolicy {
    /// Always, but for brands that may have none.
    Required,
    /// `#` alone leaves it out.
    Optional,
    /// Never.
    Off,
}

/// Who decides which field comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldOrder {
    /// Number, expiry date, security code, postal code, one after another.
    Fixed,
    /// The desk asks for each field, in any order and as often as it likes, and says when to charge
    /// ([`AgentCommand::Ask`](super::AgentCommand::Ask), [`AgentCommand::Complete`](super::AgentCommand::Complete)).
    Commanded {
        /// Fields that are keyed twice and compared; none of them repeats another.
        twice: Vec<Field>,
    },
}

/// What the customer confirms before the bank is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Confirm {
    /// Nothing: they agreed with the agent.
    None,
    /// The last four digits of the card.
    LastFour,
    /// Amount and last four digits.
    Payment,
}

/// Lengths a postal code may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PostalPolicy {
    /// Fewest digits; at least 1.
    pub min_digits: u8,
    /// Most digits, at most 10; that many submit themselves.
    pub max_digits: u8,
}

/// The bounds of a payment call; milliseconds unless the name says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// From the end of the question to the first key.
    pub first_key_timeout_ms: u64,
    /// Between two keys; grows with the customer's own pace.
    pub between_keys_timeout_ms: u64,
    /// What the former may grow to.
    pub between_keys_max_ms: u64,
    /// Silence after which a number that is likely complete is taken as complete.
    pub settle_ms: u64,
    /// After a field completed itself, a `#` within this time belongs to it and means nothing.
    pub stray_hash_ms: u64,
    /// After a key, the shield stays up at least this long: a tone detected at its start goes on.
    pub tone_tail_ms: u64,
    /// The longest sentence; one whose end is not reported counts as ended then.
    pub sentence_max_ms: u64,
    /// For the PBX to seal.
    pub seal_timeout_ms: u64,
    /// For the PBX to move the shield.
    pub shield_timeout_ms: u64,
    /// For the PBX to end the seal; tried [`Bounds::unseal_tries`] times.
    pub unseal_timeout_ms: u64,
    /// Tries to end the seal before an alarm is raised and it is left shut.
    pub unseal_tries: u8,
    /// From the first question to the last key, whatever is cleared and keyed again; pauses not counted out.
    pub capture_max_ms: u64,
    /// The longest pause.
    pub pause_max_ms: u64,
    /// For what a reference stands for to be looked up; longer than the company's own system may take.
    pub look_up_timeout_ms: u64,
    /// For the store to write an attempt down; longer than the store itself waits for its turn, so that it says why.
    pub journal_timeout_ms: u64,
    /// After which the customer is told that the bank is slow.
    pub bank_slow_ms: u64,
    /// After which the outcome counts as unknown.
    pub bank_bound_ms: u64,
    /// For the decision what to do after a decline.
    pub decision_timeout_ms: u64,
    /// For a lost PBX connection to come back.
    pub pbx_grace_ms: u64,
    /// Tries for each field, 1 to 9.
    pub attempts_per_field: u8,
    /// Cards sent to the bank in one payment call, 1 to 9.
    pub max_charges: u8,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            first_key_timeout_ms: 30_000,
            between_keys_timeout_ms: 6_000,
            between_keys_max_ms: 20_000,
            settle_ms: 1_500,
            stray_hash_ms: 3_000,
            tone_tail_ms: 1_000,
            sentence_max_ms: 30_000,
            seal_timeout_ms: 5_000,
            shield_timeout_ms: 5_000,
            unseal_timeout_ms: 5_000,
            unseal_tries: 3,
            capture_max_ms: 1_800_000,
            pause_max_ms: 600_000,
            look_up_timeout_ms: 20_000,
            journal_timeout_ms: 15_000,
            bank_slow_ms: 6_000,
            bank_bound_ms: 60_000,
            decision_timeout_ms: 120_000,
            pbx_grace_ms: 30_000,
            attempts_per_field: 3,
            max_charges: 3,
        }
    }
}

/// What one payment call is made with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Unique for ever; every attempt's key derives from it.
    pub payment: u128,
    /// How much; nothing means that the card is stored and not charged or, without an agent, that the customer keys a
    /// reference first.
    pub amount: Money,
    /// Agent or none.
    pub mode: Mode,
    /// The month in which an expiry is judged.
    pub today: YearMonth,
    /// Brands the merchant takes; empty means all we know.
    pub accepted: Vec<Brand>,
    /// Who decides which field comes next.
    pub order: FieldOrder,
    /// Whether the number is keyed twice and compared, in the fixed order.
    pub enter_twice: bool,
    /// The security code.
    pub code: CodePolicy,
    /// The postal code, if it is asked for.
    pub postal: Option<PostalPolicy>,
    /// What the customer confirms.
    pub confirm: Confirm,
    /// How the customer is spoken to.
    pub manner: Manner,
    /// What they are told besides.
    pub besides: Besides,
    /// Every bound.
    pub bounds: Bounds,
}
