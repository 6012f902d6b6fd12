//! AddOffsetsToTxn (25), versions 0 to 4: the partition that coordinates a group joins the transaction.

use std::collections::BTreeSet;

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::topic_partition::{TopicPartition, coordinator_partition};
use strait_broker_core::transactions::{Addition, TransactionVersion};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::add_offsets_to_txn::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse};

use super::add_partitions_to_txn::add_to;
use super::init_producer_id::may_write_in_transaction;
use crate::call::Call;
use crate::topics::GROUP_TOPIC;

/// First version whose clients know `PRODUCER_FENCED`.
const FENCED: i16 = 2;

pub(crate) async fn handle(call: &Call, request: AddOffsetsToTxnRequest) -> AddOffsetsToTxnResponse {
    let allowed = may_write_in_transaction(call, &request.transactional_id).and_then(|()| {
        match call.may(Operation::Read, ResourceType::Group, &request.group_id) {
            true => Ok(()),
            false => Err(ErrorCode::GROUP_AUTHORIZATION_FAILED),
        }
    });
    let code = match allowed.and_then(|()| group_partition(call, &request.group_id)) {
        Ok(partition) => add_to(
            call,
            Addition {
                transactional_id: &request.transactional_id,
                producer_id: request.producer_id,
                producer_epoch: request.producer_epoch,
                partitions: &BTreeSet::from([partition]),
                version: TransactionVersion::V0,
            },
        ),
        Err(error) => error,
    };
    let is_new = code == ErrorCode::PRODUCER_FENCED && call.version < FENCED;
    let code = if is_new { ErrorCode::INVALID_PRODUCER_EPOCH } else { code };
    AddOffsetsToTxnResponse { throttle_time_ms: 0, error_code: code.0 }
}

/// The partition that coordinates a group.
pub(super) fn group_partition(call: &Call, group: &str) -> Result<TopicPartition, ErrorCode> {
    if call.node.groups.shards().is_empty() {
        crate::node::blocking(|| call.node.groups.ensure_started(&call.node.controller))?;
    }
    let partitions = i32::try_from(call.node.groups.shards().len()).unwrap_or(i32::MAX);
    Ok(TopicPartition::new(GROUP_TOPIC, coordinator_partition(group, partitions)))
}
