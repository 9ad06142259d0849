//! What every private PBX is told in its configuration, and what it leaves in its directories.

use std::path::{Path, PathBuf};

use super::StageError;

/// A file with an admin's changes; what is to be changed must be there.
///
/// # Errors
/// If it is not.
pub(super) fn changed(name: &str, text: &str, changes: &[(&str, &str)]) -> Result<String, StageError> {
    changes.iter().try_fold(text.to_owned(), |text, (from, to)| {
        let changed = text.contains(from).then(|| text.replace(from, to));
        changed.ok_or_else(|| StageError(format!("{name} does not hold `{from}` any more")))
    })
}

/// A path as a PBX's configuration takes it.
///
/// # Errors
/// If it has characters that a configuration or dialplan would split or expand.
pub(super) fn plain(path: &Path) -> Result<String, StageError> {
    path.to_str()
        .filter(|text| text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+".contains(c)))
        .map(str::to_owned)
        .ok_or_else(|| StageError(format!("{}: use a directory of plain letters and digits", path.display())))
}

/// The files in a directory, by name.
pub(super) fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}
