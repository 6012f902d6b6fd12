//! Requests with their usual fields filled in.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use strait_cluster_tests::wait::{self, Attempt};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::create_topics::{CreatableTopic, CreatableTopicConfig, CreateTopicsRequest};
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchTopic, PartitionData};
use strait_wire::message::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsTopic,
};
use strait_wire::message::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceData,
};
use strait_wire::record_data::RecordData;

use crate::wire::Wire;

const LIMIT: Duration = Duration::from_secs(30);
const EARLIEST: i64 = -2;
/// Topics by name, known to 3.9.2 and to 4.3.1.
pub(super) const FETCH: i16 = 12;
const LIST_OFFSETS: i16 = 7;

/// The name of an error as it stands in the files.
pub(super) fn error(code: i16) -> String {
    ErrorCode(code).to_string()
}

/// Makes a topic and waits until its partitions answer.
pub(super) fn create(wire: &mut Wire, name: &str, partitions: i32, configs: &[(&str, &str)]) -> Result<()> {
    let config = |(name, value): &(&str, &str)| CreatableTopicConfig {
        name: (*name).to_owned(),
        value: Some((*value).to_owned()),
    };
    let topic = CreatableTopic {
        name: name.to_owned(),
        num_partitions: partitions,
        replication_factor: 1,
        configs: configs.iter().map(config).collect(),
        ..Default::default()
    };
    let request = CreateTopicsRequest { topics: vec![topic], timeout_ms: 30_000, ..Default::default() };
    if let Some(refused) = wire.ask(&request, 7)?.topics.iter().find(|topic| topic.error_code != 0) {
        bail!("{refused:?}");
    }
    wait_for_leader(wire, name, partitions)
}

/// Waits until all partitions answer; after a start or the making of a topic that takes a moment.
pub(super) fn wait_for_leader(wire: &mut Wire, name: &str, partitions: i32) -> Result<()> {
    wait::until(&format!("{name} has leaders"), LIMIT, || {
        for partition in 0..partitions {
            let found = list_offset(wire, name, partition, EARLIEST)?;
            if found.error_code != 0 {
                return Ok(Attempt::NotYet(format!("{found:?}")));
            }
        }
        Ok(Attempt::Done(()))
    })
}

pub(super) fn list_offset(
    wire: &mut Wire,
    topic: &str,
    partition_index: i32,
    timestamp: i64,
) -> Result<ListOffsetsPartitionResponse> {
    let partition = ListOffsetsPartition { partition_index, timestamp, ..Default::default() };
    let topic = ListOffsetsTopic { name: topic.to_owned(), partitions: vec![partition] };
    let request = ListOffsetsRequest { replica_id: -1, topics: vec![topic], ..Default::default() };
    let topic = wire.ask(&request, LIST_OFFSETS)?.topics.into_iter().next().context("a topic")?;
    topic.partitions.into_iter().next().context("a partition")
}

/// Bytes for partition 0 of a topic.
pub(super) fn produce_request(topic: &str, transactional_id: Option<&str>, bytes: Bytes) -> ProduceRequest {
    let partition = PartitionProduceData { index: 0, records: Some(RecordData::single(bytes)) };
    let topic =
        TopicProduceData { name: topic.to_owned(), partition_data: vec![partition], ..Default::default() };
    ProduceRequest {
        transactional_id: transactional_id.map(str::to_owned),
        acks: -1,
        timeout_ms: 10_000,
        topic_data: vec![topic],
    }
}

/// Sends bytes to partition 0 of a topic.
pub(super) fn produce(
    wire: &mut Wire,
    version: i16,
    topic: &str,
    transactional_id: Option<&str>,
    bytes: Bytes,
) -> Result<PartitionProduceResponse> {
    only_partition(wire.ask(&produce_request(topic, transactional_id, bytes), version)?)
}

/// Sends all of `batches` to partition 0 of a topic, each in a request of its own, before it reads an answer.
pub(super) fn produce_all(
    wire: &mut Wire,
    version: i16,
    topic: &str,
    batches: Vec<Bytes>,
) -> Result<Vec<PartitionProduceResponse>> {
    let requests: Vec<_> = batches.into_iter().map(|bytes| produce_request(topic, None, bytes)).collect();
    wire.tell_all(&requests, version)?;
    let answers = requests.iter().map(|_| only_partition(wire.answer::<ProduceRequest>(version)?));
    answers.collect()
}

fn only_partition(answer: ProduceResponse) -> Result<PartitionProduceResponse> {
    let topic = answer.responses.into_iter().next().context("a topic")?;
    topic.partition_responses.into_iter().next().context("a partition")
}

/// Where a batch is, or why not.
pub(super) fn place(answer: &PartitionProduceResponse) -> String {
    let time = if answer.log_append_time_ms == -1 { "" } else { " with append time" };
    match answer.error_code {
        0 => format!("at {}, log from {}{time}", answer.base_offset, answer.log_start_offset),
        code => format!("{} at {}{time}", error(code), answer.base_offset),
    }
}

/// Reads partition 0 of a topic.
pub(super) fn fetch(wire: &mut Wire, topic: &str, fetch_offset: i64) -> Result<PartitionData> {
    let partition = FetchPartition { fetch_offset, partition_max_bytes: 10 << 20, ..Default::default() };
    let topic = FetchTopic { topic: topic.to_owned(), partitions: vec![partition], ..Default::default() };
    let request = FetchRequest { max_wait_ms: 500, min_bytes: 1, topics: vec![topic], ..Default::default() };
    let topic = wire.ask(&request, FETCH)?.responses.into_iter().next().context("a topic")?;
    topic.partitions.into_iter().next().context("a partition")
}
