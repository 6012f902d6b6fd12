//! Settings of topics, changed while the broker runs (`ConfigurationControlManager`).

use std::collections::BTreeMap;

use super::{ChangeError, Controller};
use crate::metadata::{MetadataRecord, TOPIC_RESOURCE};
use crate::settings::{topic_key, topic_rules};
use crate::topics::Topic;

/// What happens to a setting (`AlterConfigOp.OpType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfigOperation {
    Set,
    /// Back to the default.
    Delete,
    /// Adds to a list.
    Append,
    /// Takes away from a list.
    Subtract,
}

/// One setting and its change.
#[derive(Clone, Debug)]
pub(crate) struct ConfigChange {
    pub(crate) name: String,
    pub(crate) operation: ConfigOperation,
    pub(crate) value: Option<String>,
}

impl Controller {
    /// Changes some settings of a topic.
    pub(crate) fn change_topic_configs(
        &self,
        topic: &str,
        changes: Vec<ConfigChange>,
        validate_only: bool,
    ) -> Result<(), ChangeError> {
        let mut state = self.state();
        let topic = self.topics.by_name(topic).ok_or(ChangeError::UnknownTopic)?;
        let mut configs = topic.configs.clone();
        for change in changes {
            apply(&mut configs, change)?;
        }
        self.store_configs(&mut state, &topic, configs, validate_only)
    }

    /// Replaces all settings of a topic (AlterConfigs).
    pub(crate) fn replace_topic_configs(
        &self,
        topic: &str,
        values: Vec<ConfigChange>,
        validate_only: bool,
    ) -> Result<(), ChangeError> {
        let mut state = self.state();
        let topic = self.topics.by_name(topic).ok_or(ChangeError::UnknownTopic)?;
        let mut configs = BTreeMap::new();
        for change in values {
            apply(&mut configs, change)?;
        }
        self.store_configs(&mut state, &topic, configs, validate_only)
    }

    fn store_configs(
        &self,
        state: &mut super::State,
        topic: &Topic,
        configs: BTreeMap<String, String>,
        validate_only: bool,
    ) -> Result<(), ChangeError> {
        if validate_only {
            return Ok(());
        }
        let record = |name: &String, value: Option<&String>| MetadataRecord::Config {
            resource_type: TOPIC_RESOURCE,
            resource: topic.name.clone(),
            name: name.clone(),
            value: value.cloned(),
        };
        let gone = topic.configs.keys().filter(|name| !configs.contains_key(*name));
        let mut records: Vec<MetadataRecord> = gone.map(|name| record(name, None)).collect();
        let set = configs.iter().filter(|(name, value)| topic.configs.get(*name) != Some(value));
        records.extend(set.map(|(name, value)| record(name, Some(value))));
        state.commit(records)?;
        let rules = topic_rules(&self.settings, &configs);
        topic.partitions.iter().for_each(|partition| partition.set_rules(&rules));
        self.topics.put(Topic { configs, ..topic.clone() });
        Ok(())
    }
}

fn apply(configs: &mut BTreeMap<String, String>, change: ConfigChange) -> Result<(), ChangeError> {
    let ConfigChange { name, operation, value } = change;
    let Some(known) = topic_key(&name) else { return Err(ChangeError::UnknownConfig { name }) };
    let value = value.map(|value| value.trim().to_owned());
    let value = match (operation, value) {
        (ConfigOperation::Delete, _) => {
            configs.remove(&name);
            return Ok(());
        }
        (_, None) => {
            let reason = format!("Null value not supported for : {name}");
            return Err(ChangeError::InvalidRequest { reason });
        }
        (ConfigOperation::Set, Some(value)) => value,
        (ConfigOperation::Append | ConfigOperation::Subtract, Some(_)) if !known.key.is_list() => {
            let reason = format!("Can't {operation:?} to config {name} because its type is not LIST.");
            return Err(ChangeError::InvalidRequest { reason });
        }
        (operation, Some(value)) => {
            let present = configs.get(&name).map(String::as_str).or(known.key.default).unwrap_or_default();
            merged(present, &value, operation == ConfigOperation::Append)
        }
    };
    known.key.check(&value)?;
    configs.insert(name, value);
    Ok(())
}

/// A list with some words more or fewer.
fn merged(present: &str, change: &str, adds: bool) -> String {
    let words = |text: &str| -> Vec<String> {
        text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
    };
    let (mut list, change) = (words(present), words(change));
    if adds {
        for word in change {
            if !list.contains(&word) {
                list.push(word);
            }
        }
    } else {
        list.retain(|word| !change.contains(word));
    }
    list.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(operation: ConfigOperation, name: &str, value: &str) -> Result<Option<String>, ChangeError> {
        let mut configs = BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]);
        let change = ConfigChange { name: name.to_owned(), operation, value: Some(value.to_owned()) };
        apply(&mut configs, change)?;
        Ok(configs.get(name).cloned())
    }

    #[test]
    fn lists_grow_and_shrink() {
        let policy = "cleanup.policy";
        let value = |operation, change| changed(operation, policy, change).expect("allowed");
        assert_eq!(value(ConfigOperation::Append, "delete").as_deref(), Some("compact,delete"));
        assert_eq!(value(ConfigOperation::Append, "compact").as_deref(), Some("compact"));
        assert_eq!(value(ConfigOperation::Subtract, "compact").as_deref(), Some(""));
        assert_eq!(value(ConfigOperation::Set, "delete").as_deref(), Some("delete"));
        assert_eq!(value(ConfigOperation::Delete, ""), None);
    }

    #[test]
    fn what_is_wrong_has_kafkas_code() {
        let code = |operation, name, value| changed(operation, name, value).expect_err("refused").code();
        use strait_wire::error_code::ErrorCode;
        assert_eq!(code(ConfigOperation::Append, "retention.ms", "5"), ErrorCode::INVALID_REQUEST);
        assert_eq!(code(ConfigOperation::Set, "retention.ms", "-2"), ErrorCode::INVALID_CONFIG);
        assert_eq!(code(ConfigOperation::Set, "no.such.key", "5"), ErrorCode::INVALID_CONFIG);
        assert_eq!(code(ConfigOperation::Append, "cleanup.policy", "x"), ErrorCode::INVALID_CONFIG);
    }
}
