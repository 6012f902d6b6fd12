//! TxnOffsetCommit (28), versions 0 to 5. From version 5 on the group's partition joins the transaction by itself.

use std::collections::BTreeSet;

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::transactions::{Addition, TransactionVersion};
use strait_wire::batch::Stamp;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestTopic, TxnOffsetCommitResponse,
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};

use super::add_offsets_to_txn::group_partition;
use super::add_partitions_to_txn::add_to;
use super::init_producer_id::may_write_in_transaction;
use super::offsets_of;
use crate::call::Call;

/// First version of clients that add nothing themselves (KIP-890).
const ADDS_ITSELF: i16 = 5;
/// First version whose clients know `TRANSACTION_ABORTABLE`.
const ABORTABLE: i16 = 4;

pub(crate) async fn handle(call: &Call, mut request: TxnOffsetCommitRequest) -> TxnOffsetCommitResponse {
    let allowed = may_write_in_transaction(call, &request.transactional_id).and_then(|()| {
        match call.may(Operation::Read, ResourceType::Group, &request.group_id) {
            true => Ok(()),
            false => Err(ErrorCode::GROUP_AUTHORIZATION_FAILED),
        }
    });
    if let Err(error) = allowed {
        return refused(&request, error);
    }
    let refusals = take_refused(call, &mut request.topics);
    let mut response = match request.topics.is_empty() {
        true => TxnOffsetCommitResponse::default(),
        false => commit(call, &request).unwrap_or_else(|error| refused(&request, error)),
    };
    offsets_of::add_refused(&mut response.topics, refusals, |topic| {
        (topic.name.as_str(), &mut topic.partitions)
    });
    response
}

/// Takes the partitions out that are not there, or that the client may not read.
fn take_refused(
    call: &Call,
    topics: &mut Vec<TxnOffsetCommitRequestTopic>,
) -> Vec<TxnOffsetCommitResponseTopic> {
    offsets_of::take_refused(
        call,
        topics,
        |topic| (topic.name.as_str(), &mut topic.partitions),
        |asked| asked.partition_index,
        |name, partitions, error| {
            let partitions = partitions
                .into_iter()
                .map(|partition_index| TxnOffsetCommitResponsePartition {
                    partition_index,
                    error_code: error.0,
                })
                .collect();
            TxnOffsetCommitResponseTopic { name, partitions }
        },
    )
}

fn commit(call: &Call, request: &TxnOffsetCommitRequest) -> Result<TxnOffsetCommitResponse, ErrorCode> {
    joined(call, request)?;
    let stamp = Stamp {
        producer_id: request.producer_id,
        producer_epoch: request.producer_epoch,
        base_sequence: -1,
        transactional: true,
    };
    let shard = call.node.groups.shard(&request.group_id)?;
    let cluster = call.node.groups.cluster();
    shard
        .perform(stamp, |groups, now_ms| groups.commit_in_transaction(request, call.version, cluster, now_ms))
}

/// Makes sure that the group's partition belongs to the transaction, so that it gets a marker.
fn joined(call: &Call, request: &TxnOffsetCommitRequest) -> Result<(), ErrorCode> {
    let partitions = BTreeSet::from([group_partition(call, &request.group_id)?]);
    let addition = Addition {
        transactional_id: &request.transactional_id,
        producer_id: request.producer_id,
        producer_epoch: request.producer_epoch,
        partitions: &partitions,
        version: TransactionVersion::V2,
    };
    if call.version >= ADDS_ITSELF {
        return match add_to(call, addition) {
            ErrorCode::NONE => Ok(()),
            error => Err(error),
        };
    }
    let shard = call.node.transactions.shard(&request.transactional_id)?;
    let verified = shard.ask(|transactions| transactions.verify_partitions(addition))??;
    match verified.into_iter().find(|(_, code)| *code != ErrorCode::NONE) {
        None => Ok(()),
        // Older clients do not know the error that lets them abort.
        Some((_, ErrorCode::TRANSACTION_ABORTABLE)) if call.version < ABORTABLE => {
            Err(ErrorCode::INVALID_TXN_STATE)
        }
        Some((_, error)) => Err(error),
    }
}

fn refused(request: &TxnOffsetCommitRequest, error: ErrorCode) -> TxnOffsetCommitResponse {
    let error = match error {
        ErrorCode::PRODUCER_FENCED => ErrorCode::INVALID_PRODUCER_EPOCH,
        other => other,
    };
    let topics = request.topics.iter().map(|topic| TxnOffsetCommitResponseTopic {
        name: topic.name.clone(),
        partitions: topic
            .partitions
            .iter()
            .map(|asked| TxnOffsetCommitResponsePartition {
                partition_index: asked.partition_index,
                error_code: error.0,
            })
            .collect(),
    });
    TxnOffsetCommitResponse { throttle_time_ms: 0, topics: topics.collect() }
}
