//! Metadata (3), versions 0 to 13. Missing topics are made where client and broker allow it.

use std::sync::Arc;

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseBroker,
    MetadataResponsePartition, MetadataResponseTopic,
};

use crate::access::NOT_ASKED;
use crate::call::Call;
use crate::controller::ChangeError;
use crate::node::{Node, blocking};
use crate::quotas::Mutations;
use crate::topics::{Topic, is_internal};

const DENIED: ErrorCode = ErrorCode::TOPIC_AUTHORIZATION_FAILED;

/// First version that can send a client back to its bootstrap addresses (KIP-1102).
const REBOOTSTRAP: i16 = 13;

pub(crate) async fn handle(call: &Call, request: MetadataRequest) -> MetadataResponse {
    let node = &call.node;
    if call.version >= REBOOTSTRAP && node.is_stopping() {
        return MetadataResponse { error_code: ErrorCode::REBOOTSTRAP_REQUIRED.0, ..Default::default() };
    }
    let mut topics: Vec<_> = match request.topics {
        None => all(call),
        Some(topics) if topics.is_empty() && call.version == 0 => all(call),
        Some(topics) => {
            // Before version 4 asking always makes topics.
            let creates = request.allow_auto_topic_creation || call.version < 4;
            topics.into_iter().map(|wanted| one(call, wanted, creates)).collect()
        }
    };
    if request.include_topic_authorized_operations {
        for topic in topics.iter_mut().filter(|topic| topic.error_code != DENIED.0) {
            let name = topic.name.as_deref().unwrap_or_default();
            topic.topic_authorized_operations = call.operations(ResourceType::Topic, name);
        }
    }
    let cluster_authorized_operations = match request.include_cluster_authorized_operations {
        true => call.cluster_operations(),
        false => NOT_ASKED,
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
        cluster_authorized_operations,
        ..Default::default()
    }
}

/// Topics that the client may not describe are not even named.
fn all(call: &Call) -> Vec<MetadataResponseTopic> {
    let topics = call.node.topics.all();
    let shown = topics.iter().filter(|topic| may_describe(call, &topic.name));
    shown.map(|topic| described(&call.node, topic)).collect()
}

fn may_describe(call: &Call, topic: &str) -> bool {
    call.may(Operation::Describe, ResourceType::Topic, topic)
}

/// Whether a topic that is missing may be made.
fn may_create(call: &Call, topic: &str) -> bool {
    call.may_on_cluster(Operation::Create) || call.may(Operation::Create, ResourceType::Topic, topic)
}

fn one(call: &Call, wanted: MetadataRequestTopic, creates: bool) -> MetadataResponseTopic {
    let node = &call.node;
    let Some(name) = wanted.name else { return by_id(call, wanted.topic_id) };
    if !may_describe(call, &name) {
        // Nothing is told of a topic that the client may not know of.
        return MetadataResponseTopic { is_internal: false, ..missing(Some(name), Uuid::ZERO, DENIED) };
    }
    if let Some(topic) = node.topics.by_name(&name) {
        return described(node, &topic);
    }
    let creates = creates && node.settings.flag("auto.create.topics.enable");
    if creates && !may_create(call, &name) {
        return missing(Some(name), Uuid::ZERO, DENIED);
    }
    match if creates { created(call, &name) } else { Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION) } {
        Ok(topic) => described(node, &topic),
        Err(error) => missing(Some(name), Uuid::ZERO, error),
    }
}

fn by_id(call: &Call, id: Uuid) -> MetadataResponseTopic {
    match call.node.topics.by_id(id) {
        Some(topic) if !may_describe(call, &topic.name) => missing(None, id, DENIED),
        Some(topic) => described(&call.node, &topic),
        None => missing(None, id, ErrorCode::UNKNOWN_TOPIC_ID),
    }
}

fn created(call: &Call, name: &str) -> Result<Arc<Topic>, ErrorCode> {
    let node = &call.node;
    let (wanted, mutations) = (node.controller.internal(name), Mutations::new(call, 0));
    match blocking(|| node.controller.create_topic(wanted, false, |partitions| mutations.ask(partitions))) {
        Ok(_) | Err(ChangeError::TopicExists { .. }) => {
            node.topics.by_name(name).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
        }
        // As in Kafka, the client asks again until it is there.
        Err(ChangeError::Throttled) => Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
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
        error_code: if partition.is_offline { ErrorCode::LEADER_NOT_AVAILABLE.0 } else { 0 },
        leader_id: if partition.is_offline { -1 } else { node.id },
        leader_epoch: partition.leader_epoch,
        replica_nodes: vec![node.id],
        isr_nodes: vec![node.id],
        offline_replicas: if partition.is_offline { vec![node.id] } else { Vec::new() },
    });
    MetadataResponseTopic {
        name: Some(topic.name.clone()),
        topic_id: topic.id,
        is_internal: topic.is_internal(),
        partitions: partitions.collect(),
        ..Default::default()
    }
}
