//! Fetch requests of a lane and the partitions of their answers.

use std::collections::BTreeMap;

use strait_replicator_core::lane::fetch_session::SessionRequest;
use strait_wire::ids::Uuid;
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchTopic, ForgottenTopic};

use super::assignment::Assignment;
use crate::configuration::Isolation;

/// From this version on topics travel by id.
const TOPIC_ID_VERSION: i16 = 13;

/// From this version on the source compares leader epochs (KIP-595).
const FETCHED_EPOCH_VERSION: i16 = 12;

/// Bounds of one fetch.
#[derive(Clone, Copy, Debug)]
pub(super) struct FetchLimits {
    pub(super) max_wait_ms: i32,
    pub(super) max_bytes: i32,
    pub(super) partition_max_bytes: i32,
    pub(super) isolation: Isolation,
}

/// The version to fetch at: by name where a topic has no id.
pub(super) fn version<'a>(highest: i16, assignments: impl Iterator<Item = &'a Assignment>) -> i16 {
    let mut assignments = assignments;
    if assignments.any(|assignment| assignment.source.topic_id == Uuid::ZERO) {
        highest.min(TOPIC_ID_VERSION - 1)
    } else {
        highest
    }
}

/// Builds the wire request of a session's next request.
pub(super) fn build_request<'a>(
    session: &SessionRequest,
    assignment_of: impl Fn(usize) -> Option<&'a Assignment>,
    version: i16,
    limits: FetchLimits,
) -> FetchRequest {
    let mut topics: BTreeMap<&str, FetchTopic> = BTreeMap::new();
    for (index, wanted) in &session.add {
        let Some(assignment) = assignment_of(*index) else { continue };
        let topic = topics.entry(&assignment.name.topic).or_insert_with(|| topic_of(assignment, version));
        topic.partitions.push(FetchPartition {
            partition: assignment.name.partition,
            current_leader_epoch: wanted.current_leader_epoch,
            last_fetched_epoch: if version >= FETCHED_EPOCH_VERSION { wanted.last_fetched_epoch } else { -1 },
            fetch_offset: wanted.fetch_offset,
            partition_max_bytes: limits.partition_max_bytes,
            ..FetchPartition::default()
        });
    }
    FetchRequest {
        max_wait_ms: limits.max_wait_ms,
        min_bytes: 1,
        max_bytes: limits.max_bytes,
        isolation_level: i8::from(limits.isolation == Isolation::ReadCommitted),
        session_id: session.session_id,
        session_epoch: session.session_epoch,
        topics: topics.into_values().collect(),
        forgotten_topics_data: forgotten(session, assignment_of, version),
        ..FetchRequest::default()
    }
}

fn topic_of(assignment: &Assignment, version: i16) -> FetchTopic {
    if version >= TOPIC_ID_VERSION {
        FetchTopic { topic_id: assignment.source.topic_id, ..FetchTopic::default() }
    } else {
        FetchTopic { topic: assignment.name.topic.clone(), ..FetchTopic::default() }
    }
}

fn forgotten<'a>(
    session: &SessionRequest,
    assignment_of: impl Fn(usize) -> Option<&'a Assignment>,
    version: i16,
) -> Vec<ForgottenTopic> {
    let mut topics: BTreeMap<&str, ForgottenTopic> = BTreeMap::new();
    for assignment in session.forget.iter().filter_map(|index| assignment_of(*index)) {
        let topic = topics.entry(&assignment.name.topic).or_insert_with(|| {
            let named = topic_of(assignment, version);
            ForgottenTopic { topic: named.topic, topic_id: named.topic_id, ..ForgottenTopic::default() }
        });
        topic.partitions.push(assignment.name.partition);
    }
    topics.into_values().collect()
}
