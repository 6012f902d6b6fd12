//! What groups see of this broker.

use std::sync::Arc;

use strait_broker_core::group::{Cluster, ConsumerTimes, TopicShape};
use strait_wire::ids::Uuid;

use crate::group_configs::GroupConfigs;
use crate::settings::Settings;
use crate::topics::{Topic, Topics};

/// Topics, and the times that groups set for themselves.
#[derive(Debug)]
pub(crate) struct ClusterView {
    topics: Arc<Topics>,
    configs: Arc<GroupConfigs>,
    /// Of groups that set none.
    times: ConsumerTimes,
}

impl ClusterView {
    pub(crate) fn new(settings: &Settings, topics: Arc<Topics>, configs: Arc<GroupConfigs>) -> Self {
        let int = |key| i32::try_from(settings.number(key)).unwrap_or(i32::MAX);
        let times = ConsumerTimes {
            session_timeout_ms: int("group.consumer.session.timeout.ms"),
            heartbeat_interval_ms: int("group.consumer.heartbeat.interval.ms"),
            assignment_interval_ms: int("group.consumer.assignment.interval.ms"),
        };
        Self { topics, configs, times }
    }
}

fn shape(topic: &Topic) -> TopicShape {
    TopicShape { id: topic.id, partitions: i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX) }
}

impl Cluster for ClusterView {
    fn topics_version(&self) -> u64 {
        self.topics.version()
    }

    fn topic(&self, name: &str) -> Option<TopicShape> {
        self.topics.by_name(name).map(|topic| shape(&topic))
    }

    fn topic_name(&self, id: Uuid) -> Option<String> {
        self.topics.by_id(id).map(|topic| topic.name.clone())
    }

    fn topic_names(&self) -> Vec<String> {
        self.topics.names()
    }

    fn consumer_times(&self, group: &str) -> ConsumerTimes {
        let own = |key, default| self.configs.int(group, key).unwrap_or(default);
        ConsumerTimes {
            session_timeout_ms: own("consumer.session.timeout.ms", self.times.session_timeout_ms),
            heartbeat_interval_ms: own("consumer.heartbeat.interval.ms", self.times.heartbeat_interval_ms),
            assignment_interval_ms: own("consumer.assignment.interval.ms", self.times.assignment_interval_ms),
        }
    }
}
