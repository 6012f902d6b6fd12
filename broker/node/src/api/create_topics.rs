//! CreateTopics.

use std::collections::BTreeMap;

use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::create_topics::{
    CreatableTopic, CreatableTopicConfigs, CreatableTopicResult, CreateTopicsRequest, CreateTopicsResponse,
};

use crate::broker::Broker;
use crate::catalog::{Refusal, refusal};
use crate::dispatch::Caller;
use crate::folder::NODE_ID;
use crate::topic_config::{Overrides, SETTINGS};

/// `DescribeConfigsResponse.ConfigSource`.
const FROM_TOPIC: i8 = 1;
const FROM_DEFAULT: i8 = 5;

pub(crate) async fn handle(
    broker: &Broker,
    _: Caller<'_>,
    request: CreateTopicsRequest,
) -> CreateTopicsResponse {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for topic in &request.topics {
        *counts.entry(&topic.name).or_default() += 1;
    }
    let topics = request.topics.iter().map(|topic| {
        let created = match counts.get(topic.name.as_str()) {
            Some(1) => create(broker, topic, request.validate_only),
            _ => {
                let message = "Duplicate topic name.".to_owned();
                Err(refusal(ErrorCode::INVALID_REQUEST, message))
            }
        };
        created.unwrap_or_else(|refusal| CreatableTopicResult {
            name: topic.name.clone(),
            error_code: refusal.code.0,
            error_message: Some(refusal.message),
            ..CreatableTopicResult::default()
        })
    });
    CreateTopicsResponse { topics: topics.collect(), ..CreateTopicsResponse::default() }
}

fn create(
    broker: &Broker,
    topic: &CreatableTopic,
    validate_only: bool,
) -> Result<CreatableTopicResult, Refusal> {
    let partitions = partitions_of(topic, broker.configuration.default_partitions)?;
    let configs =
        topic.configs.iter().filter_map(|config| Some((config.name.clone(), config.value.clone()?)));
    let overrides: Overrides = configs.collect();
    let described = SETTINGS.iter().map(|setting| {
        let value = overrides.get(setting.name);
        CreatableTopicConfigs {
            name: setting.name.to_owned(),
            value: Some(value.cloned().unwrap_or_else(|| setting.default.to_owned())),
            config_source: if value.is_some() { FROM_TOPIC } else { FROM_DEFAULT },
            ..CreatableTopicConfigs::default()
        }
    });
    let described = described.collect();
    let topic_id: Uuid = broker.catalog().create(&topic.name, partitions, overrides, validate_only)?;
    Ok(CreatableTopicResult {
        name: topic.name.clone(),
        topic_id,
        num_partitions: partitions,
        replication_factor: 1,
        configs: Some(described),
        ..CreatableTopicResult::default()
    })
}

/// How many partitions are asked for, by number or by assignment.
fn partitions_of(topic: &CreatableTopic, default: i32) -> Result<i32, Refusal> {
    if topic.assignments.is_empty() {
        return match topic.replication_factor {
            -1 | 1 if topic.num_partitions == -1 => Ok(default),
            -1 | 1 => Ok(topic.num_partitions),
            factor => {
                let message =
                    format!("Unable to replicate the partition {factor} time(s): there is 1 broker.");
                Err(refusal(ErrorCode::INVALID_REPLICATION_FACTOR, message))
            }
        };
    }
    let is_ours = topic.assignments.iter().all(|assignment| assignment.broker_ids == [NODE_ID]);
    let mut indexes: Vec<i32> =
        topic.assignments.iter().map(|assignment| assignment.partition_index).collect();
    indexes.sort_unstable();
    let count = i32::try_from(indexes.len()).unwrap_or(i32::MAX);
    if is_ours && indexes.iter().copied().eq(0..count) {
        return Ok(count);
    }
    let message = format!("each partition from 0 on needs replicas on broker {NODE_ID} alone");
    Err(refusal(ErrorCode::INVALID_REPLICA_ASSIGNMENT, message))
}
