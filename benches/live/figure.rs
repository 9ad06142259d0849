//! A figure: samples of one thing, and the line it is printed as.

use std::io::Write;

use serde_json::{Value, json};
use tonegate::inspect::stage::StageError;

/// Samples of one thing.
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// The unit of the samples.
    pub unit: &'static str,
    /// Every sample, in no order.
    pub samples: Vec<f64>,
}

impl Figure {
    /// A figure of many samples.
    pub fn of(what: impl Into<String>, unit: &'static str, samples: Vec<f64>) -> Self {
        Self { what: what.into(), unit, samples }
    }

    /// A figure of one.
    pub fn one(what: impl Into<String>, unit: &'static str, sample: f64) -> Self {
        Self::of(what, unit, vec![sample])
    }

    fn line(&self) -> String {
        let Self { what, unit, samples } = self;
        match ranks(samples) {
            None => format!("{what:<74} no samples"),
            Some(_) if samples.len() == 1 => format!("{what:<74} {:>9.1} {unit}", samples[0]),
            Some([median, p99, most]) => format!(
                "{what:<74} median {median:>7.1} {unit}   p99 {p99:>7.1}   most {most:>7.1}   n {}",
                samples.len()
            ),
        }
    }

    fn object(&self) -> Value {
        let [median, p99, most] = ranks(&self.samples).map_or([None; 3], |ranks| ranks.map(Some));
        json!({
            "what": self.what, "unit": self.unit, "n": self.samples.len(),
            "median": median, "p99": p99, "most": most,
        })
    }
}

/// Median, 99th percentile (nearest rank) and the greatest.
fn ranks(samples: &[f64]) -> Option<[f64; 3]> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let at = |per_cent: usize| sorted[((last + 1) * per_cent).div_ceil(100).saturating_sub(1).min(last)];
    Some([at(50), at(99), at(100)])
}

/// What was measured, and where.
pub struct Tried<'a> {
    /// What kind of thing, in one word.
    pub kind: &'static str,
    /// Which one.
    pub name: &'a str,
    /// Who shares the machine's cores.
    pub sharing: &'static str,
}

/// Prints what was measured; `load` is the machine's, before and after.
///
/// # Errors
/// If nobody takes it.
pub fn print(tried: &Tried<'_>, load: [f64; 2], figures: &[Figure], as_json: bool) -> Result<(), StageError> {
    let Tried { kind, name, sharing } = tried;
    let mut out = std::io::stdout().lock();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    if as_json {
        let all: Vec<_> = figures.iter().map(Figure::object).collect();
        let object = json!({
            *kind: name, "build": build, "cores": cores, "load_before": load[0], "load_after": load[1],
            "figures": all,
        });
        writeln!(out, "{object}")?;
    } else {
        let [before, after] = load;
        writeln!(
            out,
            "{name}, {build} build, {cores} cores shared by {sharing}; \
             load of the machine {before:.1} before, {after:.1} after"
        )?;
        for figure in figures {
            writeln!(out, "{}", figure.line())?;
        }
    }
    Ok(())
}
