//! AddPartitionsToTxn (24), versions 0 to 5: up to 3 from clients, from 4 on from brokers.

use std::collections::BTreeSet;

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::topic_partition::TopicPartition;
use strait_broker_core::transactions::{Addition, TransactionVersion};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::add_partitions_to_txn::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnRequest, AddPartitionsToTxnResponse,
    AddPartitionsToTxnResult, AddPartitionsToTxnTopic, AddPartitionsToTxnTopicResult,
    AddPartitionsToTxnTransaction,
};

use super::init_producer_id::may_write_in_transaction;
use crate::call::Call;
use crate::topics::is_internal;

/// First version with several transactions.
const BATCHED: i16 = 4;
/// First version whose clients know `PRODUCER_FENCED`.
const FENCED: i16 = 2;

pub(crate) async fn handle(call: &Call, request: AddPartitionsToTxnRequest) -> AddPartitionsToTxnResponse {
    if call.version >= BATCHED {
        if !call.may_on_cluster(Operation::ClusterAction) {
            let error_code = ErrorCode::CLUSTER_AUTHORIZATION_FAILED.0;
            return AddPartitionsToTxnResponse { error_code, ..Default::default() };
        }
        let results = request.transactions.into_iter().map(|transaction| {
            let topic_results = add(call, &transaction, TransactionVersion::V2);
            AddPartitionsToTxnResult { transactional_id: transaction.transactional_id, topic_results }
        });
        return AddPartitionsToTxnResponse {
            results_by_transaction: results.collect(),
            ..Default::default()
        };
    }
    let transaction = AddPartitionsToTxnTransaction {
        transactional_id: request.v3_and_below_transactional_id,
        producer_id: request.v3_and_below_producer_id,
        producer_epoch: request.v3_and_below_producer_epoch,
        verify_only: false,
        topics: request.v3_and_below_topics,
    };
    let results_by_topic_v3_and_below = add(call, &transaction, TransactionVersion::V0);
    AddPartitionsToTxnResponse { results_by_topic_v3_and_below, ..Default::default() }
}

fn add(
    call: &Call,
    transaction: &AddPartitionsToTxnTransaction,
    version: TransactionVersion,
) -> Vec<AddPartitionsToTxnTopicResult> {
    let is_client = call.version < BATCHED;
    if is_client && let Err(error) = may_write_in_transaction(call, &transaction.transactional_id) {
        return results(&transaction.topics, |_| error);
    }
    let refusal = |partition: &TopicPartition| {
        let is_denied = || {
            is_internal(&partition.topic)
                || !call.may(Operation::Write, ResourceType::Topic, &partition.topic)
        };
        if is_client && is_denied() {
            return Some(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
        }
        let found = call.node.topics.partition(&partition.topic, partition.partition);
        found.is_none().then_some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
    };
    // One that is refused and none is added.
    if partitions(&transaction.topics).any(|partition| refusal(&partition).is_some()) {
        return results(&transaction.topics, |partition| {
            refusal(partition).unwrap_or(ErrorCode::OPERATION_NOT_ATTEMPTED)
        });
    }
    let known: BTreeSet<_> = partitions(&transaction.topics).collect();
    let addition = Addition {
        transactional_id: &transaction.transactional_id,
        producer_id: transaction.producer_id,
        producer_epoch: transaction.producer_epoch,
        partitions: &known,
        version,
    };
    if transaction.verify_only {
        let verified = call
            .node
            .transactions
            .shard(&transaction.transactional_id)
            .and_then(|shard| shard.ask(|transactions| transactions.verify_partitions(addition))?);
        return match verified {
            Ok(codes) => results(&transaction.topics, |partition| {
                let code = codes.iter().find(|(verified, _)| verified == partition);
                code.map_or(ErrorCode::NONE, |(_, code)| *code)
            }),
            Err(error) => results(&transaction.topics, |_| error),
        };
    }
    let code = add_to(call, addition);
    let is_new = code == ErrorCode::PRODUCER_FENCED && call.version < FENCED;
    let code = if is_new { ErrorCode::INVALID_PRODUCER_EPOCH } else { code };
    results(&transaction.topics, |_| code)
}

/// Adds partitions to a transaction.
pub(super) fn add_to(call: &Call, addition: Addition<'_>) -> ErrorCode {
    let shard = call.node.transactions.shard(addition.transactional_id);
    let added = shard.and_then(|shard| {
        shard.change(&call.node, |transactions, now_ms| transactions.add_partitions(addition, now_ms))
    });
    added.unwrap_or_else(|error| error)
}

fn partitions(topics: &[AddPartitionsToTxnTopic]) -> impl Iterator<Item = TopicPartition> {
    topics.iter().flat_map(|topic| {
        topic.partitions.iter().map(|partition| TopicPartition::new(&topic.name, *partition))
    })
}

fn results(
    topics: &[AddPartitionsToTxnTopic],
    code: impl Fn(&TopicPartition) -> ErrorCode,
) -> Vec<AddPartitionsToTxnTopicResult> {
    let results = topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|index| AddPartitionsToTxnPartitionResult {
            partition_index: *index,
            partition_error_code: code(&TopicPartition::new(&topic.name, *index)).0,
        });
        AddPartitionsToTxnTopicResult { name: topic.name.clone(), results_by_partition: partitions.collect() }
    });
    results.collect()
}
