//! DescribeConfigs of topics, and of the broker as far as it has settings.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult, DescribeConfigsResponse,
    DescribeConfigsResult,
};

use crate::broker::Broker;
use crate::dispatch::Caller;
use crate::folder::NODE_ID;
use crate::partition::PRODUCER_EXPIRATION_MS;
use crate::topic_config::{Kind, SETTINGS};

/// `ConfigResource.Type`.
pub(super) const TOPIC: i8 = 2;
const BROKER: i8 = 4;
/// `DescribeConfigsResponse.ConfigSource`.
const FROM_TOPIC: i8 = 1;
const FROM_BROKER: i8 = 4;
const FROM_DEFAULT: i8 = 5;

pub(crate) async fn handle(
    broker: &Broker,
    _: Caller<'_>,
    request: DescribeConfigsRequest,
) -> DescribeConfigsResponse {
    let results = request.resources.into_iter().map(|resource| {
        let described = match resource.resource_type {
            TOPIC => topic(broker, &resource.resource_name),
            BROKER if resource.resource_name.is_empty() => Ok(Vec::new()),
            BROKER if resource.resource_name == NODE_ID.to_string() => Ok(own(broker)),
            _ => Err(ErrorCode::INVALID_REQUEST),
        };
        answered(resource, described)
    });
    DescribeConfigsResponse { results: results.collect(), ..DescribeConfigsResponse::default() }
}

fn answered(
    resource: DescribeConfigsResource,
    described: Result<Vec<DescribeConfigsResourceResult>, ErrorCode>,
) -> DescribeConfigsResult {
    let (mut configs, code) = match described {
        Ok(configs) => (configs, ErrorCode::NONE),
        Err(code) => (Vec::new(), code),
    };
    if let Some(names) = &resource.configuration_keys {
        configs.retain(|config| names.contains(&config.name));
    }
    DescribeConfigsResult {
        error_code: code.0,
        error_message: (!code.is_ok()).then(|| code.to_string()),
        resource_type: resource.resource_type,
        resource_name: resource.resource_name,
        configs,
    }
}

fn topic(broker: &Broker, name: &str) -> Result<Vec<DescribeConfigsResourceResult>, ErrorCode> {
    let catalog = broker.catalog();
    let topic = catalog.topic(name).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let described = SETTINGS.iter().map(|setting| {
        let own = topic.overrides.get(setting.name);
        let value = own.map_or(setting.default, String::as_str);
        let source = if own.is_some() { FROM_TOPIC } else { FROM_DEFAULT };
        described(setting.name, value, setting.kind, source)
    });
    Ok(described.collect())
}

fn own(broker: &Broker) -> Vec<DescribeConfigsResourceResult> {
    let configuration = &broker.configuration;
    let read_only = |name: &str, value: String, kind: Kind, source: i8| DescribeConfigsResourceResult {
        read_only: true,
        ..described(name, &value, kind, source)
    };
    vec![
        read_only(
            "auto.create.topics.enable",
            configuration.auto_create_topics.to_string(),
            Kind::Text,
            FROM_DEFAULT,
        ),
        read_only("listeners", format!("PLAINTEXT://{}", configuration.listen), Kind::Text, FROM_BROKER),
        read_only("log.dirs", configuration.data_dir.display().to_string(), Kind::Text, FROM_BROKER),
        read_only("node.id", NODE_ID.to_string(), Kind::Int, FROM_BROKER),
        read_only("num.partitions", configuration.default_partitions.to_string(), Kind::Int, FROM_DEFAULT),
        read_only("producer.id.expiration.ms", PRODUCER_EXPIRATION_MS.to_string(), Kind::Int, FROM_DEFAULT),
    ]
}

fn described(name: &str, value: &str, kind: Kind, config_source: i8) -> DescribeConfigsResourceResult {
    DescribeConfigsResourceResult {
        name: name.to_owned(),
        value: Some(value.to_owned()),
        config_source,
        config_type: kind as i8,
        ..DescribeConfigsResourceResult::default()
    }
}
