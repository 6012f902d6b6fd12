//! DescribeGroups (15), versions 0 to 6.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_groups::{DescribeGroupsRequest, DescribeGroupsResponse, DescribedGroup};

use crate::call::Call;

pub(crate) async fn handle(call: &Call, request: DescribeGroupsRequest) -> DescribeGroupsResponse {
    let groups = request.groups.into_iter().map(|group| {
        let described = describe(call, &group);
        let mut described = described.unwrap_or_else(|error| DescribedGroup {
            error_code: error.0,
            group_id: group,
            ..Default::default()
        });
        if request.include_authorized_operations && described.error_code == ErrorCode::NONE.0 {
            described.authorized_operations = call.operations(ResourceType::Group, &described.group_id);
        }
        described
    });
    DescribeGroupsResponse { throttle_time_ms: 0, groups: groups.collect() }
}

fn describe(call: &Call, group: &str) -> Result<DescribedGroup, ErrorCode> {
    if !call.may(Operation::Describe, ResourceType::Group, group) {
        return Err(ErrorCode::GROUP_AUTHORIZATION_FAILED);
    }
    call.node.groups.shard(group)?.look(|groups| groups.describe(group, call.version))
}
