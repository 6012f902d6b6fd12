//! Metadata (3), versions 0 to 13. Missing topics are made where client and broker allow it.

use std::sync::Arc;

use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseBroker,
    MetadataResponsePartition, MetadataResponseTopic,
};

use crate::call::Call;
use crate::controller::ChangeError;
use crate::node::{Node, blocking};
use crate::topics::{Topic, is_internal};

pub(crate) async fn handle(call: &Call, request: MetadataRequest) -> MetadataResponse {
    let node = &call.node;
    let topics = match request.topics {
        None => all(node),
        Some(topics) if topics.is_empty() && call.version == 0 => all(node),
        Some(topics) => {
            // Before version 4 asking always makes topics.
            let creates = request.allow_auto_topic_creation || call.version < 4;
            topics.into_iter().map(|wanted| one(node, wanted, creates)).collect()
        }
    };
    MetadataResponse {
        brokers: vec![MetadataResponseBroker {
            node_id: node.id,
            host: call.session.endpoint.host.clone(),
            port: call.session.endpoint.port.into(),
            rack: None,
        }],
        cluster_id: Some(node.cluster_id.clone()),
        controller_id: node.id,
        topics,
        ..Default::default()
    }
}

fn all(node: &Node) -> Vec<MetadataResponseTopic> {
    node.topics.all().iter().map(|topic| described(node, topic)).collect()
}

fn one(node: &Node, wanted: MetadataRequestTopic, creates: bool) -> MetadataResponseTopic {
    let Some(name) = wanted.name else { return by_id(node, wanted.topic_id) };
    if let Some(topic) = node.topics.by_name(&name) {
        return described(node, &topic);
    }
    let creates = creates && node.settings.flag("auto.create.topics.enable");
    match if creates { created(node, &name) } else { Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION) } {
        Ok(topic) => described(node, &topic),
        Err(error) => missing(Some(name), Uuid::ZERO, error),
    }
}

fn by_id(node: &Node, id: Uuid) -> MetadataResponseTopic {
    match node.topics.by_id(id) {
        Some(topic) => described(node, &topic),
        None => missing(None, id, ErrorCode::UNKNOWN_TOPIC_ID),
    }
}

fn created(node: &Node, name: &str) -> Result<Arc<Topic>, ErrorCode> {
    let wanted = node.controller.internal(name);
    match blocking(|| node.controller.create_topic(wanted, false)) {
        Ok(_) | Err(ChangeError::TopicExists { .. }) => {
            node.topics.by_name(name).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
        }
        Err(error) => {
            tracing::warn!(topic = name, %error, "topic not created");
            Err(error.code())
        }
    }
}

fn missing(name: Option<String>, topic_id: Uuid, error: ErrorCode) -> MetadataResponseTopic {
    let is_internal = name.as_deref().is_some_and(is_internal);
    MetadataResponseTopic { error_code: error.0, name, topic_id, is_internal, ..Default::default() }
}

fn described(node: &Node, topic: &Topic) -> MetadataResponseTopic {
    let partitions = topic.partitions.iter().map(|partition| MetadataResponsePartition {
        partition_index: partition.index,
        leader_id: node.id,
        leader_epoch: partition.leader_epoch,
        replica_nodes: vec![node.id],
        isr_nodes: vec![node.id],
        ..Default::default()
    });
    MetadataResponseTopic {
        name: Some(topic.name.clone()),
        topic_id: topic.id,
        is_internal: topic.is_internal(),
        partitions: partitions.collect(),
        ..Default::default()
    }
}
