//! What a connector takes beyond the provider's own answer time: `cargo bench --bench psp`.
//!
//! Each account charges a test card over TLS, one charge after the other, at a provider that stands in a thread of
//! its own; from the time of each charge the time in which the provider made its answer up is taken off. What is
//! left is the connector, HTTP and TLS at both ends, and the way there and back on this machine. The goal is 3 ms at
//! the 99th percentile. `--charges N`, `--only NAME`, `--answer-ms MS` (how long the provider thinks), `--json`.

mod charges;
#[path = "../live/figure.rs"]
mod figure;
#[path = "../live/process.rs"]
#[allow(dead_code, reason = "shared with the figures of a whole payment")]
mod process;
#[path = "../../tests/provider/mod.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod provider;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use figure::{Figure, Tried, print};
use provider::accounts::ACCOUNTS;

/// As in the program that is shipped: wiping what is given back costs time.
#[global_allocator]
static WIPING: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// Measures what each connector takes of its own.
#[derive(Parser)]
pub struct Wanted {
    /// Charges with each account.
    #[arg(long, default_value_t = 2_000)]
    charges: u32,
    /// One account alone.
    #[arg(long, value_parser = ACCOUNTS)]
    only: Option<String>,
    /// How long the provider thinks about each request.
    #[arg(long, default_value_t = 5)]
    answer_ms: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// What cargo adds.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match measure(&Wanted::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "no figures: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn measure(wanted: &Wanted) -> Result<(), Box<dyn Error>> {
    let busy_before = process::load();
    let mut figures: Vec<Figure> = Vec::new();
    for account in ACCOUNTS.into_iter().filter(|name| wanted.only.as_deref().is_none_or(|only| only == *name))
    {
        let _ = writeln!(std::io::stderr(), "measuring: {account}");
        figures.extend(charges::with(account, wanted).map_err(|fault| format!("{account}: {fault}"))?);
    }
    let tried = Tried { kind: "psp", name: "connectors over TLS", sharing: "connector and provider" };
    print(&tried, [busy_before, process::load()], &figures, wanted.json)?;
    Ok(())
}
