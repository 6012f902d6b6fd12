//! A transactional batch is let in when its partition belongs to the transaction (KIP-890): clients of version 2 have the
//! leader add it, for older ones the leader asks whether it was added.

use std::collections::BTreeSet;

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::producer_state::VerificationGuard;
use strait_broker_core::topic_partition::TopicPartition;
use strait_broker_core::transactions::{Addition, TransactionVersion};
use strait_wire::batch::ClosedBatch;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::produce::TopicProduceData;

use crate::api::add_partitions_to_txn::add_to;
use crate::call::Call;
use crate::clock::now_ms;
use crate::partition::Partition;

/// First version of clients that add nothing themselves.
const ADDS_ITSELF: i16 = 12;
/// First version whose clients know `TRANSACTION_ABORTABLE`.
const ABORTABLE: i16 = 11;

/// Where the attributes of a batch are, and the bit that says that it belongs to a transaction.
const ATTRIBUTES_LOW: usize = 22;
const TRANSACTIONAL: u8 = 1 << 4;

/// Whether the client may use the transactional id, where any batch belongs to a transaction.
pub(super) fn is_allowed(call: &Call, transactional_id: Option<&str>, topics: &[TopicProduceData]) -> bool {
    let mut partitions = topics.iter().flat_map(|topic| topic.partition_data.iter());
    let is_transactional = partitions.any(|partition| {
        let first = partition
            .records
            .iter()
            .flat_map(|records| records.slices.iter())
            .find(|slice| !slice.is_empty());
        first.and_then(|batch| batch.get(ATTRIBUTES_LOW)).is_some_and(|bits| bits & TRANSACTIONAL != 0)
    });
    let may_write = |id| call.may(Operation::Write, ResourceType::TransactionalId, id);
    !is_transactional || transactional_id.is_some_and(may_write)
}

/// The guard under which a batch may be appended.
pub(super) fn verified(
    call: &Call,
    transactional_id: Option<&str>,
    partition: &Partition,
    batch: &ClosedBatch,
) -> Result<VerificationGuard, ErrorCode> {
    let header = batch.header();
    if !header.attributes.is_transactional() {
        return Ok(VerificationGuard::NotAsked);
    }
    let transactional_id = transactional_id.ok_or(ErrorCode::INVALID_PRODUCER_ID_MAPPING)?;
    let guard = partition.verify(batch, call.version >= ADDS_ITSELF, now_ms());
    if !matches!(guard, VerificationGuard::Number(_)) {
        return Ok(guard);
    }
    let partitions = BTreeSet::from([TopicPartition::new(&partition.topic, partition.index)]);
    let addition = Addition {
        transactional_id,
        producer_id: header.producer_id,
        producer_epoch: header.producer_epoch,
        partitions: &partitions,
        version: TransactionVersion::V2,
    };
    let code = if call.version >= ADDS_ITSELF { add_to(call, addition) } else { ask(call, addition) };
    match code {
        ErrorCode::NONE => Ok(guard),
        error => Err(told(call.version, error)),
    }
}

fn ask(call: &Call, addition: Addition<'_>) -> ErrorCode {
    let shard = call.node.transactions.shard(addition.transactional_id);
    let verified = shard.and_then(|shard| shard.ask(|known| known.verify_partitions(addition))?);
    match verified {
        Ok(codes) => codes.first().map_or(ErrorCode::NONE, |(_, code)| *code),
        Err(error) => error,
    }
}

/// The coordinator's errors as producers know them (`ReplicaManager`, `AddPartitionsToTxnManager`).
fn told(version: i16, error: ErrorCode) -> ErrorCode {
    match error {
        ErrorCode::PRODUCER_FENCED => ErrorCode::INVALID_PRODUCER_EPOCH,
        ErrorCode::TRANSACTION_ABORTABLE if version < ABORTABLE => ErrorCode::INVALID_TXN_STATE,
        ErrorCode::CONCURRENT_TRANSACTIONS if version >= ADDS_ITSELF => error,
        // Older producers try again after this one.
        ErrorCode::CONCURRENT_TRANSACTIONS
        | ErrorCode::COORDINATOR_LOAD_IN_PROGRESS
        | ErrorCode::COORDINATOR_NOT_AVAILABLE
        | ErrorCode::NOT_COORDINATOR => ErrorCode::NOT_ENOUGH_REPLICAS,
        other => other,
    }
}
