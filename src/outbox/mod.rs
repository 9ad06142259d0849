//! What others are told by HTTP.
//!
//! The store writes a message down in the transaction that changes a payment, once for each endpoint that wants it.
//! A task for each endpoint carries it, signed as Standard Webhooks say, until it is taken: tried again for three
//! days, then dead, and sent again when somebody asks for it. A message is told at least once; its `webhook-id` is the
//! same each time. Messages of one payment may overtake each other: `sequence` counts them.

mod carrier;
mod courier;
mod reach;
mod schedule;
mod sign;
#[cfg(test)]
mod tests;

pub use carrier::{Endpoint, carry};
pub(crate) use courier::cause;
pub use courier::{Carried, Courier};
pub use reach::{Reach, UrlFault, usable_url};
pub use schedule::TRIED_FOR_MS;
pub use sign::{NoSigningKey, SigningKey};
