//! Whether FreeSWITCH finds the files it will be told to play. It skips those it does not without a word.

use std::path::PathBuf;

use super::link::{Link, LinkError};
use super::words;

/// Those of the files that it does not find, or that cannot be named to it.
pub(super) async fn lacking(link: &Link, files: &[PathBuf]) -> Result<Vec<PathBuf>, LinkError> {
    let mut lacking = Vec::new();
    for file in files {
        let found = match words::path(file) {
            Ok(path) => link.api(format!("file_exists {path}")).await? == "true",
            Err(_) => false,
        };
        if !found {
            lacking.push(file.clone());
        }
    }
    Ok(lacking)
}
