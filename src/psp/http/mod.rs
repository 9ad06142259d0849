//! The way to a provider: one HTTPS client an account, with a bound on everything.
//!
//! TLS 1.2 or later with verification always on, private authorities and client certificates by file, no
//! redirects (they could lead card data anywhere), no proxy from the environment, no retries of its own: sending
//! again is decided where it is journalled. Connections are reused. A timeout for each phase: connecting, waiting
//! for the answer to begin, reading it.

mod client;
mod exchange;
mod line;
mod settings;
mod tap;
mod words;

pub use exchange::{Body, Came, MAX_ANSWER_BYTES, Missed, Request};
pub use settings::{HttpSettings, TIMEOUT_RANGE_MS};
pub use tap::{Seen, Tap};

pub(crate) use client::{Check, Http};
pub(crate) use line::{Line, secret_header};
pub(crate) use words::harmless;
pub(crate) use words::percent_encoded;
