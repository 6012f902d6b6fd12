//! What DescribeConfigs tells of a topic's settings.

use strait_wire::message::describe_configs::{DescribeConfigsResourceResult, DescribeConfigsSynonym};

use super::broker::BrokerConfigs;
use super::configs::TopicConfigs;
use super::definitions::{ConfigDefinition, definitions};

/// Where a value comes from, with Kafka's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigSource {
    Topic = 1,
    /// Of this broker, set while it runs.
    DynamicBroker = 2,
    /// Of all brokers, set while they run.
    DynamicDefaultBroker = 3,
    /// From `server.properties`.
    StaticBroker = 4,
    Default = 5,
    ClientMetrics = 7,
    Group = 8,
}

impl TopicConfigs {
    /// The settings that were asked for, or all, on a broker with these values.
    pub fn describe(
        &self,
        broker: &BrokerConfigs,
        names: Option<&[String]>,
        with_synonyms: bool,
        with_documentation: bool,
    ) -> Vec<DescribeConfigsResourceResult> {
        let in_force = self.over(broker);
        let asked = definitions()
            .iter()
            .filter(|definition| names.is_none_or(|names| names.iter().any(|name| name == definition.name)));
        let described = asked.map(|definition| {
            let synonyms = self.synonyms(definition, broker);
            let source = synonyms.first().map_or(ConfigSource::Default as i8, |first| first.source);
            DescribeConfigsResourceResult {
                name: definition.name.to_owned(),
                value: Some(in_force.get(definition.name).to_owned()),
                read_only: false,
                config_source: source,
                is_sensitive: false,
                synonyms: if with_synonyms { synonyms } else { Vec::new() },
                config_type: definition.kind.id(),
                documentation: with_documentation.then(|| definition.documentation.to_owned()),
            }
        });
        described.collect()
    }

    /// The topic's own value, then the broker's.
    fn synonyms(&self, definition: &ConfigDefinition, broker: &BrokerConfigs) -> Vec<DescribeConfigsSynonym> {
        let own = self.0.get(definition.name).map(|value| DescribeConfigsSynonym {
            name: definition.name.to_owned(),
            value: Some(value.trim().to_owned()),
            source: ConfigSource::Topic as i8,
        });
        let settings = || definition.broker_settings().map(|setting| (setting.name, setting.default));
        let of_broker = settings().next().map(|(first, _)| {
            let settings: Vec<_> = settings().collect();
            broker.synonyms(first, settings.into_iter())
        });
        own.into_iter().chain(of_broker.into_iter().flatten()).collect()
    }
}
