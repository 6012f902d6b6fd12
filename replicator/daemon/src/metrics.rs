//! The status as Prometheus metrics, read at each scrape.

use std::collections::BTreeMap;

use prometheus::Registry;
use strait_http::{Families, Kind};

use crate::status::{ConfigState, DaemonStatus, FlowStatus, PartitionStatus, PrincipalsStatus};

/// A registry that shows `status`.
pub(crate) fn registry(status: &DaemonStatus) -> Result<Registry, prometheus::Error> {
    let registry = Registry::new();
    let status = status.clone();
    strait_http::register(&registry, move |families| {
        collect(&status.flows(), families);
        collect_workers(&status, families);
    })?;
    Ok(registry)
}

fn collect(flows: &[FlowStatus], families: &mut Families) {
    for flow in flows {
        let labels = [("flow", flow.id.as_str())];
        for (name, help, value) in [
            ("strait_flow_records_total", "Records acknowledged by the target.", flow.records_total),
            ("strait_flow_bytes_total", "Bytes of batches acknowledged by the target.", flow.bytes_total),
            (
                "strait_flow_repeated_records_total",
                "Records that the target may hold twice, with delivery at least once.",
                flow.repeated_records_total,
            ),
        ] {
            families.add(name, help, Kind::Counter, &labels, value as f64);
        }
        for (name, help, value) in [
            (
                "strait_flow_lag_records",
                "Records of the source not at the target yet.",
                flow.lag_records as f64,
            ),
            (
                "strait_flow_lag_seconds",
                "For how long the partition that is behind longest has been behind.",
                flow.lag_seconds,
            ),
        ] {
            families.add(name, help, Kind::Gauge, &labels, value);
        }
        let state = [("flow", flow.id.as_str()), ("state", flow.state.as_str())];
        families.add("strait_flow_state", "1 for the state that the flow is in.", Kind::Gauge, &state, 1.0);
        collect_ledger(flow, families);
        collect_groups(flow, families);
        collect_acls(flow, families);
        collect_configs(flow, families);
        collect_principals(
            &flow.id,
            "strait_client_quotas",
            "Quotas of clients",
            &flow.client_quotas,
            families,
        );
        collect_users(&flow.id, &flow.scram_users, families);
        for partition in &flow.partitions {
            collect_partition(flow, partition, families);
        }
    }
}

fn collect_workers(status: &DaemonStatus, families: &mut Families) {
    for (target, worker) in status.workers() {
        let labels = [("target", target.as_str()), ("group", worker.group.as_str())];
        let help = "Shares of flows that this worker is to run.";
        families.add("strait_worker_shares", help, Kind::Gauge, &labels, worker.shares as f64);
        let help = "Rounds of the group of workers that this one took part in.";
        families.add("strait_rebalances_total", help, Kind::Counter, &labels, worker.rebalances_total as f64);
    }
}

fn collect_ledger(flow: &FlowStatus, families: &mut Families) {
    let mut reasons: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for entry in &flow.ledger {
        let (ranges, offsets) = reasons.entry(&entry.reason).or_default();
        *ranges += 1;
        *offsets += entry.offsets();
    }
    for (reason, (ranges, offsets)) in reasons {
        let labels = [("flow", flow.id.as_str()), ("reason", reason)];
        let help = "Ranges of the source in the ledger.";
        families.add("strait_flow_lost_ranges_total", help, Kind::Counter, &labels, ranges as f64);
        let help = "Offsets of the source in the ledger's ranges; a range without a known end counts none.";
        families.add("strait_flow_lost_offsets_total", help, Kind::Counter, &labels, offsets as f64);
    }
}

fn collect_groups(flow: &FlowStatus, families: &mut Families) {
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    for state in flow.groups.states() {
        *states.entry(state.as_str()).or_default() += 1;
    }
    for (state, groups) in states {
        let labels = [("flow", flow.id.as_str()), ("state", state)];
        families.add("strait_groups", "Groups by state.", Kind::Gauge, &labels, groups as f64);
    }
    let failed = f64::from(u8::from(flow.groups_error().is_some()));
    let help = "1 while groups can't be read, translated or written.";
    families.add("strait_groups_failed", help, Kind::Gauge, &[("flow", flow.id.as_str())], failed);
}

