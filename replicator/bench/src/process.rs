//! CPU and memory of a process, from /proc.

use std::fs;
use std::path::PathBuf;

use crate::error::BenchError;

/// Linux shows times in hundredths of a second on every architecture that we build for.
const TICKS_PER_SECOND: f64 = 100.0;

/// User and system time of all threads since the process began, in seconds.
pub(crate) fn cpu_seconds(pid: u32) -> Result<f64, BenchError> {
    let stat = read(pid, "stat")?;
    // The name in parentheses may hold spaces; fields are counted behind it.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
    let times = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    let times: Vec<f64> =
        times.collect::<Result<_, _>>().map_err(|_| BenchError::Usage { pid, field: "utime" })?;
    match times[..] {
        [user, system] => Ok((user + system) / TICKS_PER_SECOND),
        _ => Err(BenchError::Usage { pid, field: "utime" }),
    }
}

/// Highest resident set so far, in bytes.
pub(crate) fn peak_resident_bytes(pid: u32) -> Result<u64, BenchError> {
    status_bytes(pid, "VmHWM")
}

/// Resident set now, in bytes.
pub(crate) fn resident_bytes(pid: u32) -> Result<u64, BenchError> {
    status_bytes(pid, "VmRSS")
}

fn status_bytes(pid: u32, field: &'static str) -> Result<u64, BenchError> {
    let status = read(pid, "status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kibibytes.map(|kibibytes| kibibytes * 1024).ok_or(BenchError::Usage { pid, field })
}

fn read(pid: u32, name: &str) -> Result<String, BenchError> {
    let path = PathBuf::from(format!("/proc/{pid}/{name}"));
    fs::read_to_string(&path).map_err(|source| BenchError::File { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_something() {
        let pid = std::process::id();
        assert!(cpu_seconds(pid).unwrap() >= 0.0);
        assert!(peak_resident_bytes(pid).unwrap() >= resident_bytes(pid).unwrap() / 2);
    }
}
