//! What the system knows of a process: its memory, its time.

use tonegate::inspect::stage::StageError;

/// Ticks of `/proc/PID/stat` in a second: USER_HZ, which is 100 wherever Linux shows it to programs.
const TICKS_PER_S: f64 = 100.0;

/// Resident memory (VmRSS), in MiB.
///
/// # Errors
/// If the process is gone.
pub fn resident_mib(pid: u32) -> Result<f64, StageError> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
    kib.map(|kib: f64| kib / 1024.0).ok_or_else(|| StageError(format!("process {pid} has no VmRSS")))
}

/// Processor time so far, user and system, in seconds.
///
/// # Errors
/// If the process is gone.
pub fn cpu_s(pid: u32) -> Result<f64, StageError> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses may hold anything; the 14th and 15th field follow it as 12th and 13th.
    let ticks = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().skip(11).take(2));
    let ticks: f64 = ticks.into_iter().flatten().filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS_PER_S)
}

/// How many processes want to run, over the last minute.
pub fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(f64::NAN)
}
