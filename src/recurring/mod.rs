//! Stored cards that are charged when it is due, without their customers: plans.
//!
//! A [`Rhythm`] says when; the store says which charge is next and who makes it; [`watch`] makes it, and [`after`] says
//! what follows. A charge is claimed, and the number of its payment written down, before anything is sent: whatever
//! dies in between, the next life of the daemon finds out what became of that payment, and does not begin another
//! before it knows.

mod after;
mod rhythm;
mod runner;
mod terms;
mod told;

pub use after::{Outcome, Retries, Standing, after};
pub use rhythm::{MAX_CHARGES, Rhythm, RhythmFault, Unit};
pub use runner::{Policy, watch};
pub use terms::{TermsFault, instalments, resumed};
