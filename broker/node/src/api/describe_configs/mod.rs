//! DescribeConfigs (32), versions 1 to 4: topics, this broker, all brokers, groups, subscriptions to metrics.

// Those of the broker.
mod broker;

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::topic_config::ConfigSource;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult, DescribeConfigsResponse,
    DescribeConfigsResult, DescribeConfigsSynonym,
};

use crate::call::Call;
use crate::controller::denial;
use crate::metadata::{BROKER_RESOURCE, CLIENT_METRICS_RESOURCE, GROUP_RESOURCE, TOPIC_RESOURCE};
use crate::settings::{CLIENT_METRICS_KEYS, GROUP_KEYS, Key, broker_key_of_group};

/// Settings, or why they are not told.
type Found = Result<Vec<DescribeConfigsResourceResult>, (ErrorCode, Option<String>)>;

pub(crate) async fn handle(call: &Call, request: DescribeConfigsRequest) -> DescribeConfigsResponse {
    let (synonyms, documentation) = (request.include_synonyms, request.include_documentation);
    let results =
        request.resources.into_iter().map(|resource| describe(call, resource, synonyms, documentation));
    DescribeConfigsResponse { throttle_time_ms: 0, results: results.collect() }
}

fn describe(
    call: &Call,
    resource: DescribeConfigsResource,
    synonyms: bool,
    documentation: bool,
) -> DescribeConfigsResult {
    let DescribeConfigsResource { resource_type, resource_name, configuration_keys } = resource;
    // No keys stand for all of them.
    let keys = configuration_keys.filter(|keys| !keys.is_empty());
    let found = match resource_type {
        _ if let Some(denied) = denied(call, resource_type, &resource_name) => {
            Err((denied, Some(denial(denied).to_owned())))
        }
        TOPIC_RESOURCE => topic(call, &resource_name, documentation),
        BROKER_RESOURCE => of_broker(call, &resource_name),
        GROUP_RESOURCE if resource_name.is_empty() => invalid("Group name must not be empty".to_owned()),
        GROUP_RESOURCE => Ok(group(call, &resource_name)),
        CLIENT_METRICS_RESOURCE if resource_name.is_empty() => {
            invalid("Client metrics subscription name must not be empty".to_owned())
        }
        CLIENT_METRICS_RESOURCE => Ok(client_metrics(call, &resource_name)),
        other => invalid(format!("Unsupported resource type: {other}")),
    };
    let result = DescribeConfigsResult { resource_type, resource_name, ..Default::default() };
    match found {
        Ok(mut configs) => {
            if let Some(keys) = keys {
                configs.retain(|config| keys.contains(&config.name));
            }
            if !synonyms {
                configs.iter_mut().for_each(|config| config.synonyms.clear());
            }
            DescribeConfigsResult { configs, ..result }
        }
        Err((error, error_message)) => DescribeConfigsResult { error_code: error.0, error_message, ..result },
    }
}

/// Why the client may not know of the resource.
fn denied(call: &Call, resource_type: i8, name: &str) -> Option<ErrorCode> {
    let operation = Operation::DescribeConfigs;
    let (is_allowed, error) = match resource_type {
        TOPIC_RESOURCE => {
            (call.may(operation, ResourceType::Topic, name), ErrorCode::TOPIC_AUTHORIZATION_FAILED)
        }
        GROUP_RESOURCE => {
            (call.may(operation, ResourceType::Group, name), ErrorCode::GROUP_AUTHORIZATION_FAILED)
        }
        _ => (call.may_on_cluster(operation), ErrorCode::CLUSTER_AUTHORIZATION_FAILED),
    };
    (!is_allowed).then_some(error)
}

fn invalid(message: String) -> Found {
    Err((ErrorCode::INVALID_REQUEST, Some(message)))
}

fn topic(call: &Call, name: &str, documentation: bool) -> Found {
    let topic = call.node.topics.by_name(name).ok_or((ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, None))?;
    Ok(topic.configs.describe(&call.node.settings.in_force(), None, true, documentation))
}

fn of_broker(call: &Call, name: &str) -> Found {
    let configs = call.node.settings.in_force();
    if name.is_empty() {
        return Ok(broker::of_all_brokers(&configs));
    }
    let Ok(id) = name.parse::<i32>() else {
        return invalid(format!("Broker id must be an integer, but it is: {name}"));
    };
    let expected = call.node.id;
    if id == expected {
        return Ok(broker::all_of_broker(&configs));
    }
    invalid(format!("Unexpected broker id, expected {expected} or empty string, but received {name}"))
}

/// All settings of a group with these of its own.
fn group(call: &Call, name: &str) -> Vec<DescribeConfigsResourceResult> {
    let own = call.node.controller.own_configs(GROUP_RESOURCE, name);
    let described = GROUP_KEYS.iter().map(|key| {
        let own = own.get(key.name).map(|value| synonym(key.name, value, ConfigSource::Group));
        let broker_key = broker_key_of_group(key.name);
        let default = key
            .default
            .map(|value| synonym(broker_key.as_deref().unwrap_or(key.name), value, ConfigSource::Default));
        of_synonyms(key, own.into_iter().chain(default).collect())
    });
    described.collect()
}

/// All settings of a subscription with these of its own; a default has no synonym
/// (`ConfigHelper.createClientMetricsConfigEntry`).
fn client_metrics(call: &Call, name: &str) -> Vec<DescribeConfigsResourceResult> {
    let own = call.node.controller.own_configs(CLIENT_METRICS_RESOURCE, name);
    let described = CLIENT_METRICS_KEYS.iter().map(|key| {
        let own = own.get(key.name).map(|value| synonym(key.name, value, ConfigSource::ClientMetrics));
        let told = of_synonyms(key, own.into_iter().collect());
        let value = told.value.or_else(|| key.default.map(str::to_owned));
        DescribeConfigsResourceResult { value, ..told }
    });
    described.collect()
}

fn synonym(name: &str, value: &str, source: ConfigSource) -> DescribeConfigsSynonym {
    DescribeConfigsSynonym { name: name.to_owned(), value: Some(value.to_owned()), source: source as i8 }
}

/// The first synonym is the value in force.
fn of_synonyms(key: &Key, synonyms: Vec<DescribeConfigsSynonym>) -> DescribeConfigsResourceResult {
    let first = synonyms.first();
    DescribeConfigsResourceResult {
        name: key.name.to_owned(),
        value: first.and_then(|first| first.value.clone()),
        read_only: false,
        config_source: first.map_or(ConfigSource::Default as i8, |first| first.source),
        is_sensitive: false,
        config_type: key.type_code(),
        synonyms,
        documentation: None,
    }
}
