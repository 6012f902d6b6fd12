//! DescribeProducers (61), version 0.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::producer_state::Producers;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_producers::{
    DescribeProducersRequest, DescribeProducersResponse, PartitionResponse, ProducerState, TopicResponse,
};

use crate::call::Call;

pub(crate) async fn handle(call: &Call, request: DescribeProducersRequest) -> DescribeProducersResponse {
    let topics = request.topics.into_iter().map(|wanted| {
        let partitions =
            wanted.partition_indexes.iter().map(|index| one(call, &wanted.name, *index)).collect();
        TopicResponse { name: wanted.name, partitions }
    });
    DescribeProducersResponse { throttle_time_ms: 0, topics: topics.collect() }
}

fn one(call: &Call, topic: &str, partition_index: i32) -> PartitionResponse {
    if !call.may(Operation::Read, ResourceType::Topic, topic) {
        let error = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
        let (error_code, error_message) = (error.0, Some("Topic authorization failed.".to_owned()));
        return PartitionResponse { partition_index, error_code, error_message, ..Default::default() };
    }
    let partition = call.node.topics.partition(topic, partition_index);
    let partition = partition.ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    let found = partition.and_then(|partition| {
        partition.look(|_, producers| active(producers)).map_err(|absent| absent.code())
    });
    match found {
        Ok(active_producers) => PartitionResponse { partition_index, active_producers, ..Default::default() },
        Err(error) => PartitionResponse { partition_index, error_code: error.0, ..Default::default() },
    }
}

fn active(producers: &Producers) -> Vec<ProducerState> {
    let active = producers.iter().map(|(producer_id, entry)| ProducerState {
        producer_id,
        producer_epoch: entry.epoch().into(),
        last_sequence: entry.last_sequence(),
        last_timestamp: entry.last_timestamp(),
        coordinator_epoch: entry.coordinator_epoch(),
        current_txn_start_offset: entry.transaction_first_offset().unwrap_or(-1),
    });
    active.collect()
}
