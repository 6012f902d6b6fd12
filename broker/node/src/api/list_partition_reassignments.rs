//! ListPartitionReassignments (46), version 0. With one broker nothing is ever on the move.

use strait_broker_core::acl::Operation;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::list_partition_reassignments::{
    ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse, OngoingPartitionReassignment,
    OngoingTopicReassignment,
};

use crate::call::Call;
use crate::controller::denial;

pub(crate) async fn handle(
    call: &Call,
    request: ListPartitionReassignmentsRequest,
) -> ListPartitionReassignmentsResponse {
    if call.may_on_cluster(Operation::Describe) {
        return ListPartitionReassignmentsResponse::default();
    }
    let error = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
    let topics = request.topics.unwrap_or_default().into_iter().map(|topic| {
        let indexes = topic.partition_indexes.into_iter();
        let partitions = indexes
            .map(|partition_index| OngoingPartitionReassignment { partition_index, ..Default::default() });
        OngoingTopicReassignment { name: topic.name, partitions: partitions.collect() }
    });
    ListPartitionReassignmentsResponse {
        error_code: error.0,
        error_message: Some(denial(error).to_owned()),
        topics: topics.collect(),
        ..Default::default()
    }
}
