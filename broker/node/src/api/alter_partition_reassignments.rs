//! AlterPartitionReassignments (45), versions 0 to 1. A partition can only stay where it is: nothing is ever in progress
//! (`ReplicationControlManager.alterPartitionReassignments`).

use strait_broker_core::acl::Operation;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::alter_partition_reassignments::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, ReassignablePartition,
    ReassignablePartitionResponse, ReassignableTopic, ReassignableTopicResponse,
};

use crate::call::Call;
use crate::controller::{check_replicas, denial};

/// Why a partition is not moved.
type Refusal = (ErrorCode, String);

pub(crate) async fn handle(
    call: &Call,
    request: AlterPartitionReassignmentsRequest,
) -> AlterPartitionReassignmentsResponse {
    let AlterPartitionReassignmentsRequest { allow_replication_factor_change, topics, .. } = request;
    if !call.may_on_cluster(Operation::Alter) {
        let error = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
        let responses =
            topics.into_iter().map(|topic| answers(topic, |_, _| Err((error, denial(error).to_owned()))));
        return AlterPartitionReassignmentsResponse {
            error_code: error.0,
            error_message: Some(denial(error).to_owned()),
            responses: responses.collect(),
            ..Default::default()
        };
    }
    let responses = topics.into_iter().map(|topic| answers(topic, |name, asked| reassign(call, name, asked)));
    AlterPartitionReassignmentsResponse {
        allow_replication_factor_change,
        responses: responses.collect(),
        ..Default::default()
    }
}

fn answers(
    topic: ReassignableTopic,
    outcome: impl Fn(&str, &ReassignablePartition) -> Result<(), Refusal>,
) -> ReassignableTopicResponse {
    let ReassignableTopic { name, partitions } = topic;
    let answered = partitions.iter().map(|asked| {
        let (error_code, error_message) = match outcome(&name, asked) {
            Ok(()) => (0, None),
            Err((error, message)) => (error.0, Some(message)),
        };
        ReassignablePartitionResponse { partition_index: asked.partition_index, error_code, error_message }
    });
    let partitions = answered.collect();
    ReassignableTopicResponse { name, partitions }
}

fn reassign(call: &Call, name: &str, asked: &ReassignablePartition) -> Result<(), Refusal> {
    let unknown = |message| Err((ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, message));
    let Some(topic) = call.node.topics.by_name(name) else {
        return unknown(format!("Unable to find a topic named {name}."));
    };
    if topic.partition(asked.partition_index).is_none() {
        return unknown(format!("Unable to find partition {name}:{}.", asked.partition_index));
    }
    match &asked.replicas {
        Some(replicas) => {
            check_replicas(replicas, call.node.id).map_err(|error| (error.code(), error.to_string()))
        }
        None => {
            let message = "No partition reassignment is in progress.".to_owned();
            Err((ErrorCode::NO_REASSIGNMENT_IN_PROGRESS, message))
        }
    }
}
