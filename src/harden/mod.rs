//! What the process gives up at start, so that its memory stays its own (PCI DSS 2.2.6, 3.3.1).
//!
//! [`apply`] does it, first thing in `main`; [`status`] asks the kernel how things stand. Both answer with a
//! [`Report`] of one [`Step`] per measure, which `tonegate check` prints. A measure that fails is no reason
//! to refuse calls; whether it is one to refuse card payments is for the operator to say.
//!
//! [`apply`]: crate::harden::apply
//! [`status`]: crate::harden::status
//! [`Report`]: crate::harden::Report
//! [`Step`]: crate::harden::Step

mod kernel;

use serde::Serialize;
use std::fmt;

/// Nobody but the service's own user gets at the files it makes.
const UMASK: libc::mode_t = 0o077;

/// One measure and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What it protects against, in a few words.
    pub measure: &'static str,
    /// Whether it holds.
    pub outcome: Outcome,
}

/// What became of a measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "why")]
pub enum Outcome {
    /// In force.
    Holds,
    /// This kernel does not know it; another measure covers for it.
    NotHere(String),
    /// Not in force, and why.
    Fails(String),
}

/// All measures, in the order they are taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// One entry per measure.
    pub steps: Vec<Step>,
}

impl Report {
    /// Whether no measure fails.
    pub fn holds(&self) -> bool {
        self.steps.iter().all(|step| !matches!(step.outcome, Outcome::Fails(_)))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.steps.iter().enumerate() {
            let line_end = if n == 0 { "" } else { "\n" };
            match &step.outcome {
                Outcome::Holds => write!(f, "{line_end}{}: in force", step.measure)?,
                Outcome::NotHere(why) => write!(f, "{line_end}{}: not available, {why}", step.measure)?,
                Outcome::Fails(why) => write!(f, "{line_end}{}: NOT in force, {why}", step.measure)?,
            }
        }
        Ok(())
    }
}

const FILES: &str = "files for this user alone (umask 077)";
const CORE: &str = "no core file (RLIMIT_CORE 0)";
const PRIVILEGES: &str = "no new privileges (PR_SET_NO_NEW_PRIVS)";
const TRACER: &str = "no appointed tracer (PR_SET_PTRACER)";
const DUMP: &str = "no core dump, no tracing by the same user (PR_SET_DUMPABLE 0)";

/// Takes all measures for this process and those it starts. Call it once, before the first thread: the
/// kernel keeps "no new privileges" by thread, and hands it on to those started later.
///
/// With `PR_SET_DUMPABLE` 0 the process's files under `/proc` belong to root: a search of its memory then
/// needs `CAP_SYS_PTRACE`.
pub fn apply() -> Report {
    kernel::set_umask(UMASK);
    let set = [
        (FILES, Ok(())),
        (CORE, kernel::forbid_core_files()),
        (PRIVILEGES, kernel::forbid_new_privileges()),
        (TRACER, kernel::appoint_no_tracer()),
        (DUMP, kernel::forbid_dumps()),
    ];
    let steps = set.into_iter().map(|(measure, result)| {
        let outcome = match result {
            Ok(()) => Outcome::Holds,
            // The kernel answers EINVAL where the Yama module is not there to keep a list of tracers.
            Err(fault) if measure == TRACER && fault.raw_os_error() == Some(libc::EINVAL) => no_yama(),
            Err(fault) => Outcome::Fails(format!("the kernel says: {fault}")),
        };
        Step { measure, outcome }
    });
    Report { steps: steps.collect() }
}

