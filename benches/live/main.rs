//! The figures: what a payment by keypad costs in time, voice, keys and memory, measured on the real thing.
//!
//! `cargo bench --bench live` starts a PBX with telephones, the test bank and the daemon, plays calls on
//! them, and prints one line a figure, all from this one run. `--pbx rehearsal|freeswitch|asterisk` chooses the PBX
//! (a real FreeSWITCH where one is found, otherwise the rehearsal PBX), `--only NAME` one part (memory, key, voice, prompt, load, api), `--json`
//! prints one object instead. `--calls`, `--keys`, `--rate` (as often as wanted) and `--gap` say what is keyed in
//! the parts `key` and `load`: `--only key --calls 50 --keys 10000 --rate 60/60 --rate 40/60`. Telephones and PBX share the machine with the daemon: a busy machine makes
//! every time longer, so its load stands beside the figures.

mod api;
mod figure;
mod keys;
mod memory;
mod load;
mod process;
mod prompt;
mod stand;
mod voice;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use tonegate::inspect::stage::StageError;

use figure::{Figure, Tried, print};
use keys::{Plan, Rate};
use stand::Stand;

/// Measures a payment by keypad on a PBX with telephones.
#[derive(Parser)]
pub struct Wanted {
    /// The PBX: `rehearsal`, `freeswitch` or `asterisk`.
    #[arg(long, value_parser = ["rehearsal", "freeswitch", "asterisk"])]
    pbx: Option<String>,
    /// One part alone.
    #[arg(long, value_parser = PARTS)]
    only: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Calls at once in the parts `key` (1), `load` and `api` (50).
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    calls: Option<u16>,
    /// Keys pressed at each rate in the parts `key` (400) and `load` (10000), on all calls together.
    #[arg(long)]
    keys: Option<usize>,
    /// How long a key is held and how long the pause after it is, in ms; may be given several times.
    #[arg(long, default_value = "60/60")]
    rate: Vec<Rate>,
    /// Pause between one card and the next, in ms.
    #[arg(long, default_value_t = 600)]
    gap: u64,
    /// Listeners at once in the part `api`.
    #[arg(long, default_value_t = 500)]
    listeners: usize,
    /// What cargo adds.
    #[arg(long, hide = true)]
    bench: bool,
}

/// In the order in which they are measured: memory before the first call.
const PARTS: [&str; 6] = ["memory", "key", "voice", "prompt", "load", "api"];

impl Wanted {
    /// What is keyed, one plan a rate; `calls` and `keys` where nothing else is wanted.
    fn plans(&self, calls: usize, keys: usize) -> impl Iterator<Item = Plan> + '_ {
        let (calls, keys) = (self.calls.map_or(calls, usize::from), self.keys.unwrap_or(keys));
        self.rate.iter().map(move |rate| Plan { calls, keys, rate: *rate, gap_ms: self.gap })
    }
}

fn main() -> ExitCode {
    let wanted = Wanted::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(fault) => return told(&format!("no threads: {fault}")),
    };
    match runtime.block_on(measure(&wanted)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => told(&fault.to_string()),
    }
}

fn told(fault: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "no figures: {fault}");
    ExitCode::FAILURE
}

async fn measure(wanted: &Wanted) -> Result<(), StageError> {
    let stand = Stand::set_up(wanted.pbx.as_deref()).await?;
    let busy_before = process::load();
    let measured = measure_parts(wanted, &stand).await;
    let pbx = stand.pbx;
    let directory = stand.take_down().await;
    let figures = measured.map_err(|fault| {
        StageError(format!("{fault}\nwhat daemon and PBX wrote is kept in {}", directory.display()))
    })?;
    let _ = std::fs::remove_dir_all(&directory);
    let tried = Tried { kind: "pbx", name: pbx, sharing: "PBX, telephones, bank and daemon" };
    print(&tried, [busy_before, process::load()], &figures, wanted.json)
}

async fn measure_parts(wanted: &Wanted, stand: &Stand) -> Result<Vec<Figure>, StageError> {
    let mut figures = Vec::new();
    for part in PARTS.into_iter().filter(|part| wanted.only.as_deref().is_none_or(|only| only == *part)) {
        let _ = writeln!(std::io::stderr(), "measuring: {part}");
        figures.extend(match part {
            "memory" => memory::idle(stand).await?,
            "key" => {
                let mut figures = Vec::new();
                for plan in wanted.plans(1, 400) {
                    figures.extend(keys::on_calls(stand, plan).await?);
                }
                figures
            }
            "voice" => voice::seals(stand).await?,
            "prompt" => prompt::figures(stand).await?,
            "api" => api::figures(stand, wanted.calls.map_or(50, usize::from), wanted.listeners).await?,
            _ => {
                let mut figures = Vec::new();
                for plan in wanted.plans(50, 10_000) {
                    figures.extend(load::many_calls(stand, plan).await?);
                }
                figures
            }
        });
    }
    Ok(figures)
}
