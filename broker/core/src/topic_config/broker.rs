//! The broker's settings that give topics their defaults, and where a broker's values come from (`DynamicBrokerConfig`).

use std::collections::BTreeMap;

use strait_wire::message::describe_configs::DescribeConfigsSynonym;

use super::definitions::{ConfigDefinition, definitions};
use super::describe::ConfigSource;
use super::rule::{ConfigType, Rule, check};

pub(super) const MINUTE_MS: i64 = 60_000;
pub(super) const HOUR_MS: i64 = 60 * MINUTE_MS;

/// A broker's setting that gives a topic's its default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BrokerSetting {
    pub name: &'static str,
    pub kind: ConfigType,
    pub rule: Rule,
    /// How many of the topic's units make one of this.
    factor: i64,
    /// None where another setting of the same meaning has the default.
    pub default: Option<&'static str>,
}

pub(super) const fn timed(
    name: &'static str,
    kind: ConfigType,
    rule: Rule,
    factor: i64,
    default: Option<&'static str>,
) -> BrokerSetting {
    BrokerSetting { name, kind, rule, factor, default }
}

/// The broker's settings behind one of topics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum BrokerNames {
    Nothing,
    /// One of the same type and default.
    Named(&'static str),
    /// Several of the same meaning in other units, the one that counts first.
    Timed(&'static [BrokerSetting]),
}

impl ConfigDefinition {
    /// The broker's settings of the same meaning, the one that counts first.
    pub fn broker_settings(&self) -> impl Iterator<Item = BrokerSetting> + use<> {
        let (one, several) = match self.broker {
            BrokerNames::Nothing => (None, &[][..]),
            BrokerNames::Named(name) => {
                (Some(timed(name, self.kind, self.rule, 1, Some(self.default))), &[][..])
            }
            BrokerNames::Timed(settings) => (None, settings),
        };
        one.into_iter().chain(several.iter().copied())
    }
}

/// The broker's setting of that name, where it gives topics a default, with all of its meaning.
pub fn broker_setting(name: &str) -> Option<(BrokerSetting, Vec<BrokerSetting>)> {
    definitions().iter().find_map(|definition| {
        let found = definition.broker_settings().find(|setting| setting.name == name)?;
        Some((found, definition.broker_settings().collect()))
    })
}

impl BrokerSetting {
    /// Whether a value is allowed.
    ///
    /// # Errors
    /// Why it is not.
    pub fn check(&self, value: &str) -> Result<(), String> {
        check(self.kind, self.rule, value)
    }

    /// A value in the unit of topics.
    fn for_topics(&self, value: &str) -> String {
        let value = value.trim();
        match value.parse::<i64>() {
            // Below 0 it stands for "without end", in any unit.
            Ok(number) if self.factor != 1 && number >= 0 => number.saturating_mul(self.factor).to_string(),
            _ => value.to_owned(),
        }
    }
}

/// The values of a broker, by where they come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrokerConfigs {
    /// Of this broker, set while it runs.
    pub dynamic: BTreeMap<String, String>,
    /// Of all brokers, set while they run.
    pub dynamic_default: BTreeMap<String, String>,
    /// From `server.properties`.
    pub given: BTreeMap<String, String>,
}

impl BrokerConfigs {
    fn layers(&self) -> [(ConfigSource, &BTreeMap<String, String>); 3] {
        [
            (ConfigSource::DynamicBroker, &self.dynamic),
            (ConfigSource::DynamicDefaultBroker, &self.dynamic_default),
            (ConfigSource::StaticBroker, &self.given),
        ]
    }

    /// The value in force; none where only the default is left.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.layers().into_iter().find_map(|(_, values)| values.get(name)).map(String::as_str)
    }

    /// What a topic's setting is without a value of its own. Where a value comes from goes before its unit: hours that
    /// were set while the broker runs go before milliseconds in its file.
    pub fn default_of(&self, definition: &ConfigDefinition) -> Option<String> {
        self.layers().into_iter().find_map(|(_, values)| {
            definition
                .broker_settings()
                .find_map(|setting| values.get(setting.name).map(|value| setting.for_topics(value)))
        })
    }

    /// All values of settings of one meaning, in the order in which they count. Those before the first value of `name`
    /// itself are left out, as in Kafka (`ConfigHelper.configSynonyms`).
    pub fn synonyms<'a>(
        &self,
        name: &str,
        settings: impl Iterator<Item = (&'a str, Option<&'a str>)> + Clone,
    ) -> Vec<DescribeConfigsSynonym> {
        let synonym = |name: &str, value: &str, source: ConfigSource| DescribeConfigsSynonym {
            name: name.to_owned(),
            value: Some(value.to_owned()),
            source: source as i8,
        };
        let mut all = Vec::new();
        for (source, values) in self.layers() {
            let found = settings.clone().filter_map(|(name, _)| Some((name, values.get(name)?)));
            all.extend(found.map(|(name, value)| synonym(name, value, source)));
        }
        let defaults = settings.filter_map(|(name, default)| Some((name, default?)));
        all.extend(defaults.map(|(name, value)| synonym(name, value, ConfigSource::Default)));
        let first = all.iter().position(|synonym| synonym.name == name).unwrap_or(all.len());
        all.split_off(first)
    }
}
