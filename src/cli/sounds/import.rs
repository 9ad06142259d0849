//! `tonegate sounds import`: a studio's recordings become clips.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::super::Fault;
use super::produced::{Destination, Tally};
use crate::prompts::clip_named;

/// A studio delivers a few takes of each text at most.
const FILES_MAX: usize = 5_000;

/// Options of `tonegate sounds import`.
#[derive(Args)]
pub(in crate::cli) struct Import {
    /// The studio's recordings: WAV of any usual rate and depth, named as in the script.
    directory: PathBuf,
    #[command(flatten)]
    to: Destination,
}

impl Import {
    /// Exit status 0 if every file was taken, 1 if one was not.
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        let mut tally = Tally::default();
        for file in recordings(&self.directory)? {
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            if let Some(line) = clip_named(&name, self.to.language) {
                self.to.take(&file, &line, &mut tally);
            } else {
                tally.refused += 1;
                anstream::println!(
                    "refused: no text has the name of {}; `tonegate sounds script` shows the names",
                    file.display()
                );
            }
        }
        Ok(self.to.conclude(&tally))
    }
}

/// The WAV files of a directory, in the order of their names.
fn recordings(directory: &Path) -> Result<Vec<PathBuf>, Fault> {
    let failed = |what: String| Fault::Usage(format!("{}: {what}", directory.display()));
    let entries = std::fs::read_dir(directory)
        .map_err(|fault| failed(format!("{fault}; name the directory with the studio's recordings")))?;
    let is_wav = |file: &PathBuf| file.extension().is_some_and(|end| end.eq_ignore_ascii_case("wav"));
    let mut files: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(is_wav).take(FILES_MAX + 1).collect();
    match files.len() {
        0 => Err(failed("no WAV file is in it".into())),
        1..=FILES_MAX => {
            files.sort();
            Ok(files)
        }
        _ => Err(failed(format!("more than {FILES_MAX} WAV files are in it; import fewer at a time"))),
    }
}
