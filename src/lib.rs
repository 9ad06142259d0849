//! Card payments by phone keypad, on the PBX a company already runs.
//!
//! The modules stand in the order of a payment's journey: a call enters by [`pbx`], becomes inputs of
//! the pure [`call`], leaves as commands, meets the bank in [`psp`], is written down in [`store`] and
//! shown by [`api`]. Nothing but [`card`] ever sees a digit.

/// What a PBX is asked and what it tells; one directory per kind of PBX.
pub mod pbx;
/// The payment call: a pure state machine without I/O, clock or async.
pub mod call;
/// Digits, PAN, brand, expiry, security code, masks, in wiped memory; nothing else sees a digit.
pub mod card;
/// Phrases, number and money grammars per language, sound files.
pub mod prompts;
/// Payment service providers: the trait, one directory per provider, and the test bank.
pub mod psp;
/// What is owed and by whom: orders as they come from outside, and whole files of them.
pub mod orders;
/// Texts to customers: SMS and e-mail, and who carries them.
pub mod messaging;
/// The runtime: one task per call drives [`call`] against the ports.
pub mod desk;
/// Stored cards that are charged when it is due: plans, their calendar, who charges them.
pub mod recurring;
/// Payments, attempts, journal and trail.
pub mod store;
/// Who may do what: users, roles, sessions, one-time codes, API keys, identity providers.
pub mod people;
/// What others are told by HTTP: written down first, signed, sent until it is taken.
pub mod outbox;
/// REST and the live event stream.
pub mod api;
/// Test phones, tone detector, memory and file search: how we prove that no digit is left.
pub mod inspect;
/// The one TOML file, its bounds and its secrets.
pub mod config;
/// Logs and what they may hold.
pub mod observe;
/// What the process gives up at start: core dumps, tracers.
pub mod harden;
/// The command line.
pub mod cli;
