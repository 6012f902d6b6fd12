//! IncrementalAlterConfigs of topics (KIP-339).

use strait_wire::error_code::ErrorCode;
use strait_wire::message::incremental_alter_configs::{
    AlterConfigsResource, AlterConfigsResourceResponse, AlterableConfig, IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
};

use super::describe_configs::TOPIC;
use crate::broker::Broker;
use crate::catalog::{Refusal, refusal};
use crate::dispatch::Caller;
use crate::topic_config::{Kind, Overrides, SETTINGS};

/// `AlterConfigOp.OpType`.
const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

pub(crate) async fn handle(
    broker: &Broker,
    _: Caller<'_>,
    request: IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
    let responses = request.resources.into_iter().map(|resource| {
        let refusal = alter(broker, &resource, request.validate_only).err();
        AlterConfigsResourceResponse {
            error_code: refusal.as_ref().map_or(0, |refusal| refusal.code.0),
            error_message: refusal.map(|refusal| refusal.message),
            resource_type: resource.resource_type,
            resource_name: resource.resource_name,
        }
    });
    IncrementalAlterConfigsResponse { responses: responses.collect(), ..Default::default() }
}

fn alter(broker: &Broker, resource: &AlterConfigsResource, validate_only: bool) -> Result<(), Refusal> {
    if resource.resource_type != TOPIC {
        let message = "settings of the broker can't be changed while it runs".to_owned();
        return Err(refusal(ErrorCode::INVALID_REQUEST, message));
    }
    let mut catalog = broker.catalog();
    let known = catalog.topic(&resource.resource_name).map(|topic| topic.overrides.clone());
    let mut overrides = known.ok_or_else(|| {
        let message = format!("The topic '{}' does not exist.", resource.resource_name);
        refusal(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, message)
    })?;
    for change in &resource.configs {
        apply(&mut overrides, change)?;
    }
    catalog.configure(&resource.resource_name, overrides, validate_only)
}

fn apply(overrides: &mut Overrides, change: &AlterableConfig) -> Result<(), Refusal> {
    let name = &change.name;
    let value = || {
        let missing = || refusal(ErrorCode::INVALID_CONFIG, format!("Null value not supported for : {name}"));
        change.value.clone().ok_or_else(missing)
    };
    match change.config_operation {
        SET => drop(overrides.insert(name.clone(), value()?)),
        DELETE => drop(overrides.remove(name)),
        APPEND | SUBTRACT => {
            let setting = SETTINGS.iter().find(|setting| setting.name == name && setting.kind == Kind::List);
            let Some(setting) = setting else {
                let message = format!("{name} is no list: nothing can be added to it or taken away");
                return Err(refusal(ErrorCode::INVALID_CONFIG, message));
            };
            let now = overrides.get(name).map_or(setting.default, String::as_str);
            let changed = list(now, &value()?, change.config_operation == APPEND);
            overrides.insert(name.clone(), changed);
        }
        other => {
            let message = format!("Unsupported operation {other}");
            return Err(refusal(ErrorCode::INVALID_REQUEST, message));
        }
    }
    Ok(())
}

fn list(now: &str, values: &str, is_added: bool) -> String {
    let parts = |text: &str| -> Vec<String> {
        text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    };
    let (mut list, values) = (parts(now), parts(values));
    list.retain(|part| !values.contains(part));
    if is_added {
        list.extend(values);
    }
    list.join(",")
}
