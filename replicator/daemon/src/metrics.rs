//! The status as Prometheus metrics, read at each scrape.

use prometheus::Registry;
use strait_http::{Families, Kind};

use crate::status::{DaemonStatus, FlowStatus};

/// A registry that shows `status`.
pub(crate) fn registry(status: &DaemonStatus) -> Result<Registry, prometheus::Error> {
    let registry = Registry::new();
    let status = status.clone();
    strait_http::register(&registry, move |families| collect(&status.flows(), families))?;
    Ok(registry)
}

fn collect(flows: &[FlowStatus], families: &mut Families) {
    for flow in flows {
        let labels = [("flow", flow.id.as_str())];
        let counters = [
            ("strait_flow_records_total", "Records acknowledged by the target.", flow.records_total),
            ("strait_flow_bytes_total", "Bytes of batches acknowledged by the target.", flow.bytes_total),
            (
                "strait_flow_lost_ranges_total",
                "Ranges of the source in the ledger.",
                flow.ledger.len() as u64,
            ),
        ];
        for (name, help, value) in counters {
            families.add(name, help, Kind::Counter, &labels, value as f64);
        }
        let lag = flow.lag_records as f64;
        families.add(
            "strait_flow_lag_records",
            "Records of the source not at the target yet.",
            Kind::Gauge,
            &labels,
            lag,
        );
        let state = [("flow", flow.id.as_str()), ("state", flow.state)];
        families.add("strait_flow_state", "1 for the state that the flow is in.", Kind::Gauge, &state, 1.0);
        for partition in &flow.partitions {
            collect_partition(flow, partition, families);
        }
    }
}

fn collect_partition(flow: &FlowStatus, partition: &crate::status::PartitionStatus, families: &mut Families) {
    let number = partition.partition.to_string();
    let place =
        [("flow", flow.id.as_str()), ("topic", partition.topic.as_str()), ("partition", number.as_str())];
    let lag = partition.lag_records as f64;
    let help = "Records of the partition not at the target yet.";
    families.add("strait_partition_lag_records", help, Kind::Gauge, &place, lag);
    let [flow_label, topic, index] = place;
    let state = [flow_label, topic, index, ("state", partition.state)];
    let help = "1 for the state that the partition is in.";
    families.add("strait_partition_state", help, Kind::Gauge, &state, 1.0);
}
