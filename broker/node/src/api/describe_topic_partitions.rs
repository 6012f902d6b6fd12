//! DescribeTopicPartitions (75), version 0: pages of partitions, in the order of topic names.

use std::collections::BTreeSet;

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_topic_partitions::{
    Cursor, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse,
    DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
};

use crate::call::Call;
use crate::topics::is_internal;

/// Most partitions of one answer (`max.request.partition.size.limit`).
const LIMIT: usize = 2_000;

pub(crate) async fn handle(
    call: &Call,
    request: DescribeTopicPartitionsRequest,
) -> DescribeTopicPartitionsResponse {
    let (first, first_partition) = match request.cursor {
        Some(cursor) => (cursor.topic_name, cursor.partition_index),
        None => (String::new(), 0),
    };
    let names_all = request.topics.is_empty();
    let asked: BTreeSet<String> = match names_all {
        true => call.node.topics.all().iter().map(|topic| topic.name.clone()).collect(),
        false => request.topics.into_iter().map(|topic| topic.name).collect(),
    };
    let (names, denied): (BTreeSet<String>, BTreeSet<String>) =
        asked.into_iter().partition(|name| call.may(Operation::Describe, ResourceType::Topic, name));
    let left = usize::try_from(request.response_partition_limit).unwrap_or(0).clamp(1, LIMIT);
    let mut response = DescribeTopicPartitionsResponse::default();
    // What was asked for by name is refused, what only is there stays unsaid.
    let refused = denied.into_iter().filter(|name| !names_all && *name >= first).map(|name| {
        let error_code = ErrorCode::TOPIC_AUTHORIZATION_FAILED.0;
        DescribeTopicPartitionsResponseTopic { error_code, name: Some(name), ..Default::default() }
    });
    let refused: Vec<_> = refused.collect();
    describe_all(call, &names, (first, first_partition), left, &mut response);
    response.topics.extend(refused);
    response
}

/// Fills one page with topics in the order of their names.
fn describe_all(
    call: &Call,
    names: &BTreeSet<String>,
    (first, first_partition): (String, i32),
    mut left: usize,
    response: &mut DescribeTopicPartitionsResponse,
) {
    for name in names.range(first.clone()..) {
        let from = if *name == first { first_partition } else { 0 };
        if left == 0 {
            response.next_cursor = Some(Cursor { topic_name: name.clone(), partition_index: 0 });
            return;
        }
        let (described, next) = describe(call, name, from, left);
        left -= described.partitions.len();
        response.topics.push(described);
        if let Some(partition_index) = next {
            response.next_cursor = Some(Cursor { topic_name: name.clone(), partition_index });
            return;
        }
    }
}

/// At most `limit` partitions from one on, and where the next page begins.
fn describe(
    call: &Call,
    name: &str,
    from: i32,
    limit: usize,
) -> (DescribeTopicPartitionsResponseTopic, Option<i32>) {
    let mut described = DescribeTopicPartitionsResponseTopic {
        topic_authorized_operations: call.operations(ResourceType::Topic, name),
        name: Some(name.to_owned()),
        is_internal: is_internal(name),
        ..Default::default()
    };
    let Some(topic) = call.node.topics.by_name(name) else {
        described.error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0;
        return (described, None);
    };
    let id = call.node.id;
    let mut rest = topic.partitions.iter().filter(|partition| partition.index >= from);
    let page = rest.by_ref().take(limit).map(|partition| DescribeTopicPartitionsResponsePartition {
        partition_index: partition.index,
        leader_id: id,
        leader_epoch: partition.leader_epoch,
        replica_nodes: vec![id],
        isr_nodes: vec![id],
        eligible_leader_replicas: Some(Vec::new()),
        last_known_elr: Some(Vec::new()),
        ..Default::default()
    });
    described.topic_id = topic.id;
    described.partitions = page.collect();
    (described, rest.next().map(|partition| partition.index))
}
