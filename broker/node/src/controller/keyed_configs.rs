//! Settings of groups and of subscriptions to metrics of clients. Neither needs to be there.

use strait_broker_core::topic_config::{AlterOperation, Alteration};

use super::{ChangeError, Controller};
use crate::metadata::{CLIENT_METRICS_RESOURCE, GROUP_RESOURCE, MetadataRecord};
use crate::settings::{CLIENT_METRICS_KEYS, GROUP_KEYS, Key, Kind, Values};

impl Controller {
    /// Changes some settings of a group or a subscription, or replaces all of them.
    pub(crate) fn change_keyed_configs(
        &self,
        (kind, name): (i8, &str),
        changes: &[Alteration<'_>],
        replaces: bool,
        validate_only: bool,
    ) -> Result<(), ChangeError> {
        if name.is_empty() {
            return invalid(match kind {
                GROUP_RESOURCE => "Default group resources are not allowed.".to_owned(),
                _ => "Subscription name can't be empty".to_owned(),
            });
        }
        let mut state = self.state();
        let present = state.image.configs(kind, name);
        let configs = altered(kind, if replaces { Values::new() } else { present.clone() }, changes)?;
        if validate_only {
            return Ok(());
        }
        state.commit(records((kind, name), &present, &configs))?;
        if kind == GROUP_RESOURCE {
            self.group_configs.put(name, configs);
        }
        Ok(())
    }

    /// What a resource has for itself.
    pub(crate) fn own_configs(&self, kind: i8, name: &str) -> Values {
        self.state().image.configs(kind, name)
    }

    /// Names of all resources of a type that have settings.
    pub(crate) fn configured(&self, kind: i8) -> Vec<String> {
        self.state().image.resources(kind).map(str::to_owned).collect()
    }
}

fn invalid<T>(reason: String) -> Result<T, ChangeError> {
    Err(ChangeError::InvalidRequest { reason })
}

/// What makes the settings of a resource other ones.
pub(super) fn records(
    (resource_type, resource): (i8, &str),
    present: &Values,
    wanted: &Values,
) -> Vec<MetadataRecord> {
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

fn altered(kind: i8, mut configs: Values, changes: &[Alteration<'_>]) -> Result<Values, ChangeError> {
    let keys = if kind == CLIENT_METRICS_RESOURCE { CLIENT_METRICS_KEYS } else { GROUP_KEYS };
    for Alteration { name, operation, value } in changes {
        let key = keys.iter().find(|key| key.name == *name);
        let is_list = key.is_some_and(Key::is_list);
        let value = match operation {
            AlterOperation::Delete => None,
            AlterOperation::Set => value.map(|value| value.trim().to_owned()),
            AlterOperation::Append | AlterOperation::Subtract if !is_list => {
                let operation = if *operation == AlterOperation::Append { "APPEND" } else { "SUBTRACT" };
                let reason = format!("Can't {operation} to key {name} because its type is not LIST.");
                return Err(ChangeError::InvalidConfig { reason });
            }
            AlterOperation::Append | AlterOperation::Subtract => {
                let present = configs.get(*name).map(String::as_str).unwrap_or_default();
                Some(merged(present, value.unwrap_or_default(), *operation == AlterOperation::Append))
            }
        };
        match value {
            Some(value) => configs.insert((*name).to_owned(), value),
            None => configs.remove(*name),
        };
    }
    for (name, value) in &configs {
        check(kind, keys, name, value)?;
    }
    Ok(configs)
}

/// A list with some words more or fewer.
fn merged(present: &str, change: &str, adds: bool) -> String {
    let mut list: Vec<&str> = present.split(',').filter(|word| !word.is_empty()).collect();
    for word in change.split(',') {
        let found = list.iter().position(|present| *present == word);
        match (adds, found) {
            (true, None) => list.push(word),
            (false, Some(at)) => {
                list.remove(at);
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    list.join(",")
}

/// Refuses in Kafka's words (`GroupConfig.validate`, `ClientMetricsConfigs.validate`).
fn check(kind: i8, keys: &[Key], name: &str, value: &str) -> Result<(), ChangeError> {
    let is_group = kind == GROUP_RESOURCE;
    let Some(key) = keys.iter().find(|key| key.name == name) else {
        return match is_group {
            true => Err(ChangeError::InvalidConfig { reason: format!("Unknown group config name: {name}") }),
            false => invalid(format!("Unknown client metrics configuration: {name}")),
        };
    };
    let Err(error) = key.check(value) else { return Ok(()) };
    if let (Kind::Int(low, high), Ok(number)) = (key.kind, value.parse::<i32>()) {
        if !is_group {
            return invalid(format!(
                "Invalid value {value} for {name}, interval must be between {low} and {high} (1 hour)"
            ));
        }
        let (prefix, rest) = name.split_once('.').unwrap_or_default();
        let (relation, limit) = if i64::from(number) < low { ("greater", "min") } else { ("less", "max") };
        let reason = format!("{name} must be {relation} than or equal to group.{prefix}.{limit}.{rest}");
        return Err(ChangeError::InvalidConfig { reason });
    }
    let reason = format!("Invalid value {value} for configuration {name}: {}", error.allowed);
    Err(ChangeError::InvalidConfig { reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(kind: i8, name: &str, value: &str) -> Result<Values, String> {
        let change = Alteration { name, operation: AlterOperation::Set, value: Some(value) };
        altered(kind, Values::new(), &[change]).map_err(|error| error.to_string())
    }

    #[test]
    fn refusals_have_kafkas_words() {
        assert!(set(GROUP_RESOURCE, "consumer.session.timeout.ms", "50000").is_ok());
        assert_eq!(
            set(GROUP_RESOURCE, "consumer.session.timeout.ms", "5"),
            Err("consumer.session.timeout.ms must be greater than or equal to \
                 group.consumer.min.session.timeout.ms"
                .to_owned())
        );
        assert_eq!(
            set(GROUP_RESOURCE, "retention.ms", "5"),
            Err("Unknown group config name: retention.ms".to_owned())
        );
        assert_eq!(
            set(CLIENT_METRICS_RESOURCE, "interval.ms", "5"),
            Err("Invalid value 5 for interval.ms, interval must be between 100 and 3600000 (1 hour)"
                .to_owned())
        );
        assert!(set(CLIENT_METRICS_RESOURCE, "x", "5").is_err());
    }

    #[test]
    fn lists_grow_and_shrink() {
        let present = Values::from([("metrics".to_owned(), "a,b".to_owned())]);
        let change = |operation, value| {
            let change = Alteration { name: "metrics", operation, value: Some(value) };
            altered(CLIENT_METRICS_RESOURCE, present.clone(), &[change]).expect("allowed")["metrics"].clone()
        };
        assert_eq!(change(AlterOperation::Append, "b,c"), "a,b,c");
        assert_eq!(change(AlterOperation::Subtract, "a"), "b");
        let not = Alteration { name: "interval.ms", operation: AlterOperation::Append, value: Some("5") };
        assert!(altered(CLIENT_METRICS_RESOURCE, Values::new(), &[not]).is_err());
    }

    #[test]
    fn only_what_differs_is_written() {
        let configs = |pairs: &[(&str, &str)]| -> Values {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let present = configs(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let written = records((GROUP_RESOURCE, "g"), &present, &configs(&[("b", "2"), ("c", "4")]));
        let record = |name: &str, value: Option<&str>| MetadataRecord::Config {
            resource_type: GROUP_RESOURCE,
            resource: "g".to_owned(),
            name: name.to_owned(),
            value: value.map(str::to_owned),
        };
        assert_eq!(written, [record("a", None), record("c", Some("4"))]);
    }
}
