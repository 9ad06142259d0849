//! Stories of payment calls, told on every PBX there is.
//!
//! `cargo test --test stories` tells them on the rehearsal PBX and, where they are found, on a real FreeSWITCH
//! and a real Asterisk. `TONEGATE_PBX=asterisk` tells them there only, and fails if there is none. Words on the
//! command line choose stories by their names; `TONEGATE_STORY_WORKERS` says how many are told at once.

#![allow(clippy::print_stdout, reason = "results are told there")]

mod control;
mod customers;
mod endings;
mod faults;
mod lines;
mod links;
mod many;
mod merchants;
mod payments;
mod recordings;
mod scene;
mod secrecy;
mod self_service;
mod speech;
mod teller;
mod unknown;

use std::process::ExitCode;

fn main() -> ExitCode {
    let stories = [
        control::stories(),
        payments::stories(),
        endings::stories(),
        links::stories(),
        lines::stories(),
        recordings::stories(),
        self_service::stories(),
        speech::stories(),
        secrecy::stories(),
        faults::stories(),
        merchants::stories(),
        customers::stories(),
        unknown::stories(),
        many::stories(),
    ];
    teller::tell(stories.into_iter().flatten().collect())
}
