//! WriteTxnMarkers (27), version 1: what `kafka-transactions abort` sends.

use strait_broker_core::acl::Operation;
use strait_broker_core::topic_partition::TopicPartition;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::write_txn_markers::{
    WritableTxnMarker, WritableTxnMarkerPartitionResult, WritableTxnMarkerResult,
    WritableTxnMarkerTopicResult, WriteTxnMarkersRequest, WriteTxnMarkersResponse,
};

use crate::call::Call;
use crate::transactions::{marker, write_marker};

pub(crate) async fn handle(call: &Call, request: WriteTxnMarkersRequest) -> WriteTxnMarkersResponse {
    let is_allowed = call.may_on_cluster(Operation::Alter) || call.may_on_cluster(Operation::ClusterAction);
    let markers = request.markers.into_iter().map(|marker| write(call, marker, is_allowed)).collect();
    WriteTxnMarkersResponse { markers }
}

fn write(call: &Call, asked: WritableTxnMarker, is_allowed: bool) -> WritableTxnMarkerResult {
    let producer = (asked.producer_id, asked.producer_epoch);
    let version = asked.transaction_version.into();
    let marker = marker(producer, asked.transaction_result, asked.coordinator_epoch, version);
    let topics = asked.topics.into_iter().map(|topic| {
        let partitions = topic.partition_indexes.iter().map(|index| {
            let partition = TopicPartition::new(&topic.name, *index);
            let is_there = call.node.topics.partition(&topic.name, *index).is_some();
            let written = match is_there {
                _ if !is_allowed => Err(ErrorCode::CLUSTER_AUTHORIZATION_FAILED),
                true => write_marker(&call.node, &partition, marker),
                false => Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            };
            let error_code = written.err().unwrap_or(ErrorCode::NONE).0;
            WritableTxnMarkerPartitionResult { partition_index: *index, error_code }
        });
        let partitions = partitions.collect();
        WritableTxnMarkerTopicResult { name: topic.name, partitions }
    });
    WritableTxnMarkerResult { producer_id: asked.producer_id, topics: topics.collect() }
}
