//! Settings of topics: read with their sources, changed one by one.

use std::collections::BTreeMap;

use strait_wire::message::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult,
};
use strait_wire::message::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};

use crate::admin::{TopicResults, result};
use crate::cluster::Cluster;
use crate::error::{BrokerError, ClientError};

const TOPIC: i8 = 2;
const SET: i8 = 0;
const DELETE: i8 = 1;
/// Topics in one request: a broker answers some 4 KiB for each.
const TOPICS_AT_ONCE: usize = 500;

/// One setting of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicConfig {
    pub name: String,
    /// `None` when it is sensitive.
    pub value: Option<String>,
    /// Kafka's `ConfigSource`: 1 is the topic itself, 5 the default.
    pub source: i8,
    pub sensitive: bool,
    pub read_only: bool,
}

impl TopicConfig {
    /// The topic sets it, no broker and no default.
    pub fn is_set_by_topic(&self) -> bool {
        self.source == 1
    }
}

/// The settings of each topic.
pub type TopicConfigs = Vec<(String, Result<Vec<TopicConfig>, BrokerError>)>;

/// What changes in one topic's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicConfigChange {
    pub topic: String,
    pub set: BTreeMap<String, String>,
    /// Back to the broker's value.
    pub delete: Vec<String>,
}

impl Cluster {
    /// All settings of some topics, with those that brokers and defaults give.
    pub async fn describe_topic_configs(&self, topics: &[String]) -> Result<TopicConfigs, ClientError> {
        let mut described = Vec::with_capacity(topics.len());
        for topics in topics.chunks(TOPICS_AT_ONCE) {
            let response = self.ask_any(&describe_request(topics)).await?;
            described.extend(response.results.into_iter().map(|topic| {
                let entries = topic.configs.into_iter().map(entry).collect();
                (topic.resource_name, result(topic.error_code, topic.error_message).map(|()| entries))
            }));
        }
        Ok(described)
    }

    /// Sets and deletes settings; those that are not named stay as they are.
    pub async fn incremental_alter_configs(
        &self,
        changes: &[TopicConfigChange],
        validate_only: bool,
    ) -> Result<TopicResults, ClientError> {
        let mut altered = Vec::with_capacity(changes.len());
        for changes in changes.chunks(TOPICS_AT_ONCE) {
            let resources = changes.iter().map(alteration).collect();
            let request = IncrementalAlterConfigsRequest { resources, validate_only };
            let response = self.ask_controller(&request).await?;
            altered.extend(
                response
                    .responses
                    .into_iter()
                    .map(|topic| (topic.resource_name, result(topic.error_code, topic.error_message))),
            );
        }
        Ok(altered)
    }
}

fn describe_request(topics: &[String]) -> DescribeConfigsRequest {
    let resources = topics.iter().map(|topic| DescribeConfigsResource {
        resource_type: TOPIC,
        resource_name: topic.clone(),
        configuration_keys: None,
    });
    DescribeConfigsRequest { resources: resources.collect(), ..DescribeConfigsRequest::default() }
}

fn entry(config: DescribeConfigsResourceResult) -> TopicConfig {
    TopicConfig {
        name: config.name,
        value: config.value,
        source: config.config_source,
        sensitive: config.is_sensitive,
        read_only: config.read_only,
    }
}

fn alteration(change: &TopicConfigChange) -> AlterConfigsResource {
    let set = change.set.iter().map(|(name, value)| AlterableConfig {
        name: name.clone(),
        config_operation: SET,
        value: Some(value.clone()),
    });
    let delete = change.delete.iter().map(|name| AlterableConfig {
        name: name.clone(),
        config_operation: DELETE,
        value: None,
    });
    AlterConfigsResource {
        resource_type: TOPIC,
        resource_name: change.topic.clone(),
        configs: set.chain(delete).collect(),
    }
}
