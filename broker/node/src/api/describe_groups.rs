//! DescribeGroups.

use strait_wire::message::describe_groups::{DescribeGroupsRequest, DescribeGroupsResponse};

use crate::broker::Broker;
use crate::dispatch::Caller;

pub(crate) async fn handle(
    broker: &Broker,
    caller: Caller<'_>,
    request: DescribeGroupsRequest,
) -> DescribeGroupsResponse {
    let describe = |group: &String| broker.groups.look(|groups| groups.describe(group, caller.version));
    let groups = request.groups.iter().map(describe).collect();
    DescribeGroupsResponse { groups, ..DescribeGroupsResponse::default() }
}
