//! Produce requests of a lane: one batch for each partition, and one outcome for each batch.

use std::collections::BTreeMap;

use strait_replicator_core::lane::BatchOutcome;
use strait_wire::batch::StampedBatch;
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::produce::{
    PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData,
};

use super::assignment::Assignment;

/// From this version on topics travel by id.
const TOPIC_ID_VERSION: i16 = 13;

/// The version to produce at: by name where a topic has no id.
pub(super) fn version<'a>(highest: i16, assignments: impl Iterator<Item = &'a Assignment>) -> i16 {
    let mut assignments = assignments;
    if assignments.any(|assignment| assignment.target.topic_id == Uuid::ZERO) {
        highest.min(TOPIC_ID_VERSION - 1)
    } else {
        highest
    }
}

/// A request with each partition once: the same partition twice would lose the first in silence.
pub(super) fn build_request(
    batches: Vec<(&Assignment, StampedBatch)>,
    version: i16,
    timeout_ms: i32,
) -> ProduceRequest {
    let mut topics: BTreeMap<&str, TopicProduceData> = BTreeMap::new();
    for (assignment, batch) in batches {
        let target = &assignment.target;
        let topic = topics.entry(&target.topic).or_insert_with(|| {
            if version >= TOPIC_ID_VERSION {
                TopicProduceData { topic_id: target.topic_id, ..TopicProduceData::default() }
            } else {
                TopicProduceData { name: target.topic.clone(), ..TopicProduceData::default() }
            }
        });
        let index = assignment.name.partition;
        assert!(
            topic.partition_data.iter().all(|present| present.index != index),
            "a partition stands once in a produce request"
        );
        topic.partition_data.push(PartitionProduceData { index, records: Some(batch.into()) });
    }
    ProduceRequest { acks: -1, timeout_ms, topic_data: topics.into_values().collect(), ..Default::default() }
}

/// The answer to each partition, found by name or id.
pub(super) struct Outcomes(BTreeMap<(String, Uuid, i32), BatchOutcome>);

impl Outcomes {
    pub(super) fn new(response: &ProduceResponse) -> Self {
        let mut outcomes = BTreeMap::new();
        for topic in &response.responses {
            for partition in &topic.partition_responses {
                let outcome = outcome_of(ErrorCode(partition.error_code), partition.base_offset);
                outcomes.insert((topic.name.clone(), topic.topic_id, partition.index), outcome);
            }
        }
        Self(outcomes)
    }

    /// A batch that the broker did not answer is ambiguous.
    pub(super) fn of(&self, assignment: &Assignment) -> BatchOutcome {
        let target = &assignment.target;
        let index = assignment.name.partition;
        let by_name = self.0.get(&(target.topic.clone(), Uuid::ZERO, index));
        let found = by_name.or_else(|| self.0.get(&(String::new(), target.topic_id, index)));
        found.copied().unwrap_or(BatchOutcome::Ambiguous)
    }
}

fn outcome_of(code: ErrorCode, base_offset: i64) -> BatchOutcome {
    if code.is_ok() && base_offset >= 0 {
        BatchOutcome::Acked { base_offset }
    } else if code.is_ok() || is_ambiguous(code) {
        BatchOutcome::Ambiguous
    } else {
        BatchOutcome::Refused { code }
    }
}

/// The broker may have written the batch although it answers with an error.
fn is_ambiguous(code: ErrorCode) -> bool {
    [
        ErrorCode::REQUEST_TIMED_OUT,
        ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        ErrorCode::UNKNOWN_SERVER_ERROR,
    ]
    .contains(&code)
}
