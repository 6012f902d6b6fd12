//! ListGroups (16), versions 0 to 5.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::message::list_groups::{ListGroupsRequest, ListGroupsResponse};

use crate::call::Call;

pub(crate) async fn handle(call: &Call, request: ListGroupsRequest) -> ListGroupsResponse {
    let ListGroupsRequest { states_filter, types_filter } = request;
    let mut groups = Vec::new();
    for shard in call.node.groups.shards() {
        match shard.look(|groups| groups.list(&states_filter, &types_filter)) {
            Ok(listed) => groups.extend(listed),
            Err(error) => return ListGroupsResponse { error_code: error.0, ..Default::default() },
        }
    }
    if !call.may_on_cluster(Operation::Describe) {
        groups.retain(|group| call.may(Operation::Describe, ResourceType::Group, &group.group_id));
    }
    ListGroupsResponse { groups, ..Default::default() }
}
