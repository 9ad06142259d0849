//! What is found out about a PBX before it is relied on.

use std::path::PathBuf;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// No card is asked for while this stands.
    Refuses,
    /// Payments work, but an admin should look.
    Warns,
}

/// Something about a PBX that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file, module or setting it is about.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl Finding {
    pub(super) fn new(severity: Severity, place: &str, what: String, remedy: &str) -> Self {
        Self { severity, place: place.to_owned(), what, remedy: remedy.to_owned() }
    }

    /// Prompts that the PBX does not find: callers would hear nothing.
    pub(super) fn prompts(lacking: &[PathBuf]) -> Option<Self> {
        let first = lacking.first()?;
        let what = format!("the PBX does not find {} prompts, {} among them", lacking.len(), first.display());
        let remedy = "let its user enter and read that directory; it has to run on this machine";
        Some(Self::new(Severity::Refuses, "prompts", what, remedy))
    }
}
