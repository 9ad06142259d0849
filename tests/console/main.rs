//! The console in a real browser: what people see and do while a payment is taken on the rehearsal PBX.
//!
//! Needs Debian's chromium and chromium-driver. Screenshots are kept in `target/screenshots/`, to be looked at.

mod browser;
mod desk;
mod figures;
mod links;
mod pages;
mod people;
mod scene;
