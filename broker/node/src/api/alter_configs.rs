//! AlterConfigs (33), versions 0 to 2: all settings of a resource are replaced.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::alter_configs::{
    AlterConfigsRequest, AlterConfigsResourceResponse, AlterConfigsResponse,
};

use super::config_changes::{ResourceChange, SettingChange, change};
use crate::call::Call;

const SET: i8 = 0;

pub(crate) async fn handle(call: &Call, request: AlterConfigsRequest) -> AlterConfigsResponse {
    let resources = request.resources.into_iter().map(|resource| ResourceChange {
        kind: resource.resource_type,
        name: resource.resource_name,
        settings: resource
            .configs
            .into_iter()
            .map(|config| SettingChange { name: config.name, operation: SET, value: config.value })
            .collect(),
        replaces: true,
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
    AlterConfigsResponse { throttle_time_ms: 0, responses: responses.collect() }
}
