//! ElectLeaders (43), versions 0 to 2. The one broker leads every partition already, so no election is ever needed
//! (`ReplicationControlManager.electLeaders`).

use strait_broker_core::acl::Operation;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::elect_leaders::{
    ElectLeadersRequest, ElectLeadersResponse, PartitionResult, ReplicaElectionResult, TopicPartitions,
};

use crate::call::Call;
use crate::controller::denial;

/// First version with an error for the whole request.
const WHOLE_ERROR: i16 = 1;
/// The preferred replica, or any.
const ELECTIONS: std::ops::RangeInclusive<i8> = 0..=1;

pub(crate) async fn handle(call: &Call, request: ElectLeadersRequest) -> ElectLeadersResponse {
    if !call.may_on_cluster(Operation::Alter) {
        let error = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
        return refused(call, request, error, denial(error));
    }
    if !ELECTIONS.contains(&request.election_type) {
        let message = format!("Unknown election type {}", request.election_type);
        return refused(call, request, ErrorCode::INVALID_REQUEST, &message);
    }
    let replica_election_results = match request.topic_partitions {
        Some(topics) => topics.into_iter().map(|topic| elected(call, topic)).collect(),
        // Partitions that need no election are left out.
        None => call.node.topics.all().iter().map(|topic| results(topic.name.clone(), Vec::new())).collect(),
    };
    ElectLeadersResponse { replica_election_results, ..Default::default() }
}

fn refused(
    call: &Call,
    request: ElectLeadersRequest,
    error: ErrorCode,
    message: &str,
) -> ElectLeadersResponse {
    let topics = request.topic_partitions.unwrap_or_default().into_iter().map(|topic| {
        let partitions = topic.partitions.into_iter();
        results(topic.topic, partitions.map(|index| result(index, error, message.to_owned())).collect())
    });
    ElectLeadersResponse {
        error_code: if call.version >= WHOLE_ERROR { error.0 } else { 0 },
        replica_election_results: topics.collect(),
        ..Default::default()
    }
}

fn elected(call: &Call, topic: TopicPartitions) -> ReplicaElectionResult {
    let TopicPartitions { topic: name, partitions } = topic;
    let found = call.node.topics.by_name(&name);
    let elected = partitions.into_iter().map(|index| match &found {
        None => result(index, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, format!("No such topic as {name}")),
        Some(topic) if topic.partition(index).is_none() => {
            let message = format!("No such partition as {name}-{index}");
            result(index, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, message)
        }
        Some(_) => {
            let message = "Leader election not needed for topic partition.".to_owned();
            result(index, ErrorCode::ELECTION_NOT_NEEDED, message)
        }
    });
    let elected = elected.collect();
    results(name, elected)
}

fn results(topic: String, partition_result: Vec<PartitionResult>) -> ReplicaElectionResult {
    ReplicaElectionResult { topic, partition_result }
}

fn result(partition_id: i32, error: ErrorCode, message: String) -> PartitionResult {
    PartitionResult { partition_id, error_code: error.0, error_message: Some(message) }
}
