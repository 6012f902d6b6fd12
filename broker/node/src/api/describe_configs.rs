//! DescribeConfigs (32), versions 1 to 4: topics and this broker.

use strait_broker_core::topic_config::{BrokerConfigs, BrokerSetting, ConfigSource, definitions};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult, DescribeConfigsResponse,
    DescribeConfigsResult,
};

use crate::call::Call;
use crate::metadata::{BROKER_RESOURCE, TOPIC_RESOURCE};
use crate::settings::{Key, broker_keys, is_dynamic, is_hidden};

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
        TOPIC_RESOURCE => topic(call, &resource_name, keys.as_deref(), (synonyms, documentation)),
        BROKER_RESOURCE => broker(call, &resource_name, keys.as_deref(), synonyms),
        other => invalid(format!("Unsupported resource type: {other}")),
    };
    let result = DescribeConfigsResult { resource_type, resource_name, ..Default::default() };
    match found {
        Ok(configs) => DescribeConfigsResult { configs, ..result },
        Err((error, error_message)) => DescribeConfigsResult { error_code: error.0, error_message, ..result },
    }
}

fn invalid(message: String) -> Found {
    Err((ErrorCode::INVALID_REQUEST, Some(message)))
}

fn topic(call: &Call, name: &str, keys: Option<&[String]>, (synonyms, documentation): (bool, bool)) -> Found {
    let topic = call.node.topics.by_name(name).ok_or((ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, None))?;
    Ok(topic.configs.describe(&call.node.settings.in_force(), keys, synonyms, documentation))
}

fn broker(call: &Call, name: &str, keys: Option<&[String]>, synonyms: bool) -> Found {
    let configs = call.node.settings.in_force();
    let mut described = if name.is_empty() {
        // Only what was set for all brokers while they run.
        let all = all_of_broker(&configs).into_iter();
        let default = ConfigSource::DynamicDefaultBroker as i8;
        let set = all.filter_map(|mut config| {
            config.synonyms.retain(|synonym| synonym.source == default);
            let value = config.synonyms.first()?.value.clone();
            Some(DescribeConfigsResourceResult { value, config_source: default, ..config })
        });
        set.collect()
    } else {
        let Ok(id) = name.parse::<i32>() else {
            return invalid(format!("Broker id must be an integer, but it is: {name}"));
        };
        let expected = call.node.id;
        if id != expected {
            let message =
                format!("Unexpected broker id, expected {expected} or empty string, but received {name}");
            return invalid(message);
        }
        all_of_broker(&configs)
    };
    if let Some(keys) = keys {
        described.retain(|config| keys.contains(&config.name));
    }
    if !synonyms {
        described.iter_mut().for_each(|config| config.synonyms.clear());
    }
    Ok(described)
}

fn all_of_broker(configs: &BrokerConfigs) -> Vec<DescribeConfigsResourceResult> {
    let is_told = |key: &&Key| !is_hidden(key.name) || configs.get(key.name).is_some();
    let own = broker_keys().iter().filter(is_told).map(|key| of_key(configs, key));
    let of_topics = definitions().iter().flat_map(|definition| {
        let all: Vec<BrokerSetting> = definition.broker_settings().collect();
        let each = all.clone().into_iter();
        each.map(move |setting| of_topics(configs, &setting, &all))
    });
    own.chain(of_topics).collect()
}

fn of_key(configs: &BrokerConfigs, key: &Key) -> DescribeConfigsResourceResult {
    let synonyms = configs.synonyms(key.name, [(key.name, key.default)].into_iter());
    let told = result(configs, (key.name, key.default, key.type_code()), synonyms);
    if is_hidden(key.name) { hidden(told) } else { told }
}

/// What Kafka's table does not have may be a secret.
fn hidden(told: DescribeConfigsResourceResult) -> DescribeConfigsResourceResult {
    let mut synonyms = told.synonyms;
    synonyms.retain(|synonym| synonym.source != ConfigSource::Default as i8);
    synonyms.iter_mut().for_each(|synonym| synonym.value = None);
    DescribeConfigsResourceResult { value: None, is_sensitive: true, config_type: 0, synonyms, ..told }
}

fn of_topics(
    configs: &BrokerConfigs,
    setting: &BrokerSetting,
    all: &[BrokerSetting],
) -> DescribeConfigsResourceResult {
    let names: Vec<_> = all.iter().map(|setting| (setting.name, setting.default)).collect();
    let synonyms = configs.synonyms(setting.name, names.into_iter());
    result(configs, (setting.name, setting.default, setting.kind.id()), synonyms)
}

fn result(
    configs: &BrokerConfigs,
    (name, default, config_type): (&str, Option<&str>, i8),
    synonyms: Vec<strait_wire::message::describe_configs::DescribeConfigsSynonym>,
) -> DescribeConfigsResourceResult {
    DescribeConfigsResourceResult {
        name: name.to_owned(),
        value: configs.get(name).or(default).map(str::to_owned),
        read_only: !is_dynamic(name),
        config_source: synonyms.first().map_or(ConfigSource::Default as i8, |first| first.source),
        is_sensitive: false,
        synonyms,
        config_type,
        documentation: None,
    }
}
