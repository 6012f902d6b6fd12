//! A transaction as its record, and back.

use std::collections::BTreeMap;

use super::transaction::{NO_EPOCH, State, Transaction, TransactionVersion};
use crate::internal_record::transaction_log::{PartitionsSchema, TransactionLogValue};
use crate::topic_partition::TopicPartition;

impl Transaction {
    pub(super) fn value(&self) -> TransactionLogValue {
        let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
        for TopicPartition { topic, partition } in &self.partitions {
            topics.entry(topic).or_default().push(*partition);
        }
        let topics = topics
            .into_iter()
            .map(|(topic, partition_ids)| PartitionsSchema { topic: topic.to_owned(), partition_ids });
        TransactionLogValue {
            producer_id: self.producer_id,
            previous_producer_id: self.previous_producer_id,
            next_producer_id: self.next_producer_id,
            producer_epoch: self.producer_epoch,
            next_producer_epoch: NO_EPOCH,
            transaction_timeout_ms: self.timeout_ms,
            transaction_status: self.state.id(),
            transaction_partitions: (self.state != State::Empty).then(|| topics.collect()),
            transaction_last_update_timestamp_ms: self.updated_ms,
            transaction_start_timestamp_ms: self.started_ms,
            client_transaction_version: self.version.level(),
        }
    }

    /// `None` for a state that no broker writes: such an id is treated as deleted.
    pub(super) fn from_value(value: &TransactionLogValue) -> Option<Self> {
        let state = State::ALL.into_iter().find(|state| state.id() == value.transaction_status)?;
        let topics = value.transaction_partitions.iter().flatten();
        let partitions = topics.flat_map(|topic| {
            topic.partition_ids.iter().map(|partition| TopicPartition::new(&topic.topic, *partition))
        });
        Some(Self {
            producer_id: value.producer_id,
            previous_producer_id: value.previous_producer_id,
            next_producer_id: value.next_producer_id,
            producer_epoch: value.producer_epoch,
            last_epoch: NO_EPOCH,
            timeout_ms: value.transaction_timeout_ms,
            state,
            partitions: partitions.collect(),
            started_ms: value.transaction_start_timestamp_ms,
            updated_ms: value.transaction_last_update_timestamp_ms,
            version: TransactionVersion::of_level(value.client_transaction_version),
        })
    }
}
