//! Settings of the broker, changed while it runs (`DynamicBrokerConfig`). Those of this broker go before those of all,
//! and both before its file.

use strait_broker_core::topic_config::{AlterOperation, Alteration};

use super::keyed_configs::{merged, records};
use super::{ChangeError, Controller, eligible_leaders};
use crate::metadata::{BROKER_RESOURCE, MetadataImage};
use crate::settings::{Reach, Settings, Values, check, list_default, reach, topic_rules};
use crate::topics::Topics;

impl Controller {
    /// Changes settings of this broker, named by its id, or of all, by the empty name.
    pub(crate) fn change_broker_configs(
        &self,
        name: &str,
        changes: &[Alteration<'_>],
        replaces: bool,
        validate_only: bool,
    ) -> Result<(), ChangeError> {
        check_name(name, self.settings.node_id())?;
        let mut state = self.state();
        let present = state.image.configs(BROKER_RESOURCE, name);
        let configs = altered(&present, changes, replaces)?;
        check_all(&configs, name.is_empty())?;
        let replaced = present.keys().map(String::as_str).filter(|_| replaces);
        let changed = changes.iter().map(|change| change.name).chain(replaced);
        eligible_leaders::check(&state.image, name, changed, &configs)?;
        if validate_only {
            return Ok(());
        }
        state.commit(records((BROKER_RESOURCE, name), &present, &configs))?;
        put_in_force(&self.settings, &state.image);
        apply(&self.settings, &self.topics);
        Ok(())
    }
}

/// Topics follow the broker in what they leave open.
fn apply(settings: &Settings, topics: &Topics) {
    let broker = settings.in_force();
    for topic in topics.all() {
        let rules = topic_rules(&broker, &topic.configs);
        topic.partitions.iter().for_each(|partition| partition.set_rules(&rules));
    }
}

/// Takes over what the metadata says of the broker.
pub(super) fn put_in_force(settings: &Settings, image: &MetadataImage) {
    let own = image.configs(BROKER_RESOURCE, &settings.node_id().to_string());
    settings.set_dynamic(own, image.configs(BROKER_RESOURCE, ""));
}

fn invalid<T>(reason: String) -> Result<T, ChangeError> {
    Err(ChangeError::InvalidRequest { reason })
}

fn check_name(name: &str, node_id: i32) -> Result<(), ChangeError> {
    if name.is_empty() {
        return Ok(());
    }
    match name.parse::<i32>() {
        Ok(id) if id == node_id => Ok(()),
        Ok(_) => invalid(format!("Unexpected broker id, expected {node_id}, but received {name}")),
        Err(_) => invalid(format!("Node id must be an integer, but it is: {name}")),
    }
}

/// The settings after all changes.
fn altered(present: &Values, changes: &[Alteration<'_>], replaces: bool) -> Result<Values, ChangeError> {
    let mut configs = if replaces { Values::new() } else { present.clone() };
    for Alteration { name, operation, value } in changes {
        match (operation, value) {
            (AlterOperation::Set, Some(value)) => {
                configs.insert((*name).to_owned(), value.trim().to_owned());
            }
            (AlterOperation::Append | AlterOperation::Subtract, Some(value)) => {
                let adds = *operation == AlterOperation::Append;
                let default = list_default(name).ok_or_else(|| not_a_list(name, adds))?;
                let present = configs.get(*name).map_or(default, String::as_str);
                configs.insert((*name).to_owned(), merged(present, value, adds));
            }
            (_, None) | (AlterOperation::Delete, _) => {
                configs.remove(*name);
            }
        }
    }
    Ok(configs)
}

fn not_a_list(name: &str, adds: bool) -> ChangeError {
    let operation = if adds { "append" } else { "subtract" };
    ChangeError::InvalidConfig {
        reason: format!("Config value {operation} is not allowed for config key: {name}"),
    }
}

/// Keys that are not known may belong to a plugin, so they are taken.
fn check_all(configs: &Values, of_cluster: bool) -> Result<(), ChangeError> {
    let named = |is_wrong: fn(&str) -> bool| {
        let wrong: Vec<&str> = configs.keys().map(String::as_str).filter(|name| is_wrong(name)).collect();
        (!wrong.is_empty()).then(|| wrong.join(", "))
    };
    if let Some(fixed) = named(|name| reach(name).is_none() && check(name, "") != Ok(false)) {
        return invalid(format!("Cannot update these configs dynamically: [{fixed}]"));
    }
    if of_cluster && let Some(own) = named(|name| reach(name) == Some(Reach::Broker)) {
        return invalid(format!(
            "Cannot update these configs at default cluster level, broker id must be specified: [{own}]"
        ));
    }
    for (name, value) in configs {
        if let Err(error) = check(name, value) {
            return invalid(format!(
                "Invalid value {} for configuration {}: {}",
                error.value, error.key, error.allowed
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_while_the_broker_runs_is_taken() {
        let refused = |name: &str, value: &str| {
            check_all(&Values::from([(name.to_owned(), value.to_owned())]), true)
                .err()
                .map(|error| error.to_string())
        };
        assert_eq!(refused("log.retention.ms", "5"), None);
        assert_eq!(refused("log.cleaner.backoff.ms", "5"), None);
        assert_eq!(refused("my.own.key", "5"), None);
        let fixed = Some("Cannot update these configs dynamically: [log.retention.hours]".to_owned());
        assert_eq!(refused("log.retention.hours", "5"), fixed);
        assert!(refused("sasl.kerberos.kinit.cmd", "x").expect("refused").contains("default cluster level"));
        assert!(refused("num.partitions", "5").is_some() && refused("log.retention.ms", "x").is_some());
    }

    #[test]
    fn lists_grow_from_their_default() {
        let change = |name: &'static str, operation| Alteration { name, operation, value: Some("compact") };
        let altered = |change| altered(&Values::new(), &[change], false);
        let grown = altered(change("log.cleanup.policy", AlterOperation::Append)).expect("a list");
        assert_eq!(grown["log.cleanup.policy"], "delete,compact");
        let same = altered(change("log.cleanup.policy", AlterOperation::Subtract)).expect("a list");
        assert_eq!(same["log.cleanup.policy"], "delete");
        let refused = altered(change("log.retention.ms", AlterOperation::Subtract)).expect_err("a number");
        let reason = "Config value subtract is not allowed for config key: log.retention.ms";
        assert_eq!(refused.to_string(), reason);
    }

    #[test]
    fn names_are_those_of_this_broker_or_of_all() {
        assert!(check_name("", 1).is_ok() && check_name("1", 1).is_ok());
        let text = |name| check_name(name, 1).expect_err("refused").to_string();
        assert_eq!(text("2"), "Unexpected broker id, expected 1, but received 2");
        assert_eq!(text("x"), "Node id must be an integer, but it is: x");
    }
}
