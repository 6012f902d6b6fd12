//! DescribeConfigs (32), versions 1 to 4: topics, this broker, all brokers, groups.

use std::collections::BTreeMap;

use strait_wire::message::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult, DescribeConfigsResponse,
    DescribeConfigsResult, DescribeConfigsSynonym,
};

use crate::call::Call;
use crate::controller::{ChangeError, ConfigResource};
use crate::node::Node;
use crate::settings::{DynamicConfigs, DynamicSource, GROUP_KEYS, Key, Settings, TOPIC_KEYS, dynamic_key};

/// Where a value comes from (`ConfigSource`).
const TOPIC_CONFIG: i8 = 1;
const DYNAMIC_BROKER_CONFIG: i8 = 2;
const DYNAMIC_DEFAULT_BROKER_CONFIG: i8 = 3;
const STATIC_BROKER_CONFIG: i8 = 4;
const DEFAULT_CONFIG: i8 = 5;
const DYNAMIC_GROUP_CONFIG: i8 = 8;

pub(crate) async fn handle(call: &Call, request: DescribeConfigsRequest) -> DescribeConfigsResponse {
    let synonyms = request.include_synonyms;
    let results = request.resources.into_iter().map(|resource| describe(call, resource, synonyms));
    DescribeConfigsResponse { throttle_time_ms: 0, results: results.collect() }
}

fn describe(call: &Call, resource: DescribeConfigsResource, synonyms: bool) -> DescribeConfigsResult {
    let DescribeConfigsResource { resource_type, resource_name, configuration_keys } = resource;
    let result =
        DescribeConfigsResult { resource_type, resource_name: resource_name.clone(), ..Default::default() };
    match configs_of(&call.node, resource_type, &resource_name) {
        Ok(mut configs) => {
            if let Some(keys) = configuration_keys {
                configs.retain(|config| keys.contains(&config.name));
            }
            if !synonyms {
                configs.iter_mut().for_each(|config| config.synonyms.clear());
            }
            DescribeConfigsResult { configs, ..result }
        }
        Err(error) => {
            let error_message = Some(error.to_string());
            DescribeConfigsResult { error_code: error.code().0, error_message, ..result }
        }
    }
}

fn configs_of(
    node: &Node,
    resource_type: i8,
    name: &str,
) -> Result<Vec<DescribeConfigsResourceResult>, ChangeError> {
    match ConfigResource::new(resource_type, name)? {
        ConfigResource::Topic(name) => {
            let topic = node.topics.by_name(name).ok_or(ChangeError::UnknownTopic)?;
            Ok(topic_configs(node, &topic.configs))
        }
        ConfigResource::Broker("") => Ok(cluster_configs(&node.controller.dynamic_configs())),
        ConfigResource::Broker(name) => {
            node.controller.check_broker(name)?;
            Ok(broker_configs(node))
        }
        ConfigResource::Group(group) => Ok(group_configs(&node.controller.group_configs(group))),
    }
}

/// All settings of a topic with these of its own.
pub(super) fn topic_configs(
    node: &Node,
    overrides: &BTreeMap<String, String>,
) -> Vec<DescribeConfigsResourceResult> {
    let dynamic = node.controller.dynamic_configs();
    let described = TOPIC_KEYS.iter().map(|topic| {
        let own = overrides.get(topic.key.name);
        let own = own.map(|value| synonym(topic.key.name, Some(value), TOPIC_CONFIG));
        let of_broker = of_broker(&topic.synonym, &dynamic, &node.settings);
        result(&topic.key, own.into_iter().chain(of_broker).collect(), false)
    });
    described.collect()
}

/// What is set for all brokers at once.
fn cluster_configs(dynamic: &DynamicConfigs) -> Vec<DescribeConfigsResourceResult> {
    let described = dynamic.cluster.iter().filter_map(|(name, value)| {
        let key = dynamic_key(name, true)?;
        Some(result(key, vec![synonym(name, Some(value), DYNAMIC_DEFAULT_BROKER_CONFIG)], false))
    });
    described.collect()
}

fn broker_configs(node: &Node) -> Vec<DescribeConfigsResourceResult> {
    let settings = &node.settings;
    let dynamic = node.controller.dynamic_configs();
    let own = settings.describe().map(|(key, value, is_given)| {
        let source = if is_given { STATIC_BROKER_CONFIG } else { DEFAULT_CONFIG };
        result(key, vec![synonym(key.name, value.as_deref(), source)], true)
    });
    let changeable = TOPIC_KEYS.iter().map(|topic| &topic.synonym).chain(dynamic.others());
    let changeable = changeable.map(|key| result(key, of_broker(key, &dynamic, settings), false));
    own.chain(changeable).collect()
}

/// All settings of a group with these of its own.
fn group_configs(own: &BTreeMap<String, String>) -> Vec<DescribeConfigsResourceResult> {
    let described = GROUP_KEYS.iter().map(|key| {
        let own = own.get(key.name).map(|value| synonym(key.name, Some(value), DYNAMIC_GROUP_CONFIG));
        let default = synonym(key.name, key.default, DEFAULT_CONFIG);
        result(key, own.into_iter().chain([default]).collect(), false)
    });
    described.collect()
}

/// The values that the broker has for a key, the one in force first.
fn of_broker(key: &Key, dynamic: &DynamicConfigs, settings: &Settings) -> Vec<DescribeConfigsSynonym> {
    let changed = dynamic.values(key.name).map(|(value, source)| {
        let source = match source {
            DynamicSource::Broker => DYNAMIC_BROKER_CONFIG,
            DynamicSource::Cluster => DYNAMIC_DEFAULT_BROKER_CONFIG,
        };
        synonym(key.name, Some(value), source)
    });
    let given = settings.given(key.name).map(|value| synonym(key.name, Some(value), STATIC_BROKER_CONFIG));
    let default = synonym(key.name, key.default, DEFAULT_CONFIG);
    changed.chain(given).chain([default]).collect()
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
