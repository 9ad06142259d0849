//! The API over real HTTP: a daemon as an admin runs it, beside the rehearsal PBX.

#[path = "api/conformance.rs"]
mod conformance;
#[path = "api/desk.rs"]
mod desk;
#[path = "api/events.rs"]
mod events;
#[path = "api/links.rs"]
mod links;
#[path = "api/orders.rs"]
mod orders;
#[path = "api/payments.rs"]
mod payments;
#[path = "api/refusals.rs"]
mod refusals;
#[path = "api/repeats.rs"]
mod repeats;
#[path = "api/plans.rs"]
mod plans;
#[path = "api/tokens.rs"]
mod tokens;
