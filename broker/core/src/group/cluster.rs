//! What groups need to know of the cluster: topics, and the times that a group may set for itself.

use std::fmt;

use strait_wire::ids::Uuid;

/// A topic as an assignment sees it. Its partitions are numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicShape {
    pub id: Uuid,
    pub partitions: i32,
}

/// The times of a consumer group, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumerTimes {
    /// `consumer.session.timeout.ms`.
    pub session_timeout_ms: i32,
    /// `consumer.heartbeat.interval.ms`.
    pub heartbeat_interval_ms: i32,
    /// `consumer.assignment.interval.ms` (KIP-1263): no new assignment is made sooner after the last.
    pub assignment_interval_ms: i32,
}

impl Default for ConsumerTimes {
    /// Kafka's defaults.
    fn default() -> Self {
        Self { session_timeout_ms: 45_000, heartbeat_interval_ms: 5_000, assignment_interval_ms: 1_000 }
    }
}

/// The cluster as groups see it while they handle a request.
pub trait Cluster: fmt::Debug {
    /// Another number after each change of the topics.
    fn topics_version(&self) -> u64;

    fn topic(&self, name: &str) -> Option<TopicShape>;

    fn topic_name(&self, id: Uuid) -> Option<String>;

    /// Names of all topics.
    fn topic_names(&self) -> Vec<String>;

    fn consumer_times(&self, group: &str) -> ConsumerTimes;
}
