//! Parts of requests, by partition: where each of them is to be answered, and those that are refused by their topic.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::produce::{
    PartitionProduceData, PartitionProduceResponse, TopicProduceData, TopicProduceResponse,
};

use super::failed;
use crate::call::Call;
use crate::partition::Partition;
use crate::topics::{Topic, is_internal};

/// What is a smaller part than this of its request is copied: the newest batches stay in memory, and would hold all of
/// the request there.
const SMALL_PART: usize = 8;
/// First version with topics by id.
const BY_ID: i16 = 13;

/// Where an answer is: request, topic and partition, each by its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) request: usize,
    pub(super) topic: usize,
    pub(super) partition: usize,
}

/// What a request has for a partition.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) place: Place,
    pub(super) records: Bytes,
}

/// What requests have for partitions, in the order in which it came.
#[derive(Debug, Default)]
pub(super) struct Parts {
    partitions: Vec<(Arc<Partition>, Vec<Part>)>,
    /// By the address of the partition.
    places: HashMap<usize, usize>,
}

impl Parts {
    pub(super) fn into_partitions(self) -> Vec<(Arc<Partition>, Vec<Part>)> {
        self.partitions
    }

    fn add(&mut self, partition: &Arc<Partition>, part: Part) {
        let place = *self.places.entry(Arc::as_ptr(partition).addr()).or_insert(self.partitions.len());
        match self.partitions.get_mut(place) {
            Some((_, parts)) => parts.push(part),
            None => self.partitions.push((Arc::clone(partition), vec![part])),
        }
    }

    /// Takes what request number `request` has for a topic. Gives the answer, in which that of each part is still to be
    /// put in its place.
    pub(super) fn take(
        &mut self,
        call: &Call,
        (request, topic): (usize, usize),
        data: TopicProduceData,
    ) -> TopicProduceResponse {
        let TopicProduceData { name, topic_id, partition_data } = data;
        let (found, unknown) = match call.version >= BY_ID {
            true => (call.node.topics.by_id(topic_id), ErrorCode::UNKNOWN_TOPIC_ID),
            false => (call.node.topics.by_name(&name), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        };
        let known = found.as_ref().map_or(name.as_str(), |topic| &topic.name);
        // An id that is not known names nothing that could be refused.
        let is_unknown_id = found.is_none() && call.version >= BY_ID;
        let is_allowed = is_unknown_id || call.may(Operation::Write, ResourceType::Topic, known);
        let answered = partition_data.into_iter().enumerate().map(|(partition, data)| match &found {
            _ if !is_allowed => failed(data.index, ErrorCode::TOPIC_AUTHORIZATION_FAILED),
            Some(found) => self.take_partition(call, Place { request, topic, partition }, found, data),
            None => failed(data.index, unknown),
        });
        let partition_responses = answered.collect();
        let topic_id = if call.version >= BY_ID { topic_id } else { Uuid::ZERO };
        TopicProduceResponse { name, topic_id, partition_responses }
    }

    fn take_partition(
        &mut self,
        call: &Call,
        place: Place,
        topic: &Topic,
        data: PartitionProduceData,
    ) -> PartitionProduceResponse {
        let index = data.index;
        let Some(partition) = topic.partition(index) else {
            return failed(index, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        };
        if is_internal(&topic.name) {
            return failed(index, ErrorCode::INVALID_TOPIC_EXCEPTION);
        }
        let mut records = data.records.unwrap_or_default().into_bytes();
        if records.len().saturating_mul(SMALL_PART) < call.request_bytes {
            records = Bytes::copy_from_slice(&records);
        }
        self.add(partition, Part { place, records });
        PartitionProduceResponse { index, ..Default::default() }
    }
}
