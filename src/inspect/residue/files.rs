//! Searches files and directories.

use super::scanner::Scanner;
use super::{CHUNK_BYTES, Needles, ResidueError, Scan};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// A search stops after this many files and directories.
const ENTRIES_MAX: usize = 1_000_000;

/// Searches a file, or all files under a directory. Links, sockets and devices inside are passed over; what
/// cannot be read is named in [`Scan::unreadable`].
///
/// # Errors
/// [`ResidueError::Path`] if `path` itself cannot be opened.
pub fn scan_path(path: &Path, needles: &Needles) -> Result<Scan, ResidueError> {
    let denied = |source| ResidueError::Path { path: path.to_owned(), source };
    let mut scan = Scan::default();
    if !fs::metadata(path).map_err(denied)?.is_dir() {
        scan_file(path, needles, &mut scan).map_err(denied)?;
        return Ok(scan);
    }
    fs::read_dir(path).map_err(denied)?;
    let mut ahead = vec![path.to_owned()];
    let mut entries = 0;
    while let Some(directory) = ahead.pop() {
        let listed = fs::read_dir(&directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let listed = match listed {
            Ok(listed) => listed,
            Err(fault) => {
                missing_or_unreadable(&directory, &fault, &mut scan);
                continue;
            }
        };
        for entry in listed {
            entries += 1;
            if entries > ENTRIES_MAX {
                scan.truncated = true;
                return Ok(scan);
            }
            visit(&entry, needles, &mut scan, &mut ahead);
        }
    }
    Ok(scan)
}

fn visit(entry: &fs::DirEntry, needles: &Needles, scan: &mut Scan, ahead: &mut Vec<PathBuf>) {
    let path = entry.path();
    let result = entry.file_type().and_then(|kind| {
        if kind.is_dir() {
            ahead.push(path.clone());
            Ok(())
        } else if kind.is_file() {
            scan_file(&path, needles, scan)
        } else {
            Ok(())
        }
    });
    if let Err(fault) = result {
        missing_or_unreadable(&path, &fault, scan);
    }
}

/// A file deleted since it was listed holds nothing any more; any other fault is told.
fn missing_or_unreadable(path: &Path, fault: &io::Error, scan: &mut Scan) {
    if fault.kind() != ErrorKind::NotFound {
        scan.could_not_read(&path.display().to_string(), fault);
    }
}

fn scan_file(path: &Path, needles: &Needles, scan: &mut Scan) -> io::Result<()> {
    let place = path.display().to_string();
    // No further than its length now: a log that grows while it is read would never end.
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut file = file.take(length);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut scanner = Scanner::new(needles, scan, &place, 0);
    let result = loop {
        match file.read(&mut chunk) {
            Ok(0) => break Ok(()),
            Ok(read) => scanner.feed(&chunk[..read]),
            Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
            Err(fault) => break Err(fault),
        }
    };
    scanner.finish();
    result
}
