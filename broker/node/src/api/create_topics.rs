//! CreateTopics (19), versions 2 to 7.

use std::collections::HashMap;

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::topic_config::TopicConfigs;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::create_topics::{
    CreatableTopic, CreatableTopicConfigs, CreatableTopicResult, CreateTopicsRequest, CreateTopicsResponse,
};

use crate::call::Call;
use crate::controller::{ChangeError, NewTopic, check_partitions};
use crate::node::{Node, blocking};
use crate::quotas::Mutations;

/// First version whose clients know that a quota may refuse topics.
const STRICT_QUOTA: i16 = 6;

pub(crate) async fn handle(call: &Call, request: CreateTopicsRequest) -> CreateTopicsResponse {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for topic in &request.topics {
        *counts.entry(topic.name.clone()).or_default() += 1;
    }
    let too_many = check_total(call, &request.topics).err();
    let mut results = Vec::with_capacity(counts.len());
    let mutations = Mutations::new(call, STRICT_QUOTA);
    for topic in request.topics {
        match counts.remove(&topic.name) {
            Some(_) if too_many.is_some() => {
                results.extend(too_many.as_ref().map(|error| failed(topic.name, error)))
            }
            Some(1) => results.push(create(call, topic, request.validate_only, &mutations)),
            Some(_) => results.push(CreatableTopicResult {
                name: topic.name,
                error_code: ErrorCode::INVALID_REQUEST.0,
                error_message: Some("Duplicate topic name.".to_owned()),
                ..Default::default()
            }),
            // Answered already.
            None => {}
        }
    }
    CreateTopicsResponse { throttle_time_ms: mutations.throttle_ms(), topics: results }
}

fn create(
    call: &Call,
    topic: CreatableTopic,
    validate_only: bool,
    mutations: &Mutations<'_>,
) -> CreatableTopicResult {
    let node = &*call.node;
    let name = topic.name.clone();
    let may_create =
        call.may_on_cluster(Operation::Create) || call.may(Operation::Create, ResourceType::Topic, &name);
    if !may_create {
        return CreatableTopicResult {
            name,
            error_code: ErrorCode::TOPIC_AUTHORIZATION_FAILED.0,
            error_message: Some("Authorization failed.".to_owned()),
            ..Default::default()
        };
    }
    let may_see_configs = call.may(Operation::DescribeConfigs, ResourceType::Topic, &name);
    let count = topic.num_partitions;
    let created = wanted(topic).and_then(|wanted| {
        let count = wanted.assignments.as_ref().map_or(count, |assigned| assigned.len() as i32);
        let permit = |partitions| mutations.ask(partitions);
        blocking(|| node.controller.create_topic(wanted, validate_only, permit)).map(|topic| (topic, count))
    });
    match created {
        // How the topic looks is told to those who may ask for it.
        Ok((topic, _)) if !may_see_configs => CreatableTopicResult {
            name,
            topic_id: if validate_only { strait_wire::ids::Uuid::ZERO } else { topic.id },
            topic_config_error_code: ErrorCode::TOPIC_AUTHORIZATION_FAILED.0,
            num_partitions: -1,
            replication_factor: -1,
            configs: Some(Vec::new()),
            ..Default::default()
        },
        Ok((topic, count)) => CreatableTopicResult {
            name,
            topic_id: if validate_only { strait_wire::ids::Uuid::ZERO } else { topic.id },
            num_partitions: if count < 0 { node.settings.number("num.partitions") as i32 } else { count },
            replication_factor: 1,
            configs: Some(configs(node, &topic.configs)),
            ..Default::default()
        },
        Err(error) => {
            if error.code() == ErrorCode::KAFKA_STORAGE_ERROR {
                tracing::warn!(topic = name, %error, "topic not created");
            }
            failed(name, &error)
        }
    }
}

fn failed(name: String, error: &ChangeError) -> CreatableTopicResult {
    let (error_code, error_message) = (error.code().0, error.message());
    CreatableTopicResult { name, error_code, error_message, ..Default::default() }
}

/// All topics of a request together have so many partitions at most, or none of them is made, as in Kafka.
fn check_total(call: &Call, topics: &[CreatableTopic]) -> Result<(), ChangeError> {
    let count = |topic: &CreatableTopic| match (topic.assignments.len(), topic.num_partitions) {
        (0, -1) => call.node.settings.number("num.partitions"),
        (0, given) => i64::from(given.max(0)),
        (assigned, _) => i64::try_from(assigned).unwrap_or(i64::MAX),
    };
    check_partitions(topics.iter().map(count).fold(0, i64::saturating_add))
}

fn wanted(topic: CreatableTopic) -> Result<NewTopic, ChangeError> {
    let is_assigned = !topic.assignments.is_empty();
    if is_assigned && (topic.num_partitions != -1 || topic.replication_factor != -1) {
        let reason =
            "A manual partition assignment was specified, but numPartitions or replicationFactor was not \
                      set to -1."
                .to_owned();
        return Err(ChangeError::InvalidRequest { reason });
    }
    let assignments = topic.assignments.into_iter().map(|entry| (entry.partition_index, entry.broker_ids));
    Ok(NewTopic {
        name: topic.name,
        partitions: Some(topic.num_partitions).filter(|count| *count != -1),
        replication_factor: Some(topic.replication_factor).filter(|factor| *factor != -1),
        assignments: is_assigned.then(|| assignments.collect()),
        configs: topic.configs.into_iter().map(|config| (config.name, config.value)).collect(),
    })
}

fn configs(node: &Node, configs: &TopicConfigs) -> Vec<CreatableTopicConfigs> {
    let described = configs.describe(&node.settings.in_force(), None, false, false).into_iter();
    let shown = described.map(|config| CreatableTopicConfigs {
        name: config.name,
        value: config.value,
        read_only: false,
        config_source: config.config_source,
        is_sensitive: false,
    });
    shown.collect()
}
