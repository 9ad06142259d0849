//! The payments API of programmable telephony, so that programs written for Twilio's `Payments` work against us with
//! only the base address changed. Read in the vendor's "Payments subresource" page and its Node SDK.
//!
//! | Request | What it does |
//! |---|---|
//! | `POST /2010-04-01/Accounts/{AccountSid}/Calls/{CallSid}/Payments.json` | begins a session on a call that is up |
//! | `POST /2010-04-01/Accounts/{AccountSid}/Calls/{CallSid}/Payments/{Sid}.json` | `Capture=` asks for a field, `Status=` completes or cancels |
//!
//! Forms in, JSON out, HTTP Basic with account and token or with an API key. What happens is told by signed form
//! posts to `StatusCallback`, in order, each tried a few times.
//!
//! What is ours:
//! - `CallSid` is the PBX's own name of a leg, or `CA` and 32 hexadecimal digits that spell it: the leg's UUID without
//!   hyphens (FreeSWITCH), or up to 16 letters of its unique id in ASCII, filled up with zeros (Asterisk).
//! - `Sid` is `PK` and the payment's number, the same as everywhere else here. It derives from account, call and
//!   `IdempotencyKey`: a request that is repeated, even after a restart, begins nothing new.
//! - `ExpirationDate`, `SecurityCode` and `PaymentCardPostalCode` are told as `x` for each digit: nothing the
//!   customer keys leaves in clear but the last four digits of the card number.
//! - A star clears the field, two cancel. A field that was keyed wrong is asked again, as often as
//!   `capture.attempts_per_field` says; `Capture` asks for it anew.
//! - Bank accounts (`ach-debit`) are refused, since no account here could be charged with one; so are postal codes
//!   with letters.
//! - A session that is cancelled ends with `Result=cancelled`. An outcome that is not known is told as
//!   `payment-connector-error` with a `PaymentError` that says so; once it is known, a last callback tells it.

mod account;
mod answer;
mod callback;
mod create;
mod form;
mod listen;
mod routes;
mod session;
mod sid;
mod update;
mod view;
mod words;
#[cfg(test)]
mod tests;

pub(super) use routes::routes;
pub use session::Twilio;
