//! OffsetFetch (9), versions 1 to 9. Before version 8 a request is about one group.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics, OffsetFetchResponse,
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};

use crate::call::Call;

/// First version with several groups.
const BATCHED: i16 = 8;
/// First version with an error for the group.
const GROUP_ERROR: i16 = 2;

pub(crate) async fn handle(call: &Call, request: OffsetFetchRequest) -> OffsetFetchResponse {
    let require_stable = request.require_stable;
    if call.version >= BATCHED {
        let groups = request.groups.iter().map(|group| fetch(call, group, require_stable));
        return OffsetFetchResponse { groups: groups.collect(), ..Default::default() };
    }
    let topics = request.topics.map(|topics| {
        let topics = topics.into_iter().map(|topic| OffsetFetchRequestTopics {
            name: topic.name,
            partition_indexes: topic.partition_indexes,
            ..Default::default()
        });
        topics.collect()
    });
    let group = OffsetFetchRequestGroup { group_id: request.group_id, topics, ..Default::default() };
    let fetched = fetch(call, &group, require_stable);
    let error_code = if call.version >= GROUP_ERROR { fetched.error_code } else { 0 };
    let topics = fetched.topics.into_iter().map(single);
    OffsetFetchResponse { error_code, topics: topics.collect(), ..Default::default() }
}

fn fetch(call: &Call, group: &OffsetFetchRequestGroup, require_stable: bool) -> OffsetFetchResponseGroup {
    if !call.may(Operation::Describe, ResourceType::Group, &group.group_id) {
        return refused(call, group, ErrorCode::GROUP_AUTHORIZATION_FAILED);
    }
    let may_see = |topic: &str| call.may(Operation::Describe, ResourceType::Topic, topic);
    let mut allowed = group.clone();
    let denied: Vec<_> = match &mut allowed.topics {
        Some(topics) => topics.extract_if(.., |topic| !may_see(&topic.name)).collect(),
        None => Vec::new(),
    };
    let shard = call.node.groups.shard(&group.group_id);
    let fetched = shard.and_then(|shard| shard.look(|groups| groups.fetch(&allowed, require_stable)));
    let mut fetched = fetched.unwrap_or_else(|error| refused(call, group, error));
    if fetched.error_code == ErrorCode::NONE.0 {
        // Who asks for all topics gets those that it may know of.
        fetched.topics.retain(|topic| group.topics.is_some() || may_see(&topic.name));
        let error = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
        fetched.topics.extend(denied.iter().map(|topic| refused_topic(topic, error)));
    }
    fetched
}

/// Before there was an error for the group, each partition had it.
fn refused(call: &Call, group: &OffsetFetchRequestGroup, error: ErrorCode) -> OffsetFetchResponseGroup {
    let named = group.topics.iter().flatten().filter(|_| call.version < GROUP_ERROR);
    let topics = named.map(|topic| refused_topic(topic, error));
    let (group_id, error_code) = (group.group_id.clone(), error.0);
    OffsetFetchResponseGroup { group_id, topics: topics.collect(), error_code }
}

fn refused_topic(topic: &OffsetFetchRequestTopics, error: ErrorCode) -> OffsetFetchResponseTopics {
    OffsetFetchResponseTopics {
        name: topic.name.clone(),
        partitions: topic.partition_indexes.iter().map(|index| refusal(*index, error)).collect(),
        ..Default::default()
    }
}

fn refusal(partition_index: i32, error: ErrorCode) -> OffsetFetchResponsePartitions {
    OffsetFetchResponsePartitions {
        partition_index,
        committed_offset: -1,
        committed_leader_epoch: -1,
        metadata: Some(String::new()),
        error_code: error.0,
    }
}

fn single(topic: OffsetFetchResponseTopics) -> OffsetFetchResponseTopic {
    let partitions = topic.partitions.into_iter().map(|partition| OffsetFetchResponsePartition {
        partition_index: partition.partition_index,
        committed_offset: partition.committed_offset,
        committed_leader_epoch: partition.committed_leader_epoch,
        metadata: partition.metadata,
        error_code: partition.error_code,
    });
    OffsetFetchResponseTopic { name: topic.name, partitions: partitions.collect() }
}
