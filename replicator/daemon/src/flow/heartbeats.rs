//! Signs of life in the target's topic `heartbeats`, which MirrorMaker 2's tools follow through chains of clusters.

use std::time::Duration;

use strait_client::Cluster;
use strait_replicator_core::rename::HEARTBEATS_TOPIC;
use strait_wire::mm2::Heartbeat;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::warn;

use super::lane::unix_ms;
use super::owner::Lease;
use crate::configuration::Flow;
use crate::internal_topic::InternalTopic;

/// Writes heartbeats of a flow, for ever.
pub(super) async fn run(flow: Flow, target: Cluster, lease: watch::Receiver<Lease>) {
    if flow.heartbeat_interval_ms == 0 {
        return;
    }
    let topic = InternalTopic::new(target, HEARTBEATS_TOPIC.to_owned(), flow.replication_factor);
    let mut ticks = interval(Duration::from_millis(flow.heartbeat_interval_ms));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_error = None;
    loop {
        ticks.tick().await;
        if !lease.borrow().is_valid_at(Instant::now()) {
            continue;
        }
        let timestamp = unix_ms();
        let (source_alias, target_alias) = (flow.source.clone(), flow.target.clone());
        let record = Heartbeat { source_alias, target_alias, timestamp }.encode();
        match topic.write(&[(record.key, Some(record.value))], timestamp).await {
            Ok(_) => last_error = None,
            Err(error) => {
                let reason = error.to_string();
                if last_error.as_ref() != Some(&reason) {
                    warn!(flow = %flow.id(), error = reason, "heartbeats can't be written, retrying");
                    last_error = Some(reason);
                }
            }
        }
    }
}
