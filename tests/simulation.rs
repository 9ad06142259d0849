//! Thousands of seeded histories of the payment call; `TONEGATE_SEEDS` says how many.

#![allow(clippy::print_stdout, reason = "how the histories ended is worth reading")]

use std::collections::BTreeMap;
use std::time::Instant;

use tonegate::inspect::simulation;

#[test]
fn whatever_gets_lost_late_or_doubled_the_rules_hold() {
    let seeds: u64 = std::env::var("TONEGATE_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let begun = Instant::now();
    let mut endings = BTreeMap::new();
    for seed in 0..seeds {
        match simulation::run(seed) {
            Ok(history) => *endings.entry(format!("{:?}", history.ending)).or_insert(0_u64) += 1,
            Err(violation) => panic!("{violation}"),
        }
    }
    let per_second = seeds as f64 / begun.elapsed().as_secs_f64();
    println!("{seeds} histories, {per_second:.0} a second: {endings:?}");
    // A simulation that reaches only the happy end proves little.
    for ending in [
        "Approved",
        "Declined",
        "Unknown",
        "CancelledByAgent",
        "CancelledByCustomer",
        "OtherMeans",
        "TooManyAttempts",
        "TimedOut",
        "CustomerLeft",
        "AgentLeft",
        "NotSealed",
        "SealLost",
        "PbxLost",
        "Fault",
        "Drained",
    ] {
        assert!(
            endings.get(ending).is_some_and(|n| *n >= seeds / 10_000),
            "{ending} never happened: {endings:?}"
        );
    }
}
