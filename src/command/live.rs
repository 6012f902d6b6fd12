//! The table that `strait replicate` shows on a terminal.

use std::time::Duration;

use comfy_table::{Table, presets};
use strait_replicator::status::{DaemonStatus, FlowStatus};

use crate::screen;

const INTERVAL: Duration = Duration::from_secs(1);
/// More flows are counted only.
const ROWS: usize = 20;
const COLUMNS: [&str; 7] =
    ["flow", "state", "partitions", "records/s", "MiB/s", "lag, records", "lag, seconds"];

/// Shows all flows each second until it is dropped; on what is no terminal it shows nothing.
pub(super) async fn show(status: DaemonStatus) {
    if !screen::is_terminal() {
        return;
    }
    let _shown = Shown;
    loop {
        tokio::time::sleep(INTERVAL).await;
        if let Err(error) = screen::show(&table(&status.flows())) {
            tracing::warn!(%error, "the terminal can't be written, the table is no longer shown");
            return;
        }
    }
}

/// Takes the table away at the end, so that last lines of the log stand below nothing.
struct Shown;

impl Drop for Shown {
    fn drop(&mut self) {
        if let Err(error) = screen::show("") {
            tracing::debug!(%error, "the table can't be taken away");
        }
    }
}

fn table(flows: &[FlowStatus]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(COLUMNS);
    for flow in flows.iter().take(ROWS) {
        table.add_row([
            flow.id.clone(),
            flow.state.to_string(),
            flow.partition_count.to_string(),
            format!("{:.0}", flow.records_per_second),
            format!("{:.1}", flow.bytes_per_second / f64::from(1 << 20)),
            flow.lag_records.to_string(),
            format!("{:.1}", flow.lag_seconds),
        ]);
    }
    match flows.len().saturating_sub(ROWS) {
        0 => table.to_string(),
        more => format!("{table}\n and {more} more flows"),
    }
}
