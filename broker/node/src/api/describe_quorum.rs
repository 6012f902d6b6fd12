//! DescribeQuorum (55), versions 0 to 2: this broker is the only voter and the leader of the metadata log
//! (`KafkaRaftClient.handleDescribeQuorumRequest`).

use strait_broker_core::acl::Operation;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_quorum::response::{
    Listener, Node, PartitionData, ReplicaState, TopicData,
};
use strait_wire::message::describe_quorum::{DescribeQuorumRequest, DescribeQuorumResponse};

use crate::call::Call;
use crate::clock::now_ms;
use crate::controller::denial;
use crate::metadata::{METADATA_LEADER_EPOCH, METADATA_TOPIC};

/// How the listener of a controller is called where its name was not given.
const CONTROLLER: &str = "CONTROLLER";

pub(crate) async fn handle(call: &Call, request: DescribeQuorumRequest) -> DescribeQuorumResponse {
    if !call.may_on_cluster(Operation::Describe) {
        let error = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
        let error_message = Some(denial(error).to_owned());
        return DescribeQuorumResponse { error_code: error.0, error_message, ..Default::default() };
    }
    if !is_about_metadata(&request) {
        return unknown(request);
    }
    let topic = TopicData { topic_name: METADATA_TOPIC.to_owned(), partitions: vec![partition(call)] };
    DescribeQuorumResponse {
        error_message: Some(String::new()),
        topics: vec![topic],
        nodes: vec![node(call)],
        ..Default::default()
    }
}

fn is_about_metadata(request: &DescribeQuorumRequest) -> bool {
    match request.topics.as_slice() {
        [topic] => {
            topic.topic_name == METADATA_TOPIC
                && matches!(topic.partitions.as_slice(), [partition] if partition.partition_index == 0)
        }
        _ => false,
    }
}

fn unknown(request: DescribeQuorumRequest) -> DescribeQuorumResponse {
    let error = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.into_iter().map(|partition| PartitionData {
            partition_index: partition.partition_index,
            error_code: error.0,
            error_message: Some("This server does not host this topic-partition.".to_owned()),
            ..Default::default()
        });
        TopicData { topic_name: topic.topic_name, partitions: partitions.collect() }
    });
    DescribeQuorumResponse {
        error_message: Some(String::new()),
        topics: topics.collect(),
        ..Default::default()
    }
}

fn partition(call: &Call) -> PartitionData {
    let (end_offset, now_ms) = (call.node.controller.metadata_end_offset(), now_ms());
    let voter = ReplicaState {
        replica_id: call.node.id,
        log_end_offset: end_offset,
        last_fetch_timestamp: now_ms,
        last_caught_up_timestamp: now_ms,
        ..Default::default()
    };
    PartitionData {
        leader_id: call.node.id,
        leader_epoch: METADATA_LEADER_EPOCH,
        high_watermark: end_offset,
        current_voters: vec![voter],
        error_message: Some(String::new()),
        ..Default::default()
    }
}

/// Controllers have no listener of their own here: the client is told where it found the broker.
fn node(call: &Call) -> Node {
    let names = call.node.settings.text("controller.listener.names");
    let name = names.split(',').map(str::trim).find(|name| !name.is_empty()).unwrap_or(CONTROLLER);
    let endpoint = &call.session.endpoint;
    let listener = Listener { name: name.to_owned(), host: endpoint.host.clone(), port: endpoint.port };
    Node { node_id: call.node.id, listeners: vec![listener] }
}
