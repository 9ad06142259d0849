//! How fast the payment call thinks: `cargo bench --bench core`.

#![allow(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::time::{Duration, Instant};

use tonegate::call::{
    Besides, Bounds, CodePolicy, Confirm, FieldOrder, FromPbx, Input, Line, Manner, Millis, Mode, Money,
    PaymentCall, Setup,
};
use tonegate::card::{Key, YearMonth};
use tonegate::inspect::simulation;

const RUNS: usize = 5;
const HISTORIES: u64 = 20_000;
const CALLS: u32 = 20_000;
/// Keys of a number, cleared by a star after fifteen digits and keyed again.
const KEYS: &[u8] = b"411111111111111*41111111111111";

fn main() {
    let per_second = median((0..RUNS as u64).map(histories_per_second));
    println!("simulated histories: {per_second:.0} /s");
    let each_ns = median((0..RUNS).map(|_| key_ns()));
    println!("a key in the core: {each_ns:.0} ns");
}

fn histories_per_second(run: u64) -> f64 {
    let begun = Instant::now();
    for seed in 0..HISTORIES {
        if let Err(violation) = simulation::run(run * HISTORIES + seed) {
            panic!("{violation}");
        }
    }
    HISTORIES as f64 / begun.elapsed().as_secs_f64()
}

fn key_ns() -> f64 {
    let mut spent = Duration::ZERO;
    let mut out = Vec::with_capacity(16);
    for _ in 0..CALLS {
        let mut call = asking(&mut out);
        let begun = Instant::now();
        for (n, key) in KEYS.iter().enumerate() {
            let Some(key) = Key::from_ascii(*key) else { continue };
            out.clear();
            call.handle(Millis(n as u64 * 300), Input::Pbx(FromPbx::Key(key)), &mut out);
        }
        spent += begun.elapsed();
        assert!(!call.is_done());
    }
    spent.as_nanos() as f64 / (f64::from(CALLS) * KEYS.len() as f64)
}

/// A call that waits for the card number.
fn asking(out: &mut Vec<tonegate::call::Command>) -> PaymentCall {
    let (Ok(currency), Some(today)) = ("EUR".parse(), YearMonth::new(2026, 11)) else {
        panic!("a currency and a month");
    };
    let mut call = PaymentCall::new(Setup {
        payment: 7,
        amount: Money { minor: 4250, currency },
        mode: Mode::Assisted,
        today,
        accepted: Vec::new(),
        order: FieldOrder::Fixed,
        enter_twice: false,
        code: CodePolicy::Required,
        postal: None,
        confirm: Confirm::None,
        manner: Manner::default(),
        besides: Besides::default(),
        bounds: Bounds::default(),
    });
    call.handle(Millis(0), Input::Start, out);
    call.handle(Millis(0), Input::Pbx(FromPbx::Sealed { line: Line::Clean }), out);
    call.handle(Millis(0), Input::Pbx(FromPbx::Shield { up: true }), out);
    call
}

fn median(measured: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = measured.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}
