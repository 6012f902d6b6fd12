//! DeleteTopics (20), versions 1 to 6.

use std::time::Duration;

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::group::Outcome;
use strait_wire::batch::Stamp;
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::delete_topics::{
    DeletableTopicResult, DeleteTopicState, DeleteTopicsRequest, DeleteTopicsResponse,
};

use crate::call::Call;
use crate::node::{Node, blocking};
use crate::quotas::Mutations;
use crate::topics::Topic;

/// First version whose clients know that a quota may refuse removals.
const STRICT_QUOTA: i16 = 5;

pub(crate) async fn handle(call: &Call, request: DeleteTopicsRequest) -> DeleteTopicsResponse {
    let named = request.topic_names.into_iter().map(|name| (Some(name), Uuid::ZERO));
    let wanted = request.topics.into_iter().map(|DeleteTopicState { name, topic_id }| (name, topic_id));
    let mutations = Mutations::new(call, STRICT_QUOTA);
    let responses = named.chain(wanted).map(|(name, id)| delete(call, name, id, &mutations)).collect();
    DeleteTopicsResponse { throttle_time_ms: mutations.throttle_ms(), responses }
}

fn delete(call: &Call, name: Option<String>, id: Uuid, mutations: &Mutations<'_>) -> DeletableTopicResult {
    let failed = |name: Option<String>, error: ErrorCode, error_message: Option<String>| {
        DeletableTopicResult { name, topic_id: id, error_code: error.0, error_message }
    };
    let refused = |name, error, message: String| failed(name, error, Some(message));
    if name.is_some() && !id.is_zero() {
        let message = "You may not specify both topic name and topic id.".to_owned();
        return refused(name, ErrorCode::INVALID_REQUEST, message);
    }
    let node = &call.node;
    let is_named = name.is_some();
    let (may_describe, may_delete) = match call.may_on_cluster(Operation::Delete) {
        true => (true, true),
        false => {
            let known = name.clone().or_else(|| node.topics.by_id(id).map(|topic| topic.name.clone()));
            let may = |operation| {
                known.as_deref().is_none_or(|known| call.may(operation, ResourceType::Topic, known))
            };
            (may(Operation::Describe), may(Operation::Delete))
        }
    };
    let denied = |name| {
        let message = "Topic authorization failed.".to_owned();
        refused(name, ErrorCode::TOPIC_AUTHORIZATION_FAILED, message)
    };
    // Whoever may not know of a topic does not learn whether it is there.
    if !may_describe {
        return denied(name);
    }
    let found = name.as_deref().map_or_else(|| node.topics.by_id(id), |name| node.topics.by_name(name));
    let Some(topic) = found else {
        let error = match name {
            Some(_) => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            None => ErrorCode::UNKNOWN_TOPIC_ID,
        };
        return refused(name, error, "This server does not host this topic-partition.".to_owned());
    };
    if !may_delete {
        return match is_named {
            true => denied(name),
            false => denied(Some(topic.name.clone())),
        };
    }
    match blocking(|| node.controller.delete_topic(&topic, |partitions| mutations.ask(partitions))) {
        Ok(folders) => {
            node.remove_later(folders, delay(node, &topic));
            forget_offsets(node, &topic.name);
            let (name, topic_id) = (Some(topic.name.clone()), topic.id);
            DeletableTopicResult { name, topic_id, ..Default::default() }
        }
        Err(error) => failed(Some(topic.name.clone()), error.code(), error.message()),
    }
}

/// What groups committed for the topic goes with it.
fn forget_offsets(node: &Node, topic: &str) {
    for shard in node.groups.shards() {
        let forgotten = shard.perform(Stamp::NONE, |groups, _| {
            let effects = groups.topic_deleted(topic);
            Outcome { response: (), effects }
        });
        if let Err(error) = forgotten {
            tracing::warn!(topic, %error, "offsets of a deleted topic not removed");
        }
    }
}

/// Fetches that are under way may still read the files.
fn delay(node: &Node, topic: &Topic) -> Duration {
    let delay = topic.configs.over(&node.settings.in_force()).number("file.delete.delay.ms");
    Duration::from_millis(u64::try_from(delay).unwrap_or_default())
}
