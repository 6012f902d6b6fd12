//! What DescribeConfigs tells of a topic's settings.

use strait_wire::message::describe_configs::{DescribeConfigsResourceResult, DescribeConfigsSynonym};

use super::configs::TopicConfigs;
use super::definitions::{ConfigDefinition, definitions};

/// Where a value comes from, with Kafka's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigSource {
    Topic = 1,
    Default = 5,
}

impl TopicConfigs {
    /// The settings that were asked for, or all.
    pub fn describe(
        &self,
        names: Option<&[String]>,
        with_synonyms: bool,
        with_documentation: bool,
    ) -> Vec<DescribeConfigsResourceResult> {
        let asked = definitions()
            .iter()
            .filter(|definition| names.is_none_or(|names| names.iter().any(|name| name == definition.name)));
        let described = asked.map(|definition| {
            let own = self.0.get(definition.name);
            let source = if own.is_some() { ConfigSource::Topic } else { ConfigSource::Default };
            DescribeConfigsResourceResult {
                name: definition.name.to_owned(),
                value: Some(own.map_or(definition.default, String::as_str).to_owned()),
                read_only: false,
                config_source: source as i8,
                is_sensitive: false,
                synonyms: if with_synonyms { synonyms(definition, own) } else { Vec::new() },
                config_type: definition.kind.id(),
                documentation: with_documentation.then(|| definition.documentation.to_owned()),
            }
        });
        described.collect()
    }
}

/// The topic's own value, then the broker's.
fn synonyms(definition: &ConfigDefinition, own: Option<&String>) -> Vec<DescribeConfigsSynonym> {
    let own = own.map(|value| DescribeConfigsSynonym {
        name: definition.name.to_owned(),
        value: Some(value.clone()),
        source: ConfigSource::Topic as i8,
    });
    let default = definition.broker_name.map(|name| DescribeConfigsSynonym {
        name: name.to_owned(),
        value: Some(definition.default.to_owned()),
        source: ConfigSource::Default as i8,
    });
    own.into_iter().chain(default).collect()
}
