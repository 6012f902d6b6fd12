//! Offsets of a consumer as part of a producer's transaction (KIP-98, KIP-447): read, process, write, and all of it or
//! nothing.

use std::collections::BTreeMap;

use strait_wire::error_code::ErrorCode;
use strait_wire::message::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
    TxnOffsetCommitResponse,
};

use super::error::ProducerError;
use super::handle::Producer;
use crate::admin::ProducerIdentity;
use crate::consumer::{ConsumerGroupMetadata, Offsets};
use crate::coordinator::{Coordinator, CoordinatorKey};
use crate::error::BrokerError;
use crate::retry::is_retriable_code;

/// Above it the group is added to the transaction by the commit itself (KIP-890).
const COMMIT_VERSION: i16 = 4;

impl Producer {
    /// Commits these offsets for the consumer's group when the transaction commits. They are of the next records to
    /// read. Fails where the consumer is no member of the group any more; then abort.
    pub async fn send_offsets_to_transaction(
        &self,
        offsets: Offsets,
        group: ConsumerGroupMetadata,
    ) -> Result<(), ProducerError> {
        let coordinator = self.coordinator()?;
        let identity = {
            let mut state = self.shared.state();
            state.transaction.check_open("a commit of offsets")?;
            if offsets.is_empty() {
                return Ok(());
            }
            state.transaction.began = true;
            state.identity.ok_or(ProducerError::NotTransactional)?
        };
        let added = coordinator.add_offsets(identity, &group.group_id).await;
        added.map_err(|error| self.on_refused(error))?;
        let key = CoordinatorKey::Group(group.group_id.clone());
        let request = build(coordinator.transactional_id(), identity, &offsets, group);
        let group = Coordinator::new(self.cluster.clone(), key);
        let committed = group.ask(&request, COMMIT_VERSION, first_error).await;
        committed.map(drop).map_err(|error| self.on_refused(error))
    }
}

fn build(
    transactional_id: &str,
    identity: ProducerIdentity,
    offsets: &Offsets,
    group: ConsumerGroupMetadata,
) -> TxnOffsetCommitRequest {
    let mut topics: BTreeMap<&str, Vec<TxnOffsetCommitRequestPartition>> = BTreeMap::new();
    for ((topic, partition_index), committed) in offsets {
        topics.entry(topic).or_default().push(TxnOffsetCommitRequestPartition {
            partition_index: *partition_index,
            committed_offset: committed.offset,
            committed_leader_epoch: committed.leader_epoch.unwrap_or(-1),
            committed_metadata: Some(committed.metadata.clone()),
        });
    }
    let topics = topics.into_iter();
    let topics =
        topics.map(|(name, partitions)| TxnOffsetCommitRequestTopic { name: name.to_owned(), partitions });
    TxnOffsetCommitRequest {
        transactional_id: transactional_id.to_owned(),
        group_id: group.group_id,
        producer_id: identity.producer_id,
        producer_epoch: identity.producer_epoch,
        generation_id: group.generation_id,
        member_id: group.member_id,
        group_instance_id: group.group_instance_id,
        topics: topics.collect(),
    }
}

/// The first error that trying again does not help against, or else the first of all.
fn first_error(response: &TxnOffsetCommitResponse) -> Result<(), BrokerError> {
    let failed = response.topics.iter().flat_map(|topic| {
        topic.partitions.iter().filter(|partition| partition.error_code != 0).map(move |partition| {
            let message = Some(format!("{}-{}", topic.name, partition.partition_index));
            BrokerError { code: ErrorCode(partition.error_code), message }
        })
    });
    failed.min_by_key(|error| is_retriable_code(error.code)).map_or(Ok(()), Err)
}
