//! What is found out about a PBX before it is relied on.

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
}
