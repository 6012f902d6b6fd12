//! What AlterConfigs and IncrementalAlterConfigs share: Kafka's checks in Kafka's order (`ConfigAdminManager`, then
//! `ControllerApis`).

use std::collections::{HashMap, HashSet};

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::topic_config::{AlterOperation, Alteration};

use strait_wire::error_code::ErrorCode;

use crate::call::Call;
use crate::controller::ChangeError;
use crate::metadata::{BROKER_RESOURCE, CLIENT_METRICS_RESOURCE, GROUP_RESOURCE, TOPIC_RESOURCE};
use crate::node::blocking;

/// One setting and its change.
#[derive(Clone, Debug)]
pub(super) struct SettingChange {
    pub(super) name: String,
    /// As the request numbers it.
    pub(super) operation: i8,
    pub(super) value: Option<String>,
}

/// A resource and what changes of it.
#[derive(Clone, Debug)]
pub(super) struct ResourceChange {
    pub(super) kind: i8,
    pub(super) name: String,
    pub(super) settings: Vec<SettingChange>,
    /// What is not named goes back to its default.
    pub(super) replaces: bool,
}

/// Changes resources, each as a whole or not at all.
pub(super) fn change(
    call: &Call,
    resources: &[ResourceChange],
    validate_only: bool,
) -> Vec<Result<(), ChangeError>> {
    let mut counts: HashMap<(i8, &str), usize> = HashMap::new();
    for resource in resources {
        *counts.entry((resource.kind, &resource.name)).or_default() += 1;
    }
    let changed = resources.iter().map(|resource| {
        if counts.get(&(resource.kind, resource.name.as_str())).is_some_and(|count| *count > 1) {
            return invalid("Each resource must appear at most once.".to_owned());
        }
        change_one(call, resource, validate_only)
    });
    changed.collect()
}

fn change_one(call: &Call, resource: &ResourceChange, validate_only: bool) -> Result<(), ChangeError> {
    let alterations = alterations(&resource.settings)?;
    let controller = &call.node.controller;
    if resource.kind == BROKER_RESOURCE {
        // Kafka looks at these on the broker, before its controller asks for access.
        controller.change_broker_configs(&resource.name, &alterations, resource.replaces, true)?;
    }
    may_change(call, resource)?;
    match resource.kind {
        TOPIC_RESOURCE => {
            let change = || {
                controller.change_topic_configs(
                    &resource.name,
                    &alterations,
                    resource.replaces,
                    validate_only,
                )
            };
            blocking(change)
        }
        BROKER_RESOURCE => {
            let change = || {
                controller.change_broker_configs(
                    &resource.name,
                    &alterations,
                    resource.replaces,
                    validate_only,
                )
            };
            blocking(change)
        }
        kind @ (GROUP_RESOURCE | CLIENT_METRICS_RESOURCE) => {
            let named = (kind, resource.name.as_str());
            blocking(|| {
                controller.change_keyed_configs(named, &alterations, resource.replaces, validate_only)
            })
        }
        other => invalid(format!("Unknown resource type {other}")),
    }
}

fn may_change(call: &Call, resource: &ResourceChange) -> Result<(), ChangeError> {
    let (operation, name) = (Operation::AlterConfigs, resource.name.as_str());
    let (is_allowed, error) = match resource.kind {
        TOPIC_RESOURCE => {
            (call.may(operation, ResourceType::Topic, name), ErrorCode::TOPIC_AUTHORIZATION_FAILED)
        }
        GROUP_RESOURCE => {
            (call.may(operation, ResourceType::Group, name), ErrorCode::GROUP_AUTHORIZATION_FAILED)
        }
        _ => (call.may_on_cluster(operation), ErrorCode::CLUSTER_AUTHORIZATION_FAILED),
    };
    if is_allowed { Ok(()) } else { Err(ChangeError::Denied { error }) }
}

fn invalid<T>(reason: String) -> Result<T, ChangeError> {
    Err(ChangeError::InvalidRequest { reason })
}

fn alterations(settings: &[SettingChange]) -> Result<Vec<Alteration<'_>>, ChangeError> {
    let mut names = HashSet::new();
    if !settings.iter().all(|setting| names.insert(setting.name.as_str())) {
        return invalid("Error due to duplicate config keys".to_owned());
    }
    let mut nulls = Vec::new();
    let mut alterations = Vec::with_capacity(settings.len());
    for SettingChange { name, operation: id, value } in settings {
        let Some(operation) = AlterOperation::of_id(*id) else {
            return invalid(format!("Unknown operations type {id}"));
        };
        if value.is_none() && operation != AlterOperation::Delete {
            nulls.push(name.as_str());
        }
        alterations.push(Alteration { name, operation, value: value.as_deref() });
    }
    if !nulls.is_empty() {
        return invalid(format!("Null value not supported for : {}", nulls.join(", ")));
    }
    Ok(alterations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_changes_are_refused_with_kafkas_words() {
        let setting = |name: &str, operation, value: Option<&str>| SettingChange {
            name: name.to_owned(),
            operation,
            value: value.map(str::to_owned),
        };
        let refused = |settings: &[SettingChange]| alterations(settings).expect_err("refused").to_string();
        let null = [setting("a", 0, None), setting("b", 1, None), setting("c", 2, None)];
        assert_eq!(refused(&null), "Null value not supported for : a, c");
        let twice = [setting("a", 0, Some("1")), setting("a", 1, None)];
        assert_eq!(refused(&twice), "Error due to duplicate config keys");
        assert_eq!(refused(&[setting("a", 9, Some("1"))]), "Unknown operations type 9");
        assert_eq!(alterations(&null[1..2]).expect("allowed").len(), 1);
    }
}
