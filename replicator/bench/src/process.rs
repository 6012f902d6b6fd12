//! CPU and memory of a process, from /proc.

use std::fs;
use std::path::PathBuf;

use crate::error::BenchError;

/// Linux shows times in hundredths of a second on every architecture that we build for.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU time of all threads since the process began, in seconds. Ticks know threads that ended, nanoseconds are fine
/// enough for a short copy; both are too low where they are wrong.
pub(crate) fn cpu_seconds(pid: u32) -> Result<f64, BenchError> {
    let ticks = tick_seconds(pid)?;
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let nanoseconds = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Ok(ticks.max(nanoseconds.sum::<u64>() as f64 / 1e9))
}

/// The part of the CPU time that is not the kernel's.
pub(crate) fn user_seconds(pid: u32) -> Result<f64, BenchError> {
    stat_seconds(pid, 11, "utime")
}

fn tick_seconds(pid: u32) -> Result<f64, BenchError> {
    Ok(user_seconds(pid)? + stat_seconds(pid, 12, "stime")?)
}

/// How long ago the process began, in seconds; hundredths are told.
pub(crate) fn age_seconds(pid: u32) -> Result<f64, BenchError> {
    let path = PathBuf::from("/proc/uptime");
    let text = fs::read_to_string(&path).map_err(|source| BenchError::File { path, source })?;
    let uptime = text.split_whitespace().next().and_then(|seconds| seconds.parse::<f64>().ok());
    let uptime = uptime.ok_or(BenchError::Usage { pid, field: "uptime" })?;
    Ok(uptime - stat_seconds(pid, 19, "starttime")?)
}

/// A time in the process's `stat`, by its place behind the name.
fn stat_seconds(pid: u32, place: usize, field: &'static str) -> Result<f64, BenchError> {
    let stat = read(pid, "stat")?;
    // The name in parentheses may hold spaces; fields are counted behind it.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
    let ticks = fields.split_whitespace().nth(place).and_then(|ticks| ticks.parse::<f64>().ok());
    ticks.map(|ticks| ticks / TICKS_PER_SECOND).ok_or(BenchError::Usage { pid, field })
}

/// CPU time of everything on this machine, and what the machine had to give, since it began.
pub(crate) fn machine_seconds() -> Result<(f64, f64), BenchError> {
    let path = PathBuf::from("/proc/stat");
    let text = fs::read_to_string(&path).map_err(|source| BenchError::File { path, source })?;
    let fields = text.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let ticks: Vec<f64> = fields.take(8).filter_map(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal
    match ticks[..] {
        [user, nice, system, idle, iowait, irq, softirq, steal] => {
            let busy = user + nice + system + irq + softirq + steal;
            Ok((busy / TICKS_PER_SECOND, (busy + idle + iowait) / TICKS_PER_SECOND))
        }
        _ => Err(BenchError::Usage { pid: 0, field: "cpu" }),
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
        assert!(cpu_seconds(pid).unwrap() >= user_seconds(pid).unwrap());
        assert!(age_seconds(pid).unwrap() >= 0.0);
        assert!(peak_resident_bytes(pid).unwrap() >= resident_bytes(pid).unwrap() / 2);
    }
}
