//! DescribeConfigs (32), versions 1 to 4: topics and this broker.

use std::collections::BTreeMap;

use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult, DescribeConfigsResponse,
    DescribeConfigsResult, DescribeConfigsSynonym,
};

use crate::call::Call;
use crate::metadata::{BROKER_RESOURCE, TOPIC_RESOURCE};
use crate::settings::{Key, Settings, TOPIC_KEYS};

/// Where a value comes from (`ConfigSource`).
const TOPIC_CONFIG: i8 = 1;
const STATIC_BROKER_CONFIG: i8 = 4;
const DEFAULT_CONFIG: i8 = 5;

pub(crate) async fn handle(call: &Call, request: DescribeConfigsRequest) -> DescribeConfigsResponse {
    let synonyms = request.include_synonyms;
    let results = request.resources.into_iter().map(|resource| describe(call, resource, synonyms));
    DescribeConfigsResponse { throttle_time_ms: 0, results: results.collect() }
}

fn describe(call: &Call, resource: DescribeConfigsResource, synonyms: bool) -> DescribeConfigsResult {
    let DescribeConfigsResource { resource_type, resource_name, configuration_keys } = resource;
    let found = match resource_type {
        TOPIC_RESOURCE => call
            .node
            .topics
            .by_name(&resource_name)
            .map(|topic| topic_configs(&call.node.settings, &topic.configs))
            .ok_or((ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, String::new())),
        BROKER_RESOURCE => broker_configs(call, &resource_name),
        other => Err((ErrorCode::INVALID_REQUEST, format!("Unsupported resource type: {other}"))),
    };
    let result = DescribeConfigsResult { resource_type, resource_name, ..Default::default() };
    match found {
        Ok(mut configs) => {
            if let Some(keys) = configuration_keys {
                configs.retain(|config| keys.contains(&config.name));
            }
            if !synonyms {
                configs.iter_mut().for_each(|config| config.synonyms.clear());
            }
            DescribeConfigsResult { configs, ..result }
        }
        Err((error, message)) => {
            let error_message = Some(message).filter(|message| !message.is_empty());
            DescribeConfigsResult { error_code: error.0, error_message, ..result }
        }
    }
}

/// All settings of a topic with these of its own.
pub(super) fn topic_configs(
    settings: &Settings,
    overrides: &BTreeMap<String, String>,
) -> Vec<DescribeConfigsResourceResult> {
    let described = TOPIC_KEYS.iter().map(|topic| {
        let mut synonyms = Vec::new();
        if let Some(value) = overrides.get(topic.key.name) {
            synonyms.push(synonym(topic.key.name, Some(value), TOPIC_CONFIG));
        }
        if let Some(value) = settings.given(topic.synonym.name) {
            synonyms.push(synonym(topic.synonym.name, Some(value), STATIC_BROKER_CONFIG));
        }
        synonyms.push(synonym(topic.synonym.name, topic.key.default, DEFAULT_CONFIG));
        result(&topic.key, synonyms, false)
    });
    described.collect()
}

fn broker_configs(
    call: &Call,
    name: &str,
) -> Result<Vec<DescribeConfigsResourceResult>, (ErrorCode, String)> {
    if !name.is_empty() && name.parse() != Ok(call.node.id) {
        let message =
            format!("Unexpected broker id, expected {} or empty string, but received {name}", call.node.id);
        return Err((ErrorCode::INVALID_REQUEST, message));
    }
    let settings = &call.node.settings;
    let own = settings.describe().map(|(key, value, is_given)| {
        let source = if is_given { STATIC_BROKER_CONFIG } else { DEFAULT_CONFIG };
        result(key, vec![synonym(key.name, value.as_deref(), source)], true)
    });
    let of_topics = TOPIC_KEYS.iter().map(|topic| {
        let key = &topic.synonym;
        let given =
            settings.given(key.name).map(|value| synonym(key.name, Some(value), STATIC_BROKER_CONFIG));
        let default = synonym(key.name, key.default, DEFAULT_CONFIG);
        result(key, given.into_iter().chain([default]).collect(), true)
    });
    Ok(own.chain(of_topics).collect())
}

fn synonym(name: &str, value: Option<&str>, source: i8) -> DescribeConfigsSynonym {
    DescribeConfigsSynonym { name: name.to_owned(), value: value.map(str::to_owned), source }
}

/// The first synonym is the value in force.
fn result(
    key: &Key,
    synonyms: Vec<DescribeConfigsSynonym>,
    read_only: bool,
) -> DescribeConfigsResourceResult {
    let mut synonyms = synonyms;
    if key.is_secret() {
        synonyms.iter_mut().for_each(|synonym| synonym.value = None);
    }
    let first = synonyms.first();
    DescribeConfigsResourceResult {
        name: key.name.to_owned(),
        value: first.and_then(|first| first.value.clone()),
        read_only,
        config_source: first.map_or(DEFAULT_CONFIG, |first| first.source),
        is_sensitive: key.is_secret(),
        synonyms,
        config_type: key.type_code(),
        documentation: None,
    }
}
