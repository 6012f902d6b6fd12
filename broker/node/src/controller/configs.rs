//! Settings of topics, brokers and groups, changed while the broker runs (`ConfigurationControlManager`).

use std::collections::BTreeMap;

use super::{ChangeError, Controller};
use crate::metadata::{BROKER_RESOURCE, GROUP_RESOURCE, MetadataRecord, TOPIC_RESOURCE};
use crate::settings::{Key, dynamic_key, group_key, topic_key};
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

/// What has settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfigResource<'a> {
    Topic(&'a str),
    /// By its id; empty for all brokers of the cluster.
    Broker(&'a str),
    /// It need not be there.
    Group(&'a str),
}

impl<'a> ConfigResource<'a> {
    /// The resource that a request names.
    pub(crate) fn new(resource_type: i8, name: &'a str) -> Result<Self, ChangeError> {
        match resource_type {
            TOPIC_RESOURCE => Ok(Self::Topic(name)),
            BROKER_RESOURCE => Ok(Self::Broker(name)),
            GROUP_RESOURCE if name.is_empty() => {
                Err(ChangeError::InvalidRequest { reason: "Group name must not be empty.".to_owned() })
            }
            GROUP_RESOURCE => Ok(Self::Group(name)),
            other => {
                Err(ChangeError::InvalidRequest { reason: format!("Unsupported resource type: {other}") })
            }
        }
    }

    fn parts(self) -> (i8, &'a str) {
        match self {
            Self::Topic(name) => (TOPIC_RESOURCE, name),
            Self::Broker(name) => (BROKER_RESOURCE, name),
            Self::Group(name) => (GROUP_RESOURCE, name),
        }
    }

    /// The key of that name that the resource may set.
    fn key(self, name: &str) -> Result<&'static Key, ChangeError> {
        let unknown = || ChangeError::UnknownConfig { name: name.to_owned() };
        match self {
            Self::Topic(_) => topic_key(name).map(|topic| &topic.key).ok_or_else(unknown),
            Self::Broker(broker) => dynamic_key(name, broker.is_empty()).ok_or_else(|| {
                let reason = format!("Cannot update these configs dynamically: Set({name})");
                ChangeError::InvalidRequest { reason }
            }),
            Self::Group(_) => group_key(name).ok_or_else(unknown),
        }
    }

    fn check(self, key: &Key, value: &str) -> Result<(), ChangeError> {
        key.check(value).map_err(|error| match self {
            Self::Topic(_) | Self::Group(_) => ChangeError::InvalidConfig(error),
            Self::Broker(_) => ChangeError::InvalidRequest { reason: error.to_string() },
        })
    }
}

impl Controller {
    /// Changes some settings of a resource.
    pub(crate) fn change_configs(
        &self,
        resource: ConfigResource<'_>,
        changes: Vec<ConfigChange>,
        validate_only: bool,
    ) -> Result<(), ChangeError> {
        let mut state = self.state();
        let present = self.present(&state, resource)?;
        self.store_configs(&mut state, resource, (present.clone(), present), changes, validate_only)
    }

    /// Replaces all settings of a resource (AlterConfigs).
    pub(crate) fn replace_configs(
        &self,
        resource: ConfigResource<'_>,
        values: Vec<ConfigChange>,
        validate_only: bool,
    ) -> Result<(), ChangeError> {
        let mut state = self.state();
        let present = self.present(&state, resource)?;
        self.store_configs(&mut state, resource, (present, BTreeMap::new()), values, validate_only)
    }

    /// Settings that a group has of its own.
    pub(crate) fn group_configs(&self, group: &str) -> BTreeMap<String, String> {
        self.state().image.configs(GROUP_RESOURCE, group)
    }

    /// What is set for a resource that must be there.
    fn present(
        &self,
        state: &super::State,
        resource: ConfigResource<'_>,
    ) -> Result<BTreeMap<String, String>, ChangeError> {
        match resource {
            ConfigResource::Topic(topic) => {
                Ok(self.topics.by_name(topic).ok_or(ChangeError::UnknownTopic)?.configs.clone())
            }
            ConfigResource::Broker(broker) => {
                self.check_broker(broker)?;
                Ok(state.image.configs(BROKER_RESOURCE, broker))
            }
            ConfigResource::Group(group) => Ok(state.image.configs(GROUP_RESOURCE, group)),
        }
    }

    fn store_configs(
        &self,
        state: &mut super::State,
        resource: ConfigResource<'_>,
        (present, mut configs): (BTreeMap<String, String>, BTreeMap<String, String>),
        changes: Vec<ConfigChange>,
        validate_only: bool,
    ) -> Result<(), ChangeError> {
        for change in changes {
            apply(&mut configs, resource, change)?;
        }
        if validate_only {
            return Ok(());
        }
        state.commit(records(resource, &present, &configs))?;
        match resource {
            ConfigResource::Topic(topic) => self.configure_topic(topic, configs),
            ConfigResource::Broker(_) => self.configure_broker(&state.image),
            ConfigResource::Group(_) => {}
        }
        Ok(())
    }

    fn configure_topic(&self, topic: &str, configs: BTreeMap<String, String>) {
        let Some(topic) = self.topics.by_name(topic) else { return };
        let rules = self.rules(&configs);
        topic.partitions.iter().for_each(|partition| partition.set_rules(&rules));
        self.topics.put(Topic { configs, ..Topic::clone(&topic) });
    }
}

/// What makes the settings of a resource other ones.
fn records(
    resource: ConfigResource<'_>,
    present: &BTreeMap<String, String>,
    wanted: &BTreeMap<String, String>,
) -> Vec<MetadataRecord> {
    let (resource_type, resource) = resource.parts();
    let record = |name: &String, value: Option<&String>| MetadataRecord::Config {
        resource_type,
        resource: resource.to_owned(),
        name: name.clone(),
        value: value.cloned(),
    };
    let gone = present.keys().filter(|name| !wanted.contains_key(*name)).map(|name| record(name, None));
    let set = wanted.iter().filter(|(name, value)| present.get(*name) != Some(value));
    gone.chain(set.map(|(name, value)| record(name, Some(value)))).collect()
}

fn apply(
    configs: &mut BTreeMap<String, String>,
    resource: ConfigResource<'_>,
    change: ConfigChange,
) -> Result<(), ChangeError> {
    let ConfigChange { name, operation, value } = change;
    let known = resource.key(&name)?;
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
        (ConfigOperation::Append | ConfigOperation::Subtract, Some(_)) if !known.is_list() => {
            let reason = format!("Can't {operation:?} to config {name} because its type is not LIST.");
            return Err(ChangeError::InvalidRequest { reason });
        }
        (operation, Some(value)) => {
            let present = configs.get(&name).map(String::as_str).or(known.default).unwrap_or_default();
            merged(present, &value, operation == ConfigOperation::Append)
        }
    };
    resource.check(known, &value)?;
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
        apply(&mut configs, ConfigResource::Topic("orders"), change)?;
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

    #[test]
    fn brokers_and_groups_have_keys_of_their_own() {
        use strait_wire::error_code::ErrorCode;
        let set = |resource, name: &str, value: &str| {
            let (name, value) = (name.to_owned(), Some(value.to_owned()));
            let change = ConfigChange { name, operation: ConfigOperation::Set, value };
            apply(&mut BTreeMap::new(), resource, change).map_err(|error| error.code())
        };
        let (broker, cluster) = (ConfigResource::Broker("1"), ConfigResource::Broker(""));
        assert_eq!(set(broker, "log.retention.ms", "5"), Ok(()));
        assert_eq!(set(cluster, "log.retention.ms", "-2"), Err(ErrorCode::INVALID_REQUEST));
        assert_eq!(set(broker, "node.id", "2"), Err(ErrorCode::INVALID_REQUEST));
        let kerberos = "sasl.kerberos.min.time.before.relogin";
        assert_eq!(set(broker, kerberos, "58000"), Ok(()));
        assert_eq!(set(cluster, kerberos, "58000"), Err(ErrorCode::INVALID_REQUEST));
        let group = ConfigResource::Group("readers");
        assert_eq!(set(group, "consumer.session.timeout.ms", "50000"), Ok(()));
        assert_eq!(set(group, "consumer.session.timeout.ms", "5"), Err(ErrorCode::INVALID_CONFIG));
        assert_eq!(set(group, "retention.ms", "5"), Err(ErrorCode::INVALID_CONFIG));
        assert!(ConfigResource::new(GROUP_RESOURCE, "").is_err());
        assert!(ConfigResource::new(8, "1").is_err());
    }

    #[test]
    fn only_what_differs_is_written() {
        let configs = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let present = configs(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let written = records(ConfigResource::Broker(""), &present, &configs(&[("b", "2"), ("c", "4")]));
        let record = |name: &str, value: Option<&str>| MetadataRecord::Config {
            resource_type: BROKER_RESOURCE,
            resource: String::new(),
            name: name.to_owned(),
            value: value.map(str::to_owned),
        };
        assert_eq!(written, [record("a", None), record("c", Some("4"))]);
    }
}
