//! What is told of the broker's settings (`ConfigHelper.createBrokerConfigEntry`).

use strait_broker_core::topic_config::{BrokerConfigs, BrokerSetting, ConfigSource, definitions};
use strait_wire::message::describe_configs::{DescribeConfigsResourceResult, DescribeConfigsSynonym};

use crate::settings::{Key, broker_keys, reach};

/// Only what was set for all brokers while they run.
pub(super) fn of_all_brokers(configs: &BrokerConfigs) -> Vec<DescribeConfigsResourceResult> {
    let default = ConfigSource::DynamicDefaultBroker as i8;
    let set = all_of_broker(configs).into_iter().filter_map(|mut config| {
        config.synonyms.retain(|synonym| synonym.source == default);
        let value = config.synonyms.first()?.value.clone();
        Some(DescribeConfigsResourceResult { value, config_source: default, ..config })
    });
    set.collect()
}

/// All settings of the broker.
pub(super) fn all_of_broker(configs: &BrokerConfigs) -> Vec<DescribeConfigsResourceResult> {
    let is_told = |key: &&Key| !key.is_internal() || configs.get(key.name).is_some();
    let own = broker_keys().filter(is_told).map(|key| of_key(configs, key));
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
    if key.is_hidden() {
        secret(told, 0)
    } else if key.is_secret() {
        secret(told, key.type_code())
    } else {
        told
    }
}

/// What is a secret, or may be one, since Kafka's table does not have it.
fn secret(told: DescribeConfigsResourceResult, config_type: i8) -> DescribeConfigsResourceResult {
    let mut synonyms = told.synonyms;
    synonyms.retain(|synonym| synonym.source != ConfigSource::Default as i8);
    synonyms.iter_mut().for_each(|synonym| synonym.value = None);
    DescribeConfigsResourceResult { value: None, is_sensitive: true, config_type, synonyms, ..told }
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
    synonyms: Vec<DescribeConfigsSynonym>,
) -> DescribeConfigsResourceResult {
    DescribeConfigsResourceResult {
        name: name.to_owned(),
        value: configs.get(name).or(default).map(str::to_owned),
        read_only: reach(name).is_none(),
        config_source: synonyms.first().map_or(ConfigSource::Default as i8, |first| first.source),
        is_sensitive: false,
        synonyms,
        config_type,
        documentation: None,
    }
}
