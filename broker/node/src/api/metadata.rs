//! Metadata: brokers and topics. Topics that are missing may be made.

use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseBroker,
    MetadataResponsePartition, MetadataResponseTopic,
};

use crate::broker::Broker;
use crate::catalog::Topic;
use crate::dispatch::Caller;
use crate::folder::NODE_ID;
use crate::group_coordinator::OFFSETS_TOPIC;
use crate::partition::LEADER_EPOCH;

pub(crate) async fn handle(
    broker: &Broker,
    caller: Caller<'_>,
    request: MetadataRequest,
) -> MetadataResponse {
    // Version 0 asks for all topics by an empty list, later ones by none.
    let asked = request.topics.filter(|topics| caller.version > 0 || !topics.is_empty());
    let topics = match asked {
        None => broker.catalog().topics().map(described).collect(),
        Some(topics) => {
            let may_create = request.allow_auto_topic_creation;
            topics.into_iter().map(|topic| look_up(broker, topic, may_create)).collect()
        }
    };
    let endpoint = &broker.endpoint;
    let own = MetadataResponseBroker {
        node_id: NODE_ID,
        host: endpoint.host.clone(),
        port: i32::from(endpoint.port),
        rack: None,
    };
    MetadataResponse {
        brokers: vec![own],
        cluster_id: Some(broker.cluster_id.clone()),
        controller_id: NODE_ID,
        topics,
        ..MetadataResponse::default()
    }
}

fn look_up(broker: &Broker, asked: MetadataRequestTopic, may_create: bool) -> MetadataResponseTopic {
    let refused = |code: ErrorCode, name: Option<String>, topic_id: Uuid| MetadataResponseTopic {
        error_code: code.0,
        name,
        topic_id,
        ..MetadataResponseTopic::default()
    };
    if !asked.topic_id.is_zero() {
        let catalog = broker.catalog();
        let found = catalog.topic_by_id(asked.topic_id).map(described);
        return found.unwrap_or_else(|| refused(ErrorCode::UNKNOWN_TOPIC_ID, None, asked.topic_id));
    }
    let name = asked.name.unwrap_or_default();
    match broker.topic_or_create(&name, may_create) {
        Ok(Some(topic)) => described(&topic),
        Ok(None) => refused(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, Some(name), Uuid::ZERO),
        Err(refusal) => refused(refusal.code, Some(name), Uuid::ZERO),
    }
}

fn described(topic: &Topic) -> MetadataResponseTopic {
    let partitions = (0..).zip(&topic.partitions).map(|(partition_index, _)| MetadataResponsePartition {
        partition_index,
        leader_id: NODE_ID,
        leader_epoch: LEADER_EPOCH,
        replica_nodes: vec![NODE_ID],
        isr_nodes: vec![NODE_ID],
        ..MetadataResponsePartition::default()
    });
    MetadataResponseTopic {
        name: Some(topic.name.clone()),
        topic_id: topic.id,
        is_internal: topic.name == OFFSETS_TOPIC,
        partitions: partitions.collect(),
        ..MetadataResponseTopic::default()
    }
}
