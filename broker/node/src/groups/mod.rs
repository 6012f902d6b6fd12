//! The group coordinator: one shard for each partition of `__consumer_offsets`. The rules are in
//! `strait_broker_core::group`; here records are written, answers delivered and deadlines kept.

// One partition of the topic.
mod shard;
// What groups see of topics and settings.
mod cluster;
// Reading it at a start.
mod load;
// Wakes shards at their deadlines.
mod clock_task;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use strait_broker_core::group::GroupSettings;
use strait_broker_core::topic_partition::coordinator_partition;
use strait_wire::error_code::ErrorCode;

use crate::controller::Controller;
use crate::group_configs::GroupConfigs;
use crate::internal_log::InternalReadError;
use crate::settings::Settings;
use crate::topics::{GROUP_TOPIC, Topic, Topics};

pub(crate) use cluster::ClusterView;
pub(crate) use shard::Shard;

use clock_task::Alarm;

/// All groups of the broker.
#[derive(Debug)]
pub(crate) struct GroupCoordinator {
    settings: GroupSettings,
    cluster: Arc<ClusterView>,
    /// There once the topic is.
    shards: OnceLock<Vec<Arc<Shard>>>,
    starting: Mutex<()>,
    alarm: Arc<Alarm>,
}

impl GroupCoordinator {
    /// A coordinator without groups.
    pub(crate) fn new(settings: &Settings, topics: &Arc<Topics>, configs: &Arc<GroupConfigs>) -> Self {
        let cluster = ClusterView::new(settings, Arc::clone(topics), Arc::clone(configs));
        let int = |key| i32::try_from(settings.number(key)).unwrap_or(i32::MAX);
        let settings = GroupSettings {
            min_session_timeout_ms: int("group.min.session.timeout.ms"),
            max_session_timeout_ms: int("group.max.session.timeout.ms"),
            initial_rebalance_delay_ms: int("group.initial.rebalance.delay.ms"),
            max_size: settings.size("group.max.size"),
            consumer_max_size: settings.size("group.consumer.max.size"),
            regex_refresh_interval_ms: settings.number("group.consumer.regex.refresh.interval.ms"),
            offset_metadata_max_bytes: settings.size("offset.metadata.max.bytes"),
            offsets_retention_ms: settings.number("offsets.retention.minutes").saturating_mul(60_000),
            ..GroupSettings::default()
        };
        let (shards, starting, alarm) = (OnceLock::new(), Mutex::new(()), Arc::new(Alarm::default()));
        Self { settings, cluster: Arc::new(cluster), shards, starting, alarm }
    }

    /// Reads the topic; what it holds is there before the first request.
    pub(crate) fn start(&self, topic: &Topic) -> Result<(), InternalReadError> {
        let _one = self.starting.lock().unwrap_or_else(PoisonError::into_inner);
        if self.shards.get().is_some() {
            return Ok(());
        }
        let shards = topic.partitions.iter().map(|partition| {
            let (partition, cluster) = (Arc::clone(partition), Arc::clone(&self.cluster));
            Shard::load(partition, self.settings, cluster, Arc::clone(&self.alarm)).map(Arc::new)
        });
        let shards = shards.collect::<Result<Vec<_>, _>>()?;
        // Only this call sets it.
        let _ = self.shards.set(shards);
        Ok(())
    }

    /// Makes the topic when it is missing, so that there can be groups.
    pub(crate) fn ensure_started(&self, controller: &Controller) -> Result<(), ErrorCode> {
        if self.shards.get().is_some() {
            return Ok(());
        }
        let topic = controller.ensure_internal(GROUP_TOPIC).map_err(|error| {
            tracing::warn!(%error, "topic of groups not made");
            ErrorCode::COORDINATOR_NOT_AVAILABLE
        })?;
        self.start(&topic).map_err(|error| {
            tracing::error!(%error, "groups can't be read");
            ErrorCode::COORDINATOR_NOT_AVAILABLE
        })
    }

    /// What groups see of the broker.
    pub(crate) fn cluster(&self) -> &ClusterView {
        &self.cluster
    }

    /// The shard of a group.
    pub(crate) fn shard(&self, group: &str) -> Result<&Arc<Shard>, ErrorCode> {
        let shards = self.shards.get().ok_or(ErrorCode::NOT_COORDINATOR)?;
        at(shards, group).ok_or(ErrorCode::NOT_COORDINATOR)
    }

    /// All shards; none before the topic is there.
    pub(crate) fn shards(&self) -> &[Arc<Shard>] {
        self.shards.get().map_or(&[], Vec::as_slice)
    }

    /// Keeps the deadlines of all shards, for ever.
    pub(crate) async fn keep_deadlines(&self) {
        clock_task::run(&self.alarm, || self.shards()).await;
    }
}

/// The shard that coordinates a key.
pub(crate) fn at<'a, T>(shards: &'a [T], key: &str) -> Option<&'a T> {
    let count = i32::try_from(shards.len()).ok()?;
    shards.get(usize::try_from(coordinator_partition(key, count)).ok()?)
}
