//! IncrementalAlterConfigs (44), versions 0 to 1: settings of topics, brokers and groups.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::incremental_alter_configs::{
    AlterConfigsResource, AlterConfigsResourceResponse, AlterableConfig, IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
};

use crate::call::Call;
use crate::controller::{ChangeError, ConfigChange, ConfigOperation, ConfigResource};
use crate::node::{Node, blocking};

pub(crate) async fn handle(
    call: &Call,
    request: IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
    let responses = request.resources.into_iter().map(|resource| {
        let AlterConfigsResource { resource_type, resource_name, configs } = resource;
        let changed = change(&call.node, (resource_type, &resource_name), configs, request.validate_only);
        let (error_code, error_message) = match changed {
            Ok(()) => (ErrorCode::NONE.0, None),
            Err(error) => (error.code().0, Some(error.to_string())),
        };
        AlterConfigsResourceResponse { error_code, error_message, resource_type, resource_name }
    });
    IncrementalAlterConfigsResponse { throttle_time_ms: 0, responses: responses.collect() }
}

fn change(
    node: &Node,
    (resource_type, resource): (i8, &str),
    configs: Vec<AlterableConfig>,
    validate_only: bool,
) -> Result<(), ChangeError> {
    let resource = ConfigResource::new(resource_type, resource)?;
    let changes = configs.into_iter().map(|config| {
        let operation = operation(config.config_operation)?;
        Ok(ConfigChange { name: config.name, operation, value: config.value })
    });
    let changes = changes.collect::<Result<Vec<_>, ChangeError>>()?;
    blocking(|| node.controller.change_configs(resource, changes, validate_only))
}

fn operation(code: i8) -> Result<ConfigOperation, ChangeError> {
    match code {
        0 => Ok(ConfigOperation::Set),
        1 => Ok(ConfigOperation::Delete),
        2 => Ok(ConfigOperation::Append),
        3 => Ok(ConfigOperation::Subtract),
        other => Err(ChangeError::InvalidRequest { reason: format!("Unknown operation type {other}") }),
    }
}
