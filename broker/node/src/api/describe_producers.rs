//! DescribeProducers (KIP-664).

use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_producers::{
    DescribeProducersRequest, DescribeProducersResponse, PartitionResponse, ProducerState, TopicResponse,
};

use crate::broker::Broker;
use crate::dispatch::Caller;

pub(crate) async fn handle(
    broker: &Broker,
    _: Caller<'_>,
    request: DescribeProducersRequest,
) -> DescribeProducersResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partition_indexes.iter().map(|index| describe(broker, &topic.name, *index));
        TopicResponse { partitions: partitions.collect(), name: topic.name }
    });
    DescribeProducersResponse { topics: topics.collect(), ..DescribeProducersResponse::default() }
}

fn describe(broker: &Broker, topic: &str, partition_index: i32) -> PartitionResponse {
    let Some(partition) = broker.partition(topic, partition_index) else {
        let error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0;
        return PartitionResponse { partition_index, error_code, ..PartitionResponse::default() };
    };
    let state = partition.lock();
    let producers = state.producers.iter().map(|(producer_id, entry)| ProducerState {
        producer_id,
        producer_epoch: i32::from(entry.epoch()),
        last_sequence: entry.last_sequence(),
        last_timestamp: entry.last_timestamp(),
        coordinator_epoch: entry.coordinator_epoch(),
        current_txn_start_offset: entry.transaction_first_offset().unwrap_or(-1),
    });
    PartitionResponse {
        partition_index,
        active_producers: producers.collect(),
        ..PartitionResponse::default()
    }
}
