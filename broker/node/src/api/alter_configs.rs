//! AlterConfigs (33), versions 0 to 2: all settings of a topic, a broker or a group are replaced.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::alter_configs::{
    AlterConfigsRequest, AlterConfigsResource, AlterConfigsResourceResponse, AlterConfigsResponse,
};

use crate::call::Call;
use crate::controller::{ChangeError, ConfigChange, ConfigOperation, ConfigResource};
use crate::node::{Node, blocking};

pub(crate) async fn handle(call: &Call, request: AlterConfigsRequest) -> AlterConfigsResponse {
    let responses = request.resources.into_iter().map(|resource| {
        let (resource_type, resource_name) = (resource.resource_type, resource.resource_name.clone());
        let (error_code, error_message) = match replace(&call.node, resource, request.validate_only) {
            Ok(()) => (ErrorCode::NONE.0, None),
            Err(error) => (error.code().0, Some(error.to_string())),
        };
        AlterConfigsResourceResponse { error_code, error_message, resource_type, resource_name }
    });
    AlterConfigsResponse { throttle_time_ms: 0, responses: responses.collect() }
}

fn replace(node: &Node, resource: AlterConfigsResource, validate_only: bool) -> Result<(), ChangeError> {
    let changed = ConfigResource::new(resource.resource_type, &resource.resource_name)?;
    let values = resource.configs.into_iter().map(|config| ConfigChange {
        name: config.name,
        operation: ConfigOperation::Set,
        value: config.value,
    });
    let values = values.collect();
    blocking(|| node.controller.replace_configs(changed, values, validate_only))
}