fn collect_acls(flow: &FlowStatus, families: &mut Families) {
    let (id, acls) = (flow.id.as_str(), &flow.acls);
    let state = [("flow", id), ("state", acls.state.as_str())];
    let help = "1 for the state that the flow's rules of access are in.";
    families.add("strait_acls_state", help, Kind::Gauge, &state, 1.0);
    for (state, rules) in [("synced", acls.synced), ("left_out", acls.left_out), ("drift", acls.drift)] {
        let labels = [("flow", id), ("state", state)];
        let help = "Rules of access about copied topics by state.";
        families.add("strait_acls", help, Kind::Gauge, &labels, rules as f64);
    }
    for (change, rules) in [("created", acls.created_total), ("removed", acls.removed_total)] {
        let labels = [("flow", id), ("change", change)];
        let help = "Rules of access made and removed at the target.";
        families.add("strait_acls_changed_total", help, Kind::Counter, &labels, rules as f64);
    }
}

fn collect_configs(flow: &FlowStatus, families: &mut Families) {
    for state in ConfigState::ALL {
        let settings = flow.configs.configs.iter().filter(|row| row.state == state).count();
        let labels = [("flow", flow.id.as_str()), ("state", state.as_str())];
        let help = "Settings of remote topics that differed from the source's at the last look, by state.";
        families.add("strait_configs", help, Kind::Gauge, &labels, settings as f64);
    }
    let written = flow.configs.written_total as f64;
    let help = "Settings of remote topics brought in line since the start.";
    families.add("strait_configs_written_total", help, Kind::Counter, &[("flow", flow.id.as_str())], written);
}

fn collect_users(id: &str, users: &PrincipalsStatus, families: &mut Families) {
    let name = "strait_scram_users";
    collect_principals(id, name, "Users of SCRAM", users, families);
    let labels = [("flow", id), ("state", "no_password_configured")];
    let count = users.no_password_configured as f64;
    families.add(name, "Users of SCRAM by state.", Kind::Gauge, &labels, count);
}

fn collect_principals(
    id: &str,
    name: &str,
    what: &str,
    principals: &PrincipalsStatus,
    families: &mut Families,
) {
    let state = [("flow", id), ("state", principals.state.as_str())];
    let help = format!("{what}: 1 for the state that the flow's are in.");
    families.add(&format!("{name}_state"), &help, Kind::Gauge, &state, 1.0);
    for (state, count) in
        [("synced", principals.synced), ("left_out", principals.left_out), ("drift", principals.drift)]
    {
        let labels = [("flow", id), ("state", state)];
        families.add(name, &format!("{what} by state."), Kind::Gauge, &labels, count as f64);
    }
    for (change, count) in [("written", principals.written_total), ("removed", principals.removed_total)] {
        let labels = [("flow", id), ("change", change)];
        let help = format!("{what} set and removed at the target.");
        families.add(&format!("{name}_changed_total"), &help, Kind::Counter, &labels, count as f64);
    }
}

fn collect_partition(flow: &FlowStatus, partition: &PartitionStatus, families: &mut Families) {
    let number = partition.partition.to_string();
    let place =
        [("flow", flow.id.as_str()), ("topic", partition.topic.as_str()), ("partition", number.as_str())];
    let lag = partition.lag_records as f64;
    let help = "Records of the partition not at the target yet.";
    families.add("strait_partition_lag_records", help, Kind::Gauge, &place, lag);
    let help = "For how long the partition has been behind.";
    families.add("strait_partition_lag_seconds", help, Kind::Gauge, &place, partition.lag_seconds);
    let [flow_label, topic, index] = place;
    let state = [flow_label, topic, index, ("state", partition.state.as_str())];
    let help = "1 for the state that the partition is in.";
    families.add("strait_partition_state", help, Kind::Gauge, &state, 1.0);
}
