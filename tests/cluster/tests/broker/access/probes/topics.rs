//! Requests about topics: one that rules name, and one that they do not.

use anyhow::Result;
use bytes::Bytes;
use strait_wire::batch::{BatchBuilder, Compression, Stamp};
use strait_wire::message::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use strait_wire::message::create_topics::{CreatableTopic, CreateTopicsRequest};
use strait_wire::message::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use strait_wire::message::delete_topics::{DeleteTopicState, DeleteTopicsRequest};
use strait_wire::message::describe_producers::{DescribeProducersRequest, TopicRequest};
use strait_wire::message::describe_topic_partitions::{self, DescribeTopicPartitionsRequest};
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchTopic};
use strait_wire::message::list_offsets::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};
use strait_wire::message::metadata::{MetadataRequest, MetadataRequestTopic};
use strait_wire::message::offset_for_leader_epoch::{
    OffsetForLeaderEpochRequest, OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use strait_wire::message::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use strait_wire::record_data::RecordData;

use super::{told, told_sorted};
use crate::wire::Wire;

pub(super) fn ask(wire: &mut Wire) -> Result<Vec<String>> {
    let mut answers = Vec::new();
    for topic in ["one", "two", "none"] {
        answers.extend(data(wire, topic)?);
        answers.extend(metadata(wire, topic)?);
        answers.extend(changes(wire, topic)?);
    }
    let all = wire.ask(&MetadataRequest { topics: None, ..Default::default() }, 12)?.topics;
    let names = all.into_iter().filter_map(|topic| topic.name.filter(|name| !name.starts_with("__")));
    answers.push(told_sorted("all topics", names.collect()));
    let all = DescribeTopicPartitionsRequest { response_partition_limit: 100, ..Default::default() };
    let all = wire.ask(&all, 0)?.topics.into_iter();
    let names = all.filter_map(|topic| topic.name.filter(|name| !name.starts_with("__")));
    answers.push(told_sorted("all partitions", names.collect()));
    Ok(answers)
}

fn batch(transactional: bool) -> Result<RecordData> {
    let mut builder = BatchBuilder::new(Compression::None, 1);
    builder.push(1, None, Some(&Bytes::from_static(b"value")), &[]);
    let stamp = match transactional {
        true => Stamp { producer_id: 999, producer_epoch: 0, base_sequence: 0, transactional },
        false => Stamp::NONE,
    };
    Ok(RecordData::single(builder.finish(stamp, 0)?.bytes().clone()))
}

fn data(wire: &mut Wire, topic: &str) -> Result<Vec<String>> {
    let name = || topic.to_owned();
    let produce = |records, transactional_id| {
        let partition_data = vec![PartitionProduceData { index: 0, records: Some(records) }];
        let topic_data = TopicProduceData { name: name(), partition_data, ..Default::default() };
        ProduceRequest { transactional_id, acks: 1, timeout_ms: 5_000, topic_data: vec![topic_data] }
    };
    let plain = wire.ask(&produce(batch(false)?, None), 9)?;
    let partition = FetchPartition {
        current_leader_epoch: -1,
        last_fetched_epoch: -1,
        partition_max_bytes: 1_000,
        ..Default::default()
    };
    let fetch = FetchRequest {
        max_bytes: 1_000,
        session_epoch: -1,
        topics: vec![FetchTopic { topic: name(), partitions: vec![partition], ..Default::default() }],
        ..Default::default()
    };
    let at = ListOffsetsPartition { current_leader_epoch: -1, timestamp: -2, ..Default::default() };
    let offsets = ListOffsetsRequest {
        replica_id: -1,
        topics: vec![ListOffsetsTopic { name: name(), partitions: vec![at] }],
        ..Default::default()
    };
    let epoch = OffsetForLeaderPartition { current_leader_epoch: -1, ..Default::default() };
    let epochs = OffsetForLeaderEpochRequest {
        replica_id: -2,
        topics: vec![OffsetForLeaderTopic { topic: name(), partitions: vec![epoch] }],
    };
    let producers =
        DescribeProducersRequest { topics: vec![TopicRequest { name: name(), partition_indexes: vec![0] }] };
    let mut answers = vec![
        told(&format!("produce {topic}"), &plain),
        told(&format!("fetch {topic}"), &wire.ask(&fetch, 12)?),
        told(&format!("offsets {topic}"), &wire.ask(&offsets, 7)?),
        told(&format!("epochs {topic}"), &wire.ask(&epochs, 4)?),
        told(&format!("producers {topic}"), &wire.ask(&producers, 0)?),
    ];
    // Of a topic that is there, transactions depend on more than access.
    if topic == "none" {
        let transactional = wire.ask(&produce(batch(true)?, Some("one".to_owned())), 9)?;
        answers.push(told("produce in a transaction", &transactional));
    }
    Ok(answers)
}

fn metadata(wire: &mut Wire, topic: &str) -> Result<Vec<String>> {
    let wanted = MetadataRequestTopic { name: Some(topic.to_owned()), ..Default::default() };
    let request = MetadataRequest {
        topics: Some(vec![wanted]),
        allow_auto_topic_creation: false,
        include_cluster_authorized_operations: true,
        include_topic_authorized_operations: true,
    };
    let partitions = DescribeTopicPartitionsRequest {
        topics: vec![describe_topic_partitions::TopicRequest { name: topic.to_owned() }],
        response_partition_limit: 100,
        cursor: None,
    };
    Ok(vec![
        told(&format!("metadata {topic}"), &wire.ask(&request, 10)?),
        told(&format!("partitions {topic}"), &wire.ask(&partitions, 0)?),
    ])
}

fn changes(wire: &mut Wire, topic: &str) -> Result<Vec<String>> {
    let name = || topic.to_owned();
    let create = CreateTopicsRequest {
        topics: vec![CreatableTopic {
            // Rules about prefixes are about this one too.
            name: format!("{topic}-new"),
            num_partitions: 1,
            replication_factor: 1,
            ..Default::default()
        }],
        timeout_ms: 5_000,
        validate_only: true,
    };
    let widen = CreatePartitionsRequest {
        topics: vec![CreatePartitionsTopic { name: name(), count: 7, assignments: None }],
        timeout_ms: 5_000,
        validate_only: true,
    };
    // Nothing is before the first offset.
    let first = DeleteRecordsPartition { partition_index: 0, offset: 0 };
    let delete_records = DeleteRecordsRequest {
        topics: vec![DeleteRecordsTopic { name: name(), partitions: vec![first] }],
        timeout_ms: 5_000,
    };
    let mut answers = vec![
        told(&format!("create {topic}-new"), &wire.ask(&create, 7)?),
        told(&format!("widen {topic}"), &wire.ask(&widen, 3)?),
        told(&format!("delete records of {topic}"), &wire.ask(&delete_records, 2)?),
    ];
    for gone in [format!("{topic}-gone"), "none".to_owned()] {
        let state = DeleteTopicState { name: Some(gone.clone()), ..Default::default() };
        let delete = DeleteTopicsRequest { topics: vec![state], timeout_ms: 5_000, ..Default::default() };
        answers.push(told(&format!("delete {gone}"), &wire.ask(&delete, 6)?));
    }
    Ok(answers)
}
