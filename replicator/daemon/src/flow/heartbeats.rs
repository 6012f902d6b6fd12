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
use crate::last_failure::LastFailure;

/// Writes heartbeats of a flow to its target, and of the way back to its source, for ever.
pub(super) async fn run(flow: Flow, source: Cluster, target: Cluster, lease: watch::Receiver<Lease>) {
    let at = |cluster, interval_ms, from: &str, to: &str| Heartbeats {
        flow: flow.id(),
        topic: InternalTopic::new(cluster, HEARTBEATS_TOPIC.to_owned(), flow.replication_factor),
        interval: Duration::from_millis(interval_ms),
        source_alias: from.to_owned(),
        target_alias: to.to_owned(),
        last_failure: LastFailure::default(),
    };
    let there = at(target, flow.heartbeat_interval_ms, &flow.source, &flow.target);
    let back = at(source, flow.source_heartbeat_interval_ms, &flow.target, &flow.source);
    tokio::join!(there.run(lease.clone()), back.run(lease));
}

/// Heartbeats of one direction.
struct Heartbeats {
    flow: String,
    topic: InternalTopic,
    interval: Duration,
    source_alias: String,
    target_alias: String,
    last_failure: LastFailure,
}

impl Heartbeats {
    async fn run(mut self, lease: watch::Receiver<Lease>) {
        if self.interval.is_zero() {
            return std::future::pending().await;
        }
        let mut ticks = interval(self.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if lease.borrow().is_valid_at(Instant::now()) {
                self.write().await;
            }
        }
    }

    async fn write(&mut self) {
        let timestamp = unix_ms();
        let (source_alias, target_alias) = (self.source_alias.clone(), self.target_alias.clone());
        let record = Heartbeat { source_alias, target_alias, timestamp }.encode();
        let Err(error) = self.topic.write(&[(record.key, Some(record.value))], timestamp).await else {
            self.last_failure.end();
            return;
        };
        if let Some(error) = self.last_failure.news(&error) {
            warn!(flow = %self.flow, error, "heartbeats can't be written, retrying");
        }
    }
}
