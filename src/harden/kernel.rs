//! The questions and requests put to the kernel.

// prctl, rlimits and umask have no safe interface in the standard library.
#![allow(unsafe_code)]

use std::io;

/// Makes files unreadable for everybody the mask names.
pub(super) fn set_umask(mask: libc::mode_t) {
    // SAFETY: umask only swaps a number of this process, and cannot fail.
    unsafe { libc::umask(mask) };
}

/// The umask, as `/proc` tells it: `umask(2)` could only tell it by changing it.
pub(super) fn umask() -> Option<libc::mode_t> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let octal = status.lines().find_map(|line| line.strip_prefix("Umask:"))?;
    libc::mode_t::from_str_radix(octal.trim(), 8).ok()
}

/// No core file, now or after any child asks for more. A core sent to a program by `core_pattern` ignores
/// this limit, which is why [`forbid_dumps`] is needed too.
pub(super) fn forbid_core_files() -> io::Result<()> {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel reads the struct, which outlives the call.
    done(unsafe { libc::setrlimit(libc::RLIMIT_CORE, &none) })
}

/// The larger of both limits on core files.
pub(super) fn core_file_bytes_max() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes the struct, which outlives the call.
    done(unsafe { libc::getrlimit(libc::RLIMIT_CORE, &mut limit) })?;
    Ok(limit.rlim_cur.max(limit.rlim_max))
}

/// No setuid or file capability gives this process, or one it starts, more rights than it has.
pub(super) fn forbid_new_privileges() -> io::Result<()> {
    // SAFETY: this prctl takes plain numbers; the unused ones have to be zero.
    done(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, number(1), number(0), number(0), number(0)) })
}

/// Whether [`forbid_new_privileges`] is in force.
pub(super) fn no_new_privileges() -> bool {
    // SAFETY: as above; this one only answers.
    unsafe { libc::prctl(libc::PR_GET_NO_NEW_PRIVS, number(0), number(0), number(0), number(0)) == 1 }
}

/// Takes back any leave to trace this process (Yama). `EINVAL` where there is no Yama.
pub(super) fn appoint_no_tracer() -> io::Result<()> {
    // SAFETY: as above; zero is nobody.
    done(unsafe { libc::prctl(libc::PR_SET_PTRACER, number(0), number(0), number(0), number(0)) })
}

/// How strict Yama is with tracers; `None` where there is no Yama.
pub(super) fn ptrace_scope() -> Option<u8> {
    std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").ok()?.trim().parse().ok()
}

/// No core dump of any kind, and no tracing by processes without `CAP_SYS_PTRACE`.
pub(super) fn forbid_dumps() -> io::Result<()> {
    // SAFETY: as above.
    done(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, number(0), number(0), number(0), number(0)) })
}

/// Whether the process can be dumped and traced.
pub(super) fn dumpable() -> bool {
    // SAFETY: as above; this one only answers.
    unsafe { libc::prctl(libc::PR_GET_DUMPABLE, number(0), number(0), number(0), number(0)) != 0 }
}

/// prctl reads its variadic arguments as longs; a plain literal would pass an int.
fn number(value: libc::c_ulong) -> libc::c_ulong {
    value
}

fn done(result: libc::c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
