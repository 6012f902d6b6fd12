//! A broker that came through it: it ran all the time, nothing panicked, and it ends well.

use anyhow::{Result, ensure};
use strait_cluster_tests::usage::Usage;

use crate::process::Broker;

/// Stops the broker; gives the most memory that it had, in MiB.
pub(super) fn end(broker: &mut Broker) -> Result<f64> {
    let peak_mib = Usage::of(broker.process_id()?)?.peak_mib;
    broker.stop()?;
    let log = broker.log();
    ensure!(!log.contains("panicked"), "something panicked");
    ensure!(!log.lines().any(|line| line.contains(" ERROR ")), "an error that needs a person");
    Ok(peak_mib)
}
