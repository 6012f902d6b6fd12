//! DescribeGroups (15), versions 0 to 6.

use strait_wire::message::describe_groups::{DescribeGroupsRequest, DescribeGroupsResponse, DescribedGroup};

use crate::call::Call;

pub(crate) async fn handle(call: &Call, request: DescribeGroupsRequest) -> DescribeGroupsResponse {
    let groups = request.groups.into_iter().map(|group| {
        let shard = call.node.groups.shard(&group);
        let described = shard.and_then(|shard| shard.look(|groups| groups.describe(&group, call.version)));
        described.unwrap_or_else(|error| DescribedGroup {
            error_code: error.0,
            group_id: group,
            ..Default::default()
        })
    });
    DescribeGroupsResponse { throttle_time_ms: 0, groups: groups.collect() }
}