/// How the measures stand for this process now, as the kernel tells it.
pub fn status() -> Report {
    let holds = |yes: bool, otherwise: &str| match yes {
        true => Outcome::Holds,
        false => Outcome::Fails(otherwise.to_owned()),
    };
    let umask = match kernel::umask() {
        Some(mask) => holds(mask & UMASK == UMASK, "others may read the files it makes"),
        None => Outcome::Fails("/proc/self/status does not tell; is /proc mounted?".to_owned()),
    };
    let core = match kernel::core_file_bytes_max() {
        Ok(bytes) => holds(bytes == 0, "a crash may write memory to a file"),
        Err(fault) => Outcome::Fails(format!("the kernel says: {fault}")),
    };
    // The kernel has no question for the tracer; what decides is how strict Yama is.
    let tracer = match kernel::ptrace_scope() {
        Some(scope) => holds(scope > 0, "set the sysctl kernel.yama.ptrace_scope to 1 or more"),
        None => no_yama(),
    };
    Report {
        steps: vec![
            Step { measure: FILES, outcome: umask },
            Step { measure: CORE, outcome: core },
            Step {
                measure: PRIVILEGES,
                outcome: holds(kernel::no_new_privileges(), "a program it starts may gain rights"),
            },
            Step { measure: TRACER, outcome: tracer },
            Step {
                measure: DUMP,
                outcome: holds(!kernel::dumpable(), "programs of the same user can read its memory"),
            },
        ],
    }
}

fn no_yama() -> Outcome {
    Outcome::NotHere("this kernel has no Yama; PR_SET_DUMPABLE keeps tracers out".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};

    /// The far side of the test below, in a process of its own: the measures cannot be taken back.
    #[test]
    #[ignore = "run by the test below, in its own process"]
    fn hardened_process() {
        let (before, applied, after) = (status(), apply(), status());
        let told = serde_json::to_string(&(before, applied, after)).expect("JSON");
        // Straight to the file descriptor: the harness captures what is printed.
        let mut out = std::io::stdout().lock();
        writeln!(out, "\ntold {told}").and_then(|()| out.flush()).expect("a listening parent");
        let mut stop = String::new();
        std::io::stdin().read_line(&mut stop).expect("a parent that says stop");
    }

    #[test]
    fn the_kernel_confirms_each_measure() {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "harden::tests::hardened_process", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        // The pipe stays open: the child's harness has more to say before it ends.
        let told = (&mut out)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("told ").map(str::to_owned))
            .expect("its report");
        let proc = |file: &str| {
            std::fs::read_to_string(format!("/proc/{}/{file}", child.id())).expect("world-readable")
        };
        let (state, limits) = (proc("status"), proc("limits"));
        // This one belongs to a thread and those it starts, and a test is not run by the first thread.
        let threads = std::fs::read_dir(format!("/proc/{}/task", child.id())).expect("its threads");
        let bound = threads
            .map(|thread| std::fs::read_to_string(thread.expect("a thread").path().join("status")))
            .any(|status| status.expect("world-readable").contains("NoNewPrivs:\t1"));
        drop(child.stdin.take());
        assert!(child.wait().expect("an end").success());

        assert!(bound, "no thread of the process gave up new privileges");
        assert!(state.contains("Umask:\t0077"), "{state}");
        let core = limits.lines().find(|l| l.starts_with("Max core file size")).expect("a line");
        assert_eq!(core.split_whitespace().filter(|w| *w == "0").count(), 2, "{core}");

        let reports: Vec<serde_json::Value> = serde_json::from_str(&told).expect("JSON");
        let states = |report: &serde_json::Value| -> Vec<String> {
            let steps = report["steps"].as_array().expect("steps");
            steps.iter().map(|s| s["outcome"]["state"].as_str().expect("a state").to_owned()).collect()
        };
        assert_eq!(states(&reports[0])[4], "fails", "dumpable before: {told}");
        for report in &reports[1..] {
            let now = states(report);
            assert!([0, 1, 2, 4].iter().all(|step| now[*step] == "holds"), "{told}");
        }
    }

    #[test]
    fn a_report_reads_line_by_line() {
        let report = Report {
            steps: vec![
                Step { measure: CORE, outcome: Outcome::Holds },
                Step { measure: TRACER, outcome: no_yama() },
                Step { measure: DUMP, outcome: Outcome::Fails("the kernel says: no".to_owned()) },
            ],
        };
        assert!(!report.holds());
        let text = report.to_string();
        assert_eq!(text.lines().count(), 3);
        assert!(text.lines().next().expect("a line").ends_with("in force"));
        assert!(text.ends_with("NOT in force, the kernel says: no"));
        assert!(Report { steps: report.steps[..2].to_vec() }.holds());
    }
}
