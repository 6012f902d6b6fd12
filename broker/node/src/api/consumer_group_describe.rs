//! ConsumerGroupDescribe (69), versions 0 to 1.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::consumer_group_describe::{
    ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, DescribedGroup,
};

use super::check_consumer_protocol;
use crate::call::Call;

pub(crate) async fn handle(
    call: &Call,
    request: ConsumerGroupDescribeRequest,
) -> ConsumerGroupDescribeResponse {
    let groups = request.group_ids.into_iter().map(|group| {
        let mut described = describe(call, &group).unwrap_or_else(|error| refused(group, error, None));
        if request.include_authorized_operations && described.error_code == ErrorCode::NONE.0 {
            described.authorized_operations = call.operations(ResourceType::Group, &described.group_id);
        }
        described
    });
    ConsumerGroupDescribeResponse { throttle_time_ms: 0, groups: groups.collect() }
}

fn describe(call: &Call, group: &str) -> Result<DescribedGroup, ErrorCode> {
    check_consumer_protocol(call)?;
    if !call.may(Operation::Describe, ResourceType::Group, group) {
        return Err(ErrorCode::GROUP_AUTHORIZATION_FAILED);
    }
    let (shard, cluster) = (call.node.groups.shard(group)?, call.node.groups.cluster());
    let described = shard.look(|groups| groups.describe_consumer(group, cluster))?;
    if may_see(call, &described) {
        return Ok(described);
    }
    let message = "The group has described topic(s) that the client is not authorized to describe.";
    Ok(refused(described.group_id, ErrorCode::TOPIC_AUTHORIZATION_FAILED, Some(message)))
}

/// Whoever may not know of a topic does not learn of it here.
fn may_see(call: &Call, group: &DescribedGroup) -> bool {
    let members = group.members.iter();
    let assignments = members.flat_map(|member| [&member.assignment, &member.target_assignment]);
    let mut topics = assignments.flat_map(|assignment| &assignment.topic_partitions);
    topics.all(|topic| call.may(Operation::Describe, ResourceType::Topic, &topic.topic_name))
}

fn refused(group_id: String, error: ErrorCode, message: Option<&str>) -> DescribedGroup {
    let error_message = message.map(str::to_owned);
    DescribedGroup { error_code: error.0, error_message, group_id, ..Default::default() }
}
