//! The payment call: a pure state machine. No I/O, no clock, no async.
//!
//! `handle(now, input, &mut commands)` changes the state and writes down what has to be done;
//! `deadline()` says when to come back if nothing happens. The caller carries out every command before
//! it hands in the next input.

mod bank;
mod capture;
mod charge;
mod command;
mod commanded;
mod input;
mod machine;
mod manner;
mod money;
mod notice;
mod owed;
mod people;
mod phrase;
mod policy;
mod repeat;
mod seal;
mod spelt;
mod state;
mod verdict;
#[cfg(test)]
mod tests;

pub use bank::{AttemptId, DeclineReason, Outcome};
pub use command::{Command, SayId};
pub use input::{AgentCommand, Due, FromPbx, Input, Line, Millis, Owed, Party, SealLoss, SealRefusal};
pub use manner::{Besides, Manner, Pace, Wording};
pub use money::{Currency, Money, MoneyError};
pub use notice::{Alarm, Ending, Field, Hint, Notice};
pub use owed::REFERENCE_DIGITS_MAX;
pub use phrase::Phrase;
pub use policy::{Bounds, CodePolicy, Confirm, FieldOrder, Mode, PostalPolicy, Setup};
pub use spelt::{SPELT_MAX, Spelt};
pub use state::PaymentCall;
