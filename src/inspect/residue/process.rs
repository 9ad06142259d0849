//! Searches the memory of another process.

use super::scanner::Scanner;
use super::{CHUNK_BYTES, Needles, ResidueError, Scan};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;

/// No process of ours comes near this; one that maps more is searched up to here.
const PROCESS_BYTES_MAX: u64 = 64 * 1024 * 1024 * 1024;
/// The kernel's own pages in every process; they hold clocks and cannot be read from outside.
const KERNEL_AREAS: [&str; 3] = ["[vvar]", "[vvar_vclock]", "[vsyscall]"];

struct Area<'a> {
    start: u64,
    end: u64,
    name: &'a str,
}

/// Searches all readable memory of the process `pid`: heap, stacks, arguments, environment, files mapped.
///
/// # Errors
/// [`ResidueError::NotReadable`] without the right to look: a hardened process can be read only with
/// `CAP_SYS_PTRACE`. [`ResidueError::NoSuchProcess`] if it is gone.
pub fn scan_process(pid: u32, needles: &Needles) -> Result<Scan, ResidueError> {
    let denied = |source: io::Error| match (source.kind(), source.raw_os_error()) {
        // ESRCH comes from reading the files of a process that ends meanwhile.
        (ErrorKind::NotFound, _) | (_, Some(libc::ESRCH)) => ResidueError::NoSuchProcess { pid },
        _ => ResidueError::NotReadable { pid, source },
    };
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).map_err(denied)?;
    let memory = File::open(format!("/proc/{pid}/mem")).map_err(denied)?;
    // A process that has ended but was not waited for has no memory, and would look clean.
    if maps.is_empty() {
        return Err(ResidueError::NoSuchProcess { pid });
    }
    let mut scan = Scan::default();
    for area in maps.lines().filter_map(area) {
        if scan.bytes_read >= PROCESS_BYTES_MAX {
            scan.truncated = true;
            break;
        }
        scan_area(&memory, pid, &area, needles, &mut scan);
    }
    // Nothing at all could be read: the process ended under our hands.
    if scan.bytes_read == 0 {
        return Err(ResidueError::NoSuchProcess { pid });
    }
    Ok(scan)
}

fn scan_area(memory: &File, pid: u32, area: &Area<'_>, needles: &Needles, scan: &mut Scan) {
    let place = format!("memory of process {pid}, {}", area.name);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut scanner = Scanner::new(needles, scan, &place, area.start);
    let mut at = area.start;
    let stopped = loop {
        let wanted = usize::try_from(area.end - at).unwrap_or(usize::MAX).min(CHUNK_BYTES);
        if wanted == 0 {
            break None;
        }
        match memory.read_at(&mut chunk[..wanted], at) {
            Ok(0) => break None,
            Ok(read) => {
                scanner.feed(&chunk[..read]);
                at += read as u64;
            }
            Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
            Err(fault) => break Some(fault),
        }
    };
    scanner.finish();
    // A mapping may be longer than its file, or belong to a device: no secret of ours is beyond that point.
    if let Some(fault) = stopped.filter(|_| !area.name.starts_with('/'))
        && still_mapped(pid, at)
    {
        scan.could_not_read(&place, &fault);
    }
}

/// Whether the process still has memory at `address`: it goes on while it is searched, and gives pages back.
fn still_mapped(pid: u32, address: u64) -> bool {
    fs::read_to_string(format!("/proc/{pid}/maps"))
        .is_ok_and(|maps| maps.lines().filter_map(area).any(|a| (a.start..a.end).contains(&address)))
}

/// A readable area from a line of `/proc/<pid>/maps`.
fn area(line: &str) -> Option<Area<'_>> {
    let mut words = line.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let readable = words.next()?.starts_with('r');
    let name = line.splitn(6, ' ').nth(5).map(str::trim).filter(|name| !name.is_empty());
    let name = name.unwrap_or("anonymous");
    let area =
        Area { start: u64::from_str_radix(start, 16).ok()?, end: u64::from_str_radix(end, 16).ok()?, name };
    (readable && area.start < area.end && !KERNEL_AREAS.contains(&name)).then_some(area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_of_a_process_is_understood() {
        let heap = area("55d0c0a00000-55d0c0a21000 rw-p 00000000 00:00 0                          [heap]");
        let heap = heap.expect("readable");
        assert_eq!((heap.start, heap.end, heap.name), (0x55d0_c0a0_0000, 0x55d0_c0a2_1000, "[heap]"));
        let file = area("7f00a000-7f00b000 r--p 00000000 fe:00 123   /srv/a file").expect("readable");
        assert_eq!(file.name, "/srv/a file");
        assert_eq!(area("7f00a000-7f00b000 rw-p 00000000 00:00 0 ").expect("readable").name, "anonymous");
        assert!(area("7f00a000-7f00b000 ---p 00000000 00:00 0").is_none());
        assert!(area("7ffd1000-7ffd5000 r--p 00000000 00:00 0 [vvar]").is_none());
        assert!(area("nonsense").is_none());
    }
}
