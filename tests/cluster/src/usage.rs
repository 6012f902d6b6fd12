//! What a process costs.

use std::fs;

use anyhow::{Context, Result};

/// What a process has used, from /proc.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    /// User and system time, in seconds.
    pub cpu_seconds: f64,
    /// Peak resident set, in MiB.
    pub peak_mib: f64,
}

impl Usage {
    /// Of the process with this id.
    pub fn of(pid: u32) -> Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name in parentheses may hold spaces; fields are counted after it.
        let fields: Vec<_> = stat.rsplit_once(')').context("stat")?.1.split_whitespace().collect();
        let ticks: f64 = fields.get(11).context("utime")?.parse::<f64>()?
            + fields.get(12).context("stime")?.parse::<f64>()?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
        let kib: f64 = peak.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(Self { cpu_seconds: ticks / 100.0, peak_mib: kib / 1024.0 })
    }
}
