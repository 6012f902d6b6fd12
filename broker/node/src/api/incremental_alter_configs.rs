//! IncrementalAlterConfigs (44), versions 0 to 1.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::incremental_alter_configs::{
    AlterConfigsResourceResponse, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};

use super::config_changes::{ResourceChange, SettingChange, change};
use crate::call::Call;

pub(crate) async fn handle(
    call: &Call,
    request: IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
    let resources = request.resources.into_iter().map(|resource| ResourceChange {
        kind: resource.resource_type,
        name: resource.resource_name,
        settings: resource
            .configs
            .into_iter()
            .map(|config| SettingChange {
                name: config.name,
                operation: config.config_operation,
                value: config.value,
            })
            .collect(),
        replaces: false,
    });
    let resources: Vec<_> = resources.collect();
    let changed = change(call, &resources, request.validate_only);
    let responses = resources.into_iter().zip(changed).map(|(resource, changed)| {
        let (resource_type, resource_name) = (resource.kind, resource.name);
        let (error_code, error_message) = match changed {
            Ok(()) => (ErrorCode::NONE.0, None),
            Err(error) => (error.code().0, Some(error.to_string())),
        };
        AlterConfigsResourceResponse { error_code, error_message, resource_type, resource_name }
    });
    IncrementalAlterConfigsResponse { throttle_time_ms: 0, responses: responses.collect() }
}
