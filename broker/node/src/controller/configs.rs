//! Settings of topics, changed while the broker runs (`ConfigurationControlManager`).

use strait_broker_core::topic_config::{Alteration, TopicConfigs};

use super::{ChangeError, Controller, State, name};
use crate::metadata::{MetadataRecord, TOPIC_RESOURCE};
use crate::topics::Topic;

impl Controller {
    /// Changes some settings of a topic, or replaces all of them.
    pub(crate) fn change_topic_configs(
        &self,
        topic: &str,
        changes: &[Alteration<'_>],
        replaces: bool,
        validate_only: bool,
    ) -> Result<(), ChangeError> {
        let mut state = self.state();
        if topic.is_empty() {
            let reason = "Default topic resources are not allowed.".to_owned();
            return Err(ChangeError::InvalidRequest { reason });
        }
        name::check(topic)?;
        let found = self.topics.by_name(topic);
        let present =
            found.as_ref().filter(|_| !replaces).map_or_else(Default::default, |topic| topic.configs.clone());
        let configs = present.altered(changes)?;
        let Some(found) = found else { return Err(ChangeError::NoSuchTopic { name: topic.to_owned() }) };
        self.store_topic_configs(&mut state, &found, configs, validate_only)
    }

    fn store_topic_configs(
        &self,
        state: &mut State,
        topic: &Topic,
        configs: TopicConfigs,
        validate_only: bool,
    ) -> Result<(), ChangeError> {
        if validate_only {
            return Ok(());
        }
        let record = |name: &str, value: Option<&str>| MetadataRecord::Config {
            resource_type: TOPIC_RESOURCE,
            resource: topic.name.clone(),
            name: name.to_owned(),
            value: value.map(str::to_owned),
        };
        let gone = topic.configs.iter().filter(|(name, _)| configs.own(name).is_none());
        let mut records: Vec<MetadataRecord> = gone.map(|(name, _)| record(name, None)).collect();
        let set = configs.iter().filter(|(name, value)| topic.configs.own(name) != Some(value));
        records.extend(set.map(|(name, value)| record(name, Some(value))));
        state.commit(records)?;
        let rules = self.rules(&configs);
        topic.partitions.iter().for_each(|partition| partition.set_rules(&rules));
        self.topics.put(Topic { configs, ..topic.clone() });
        Ok(())
    }
}
