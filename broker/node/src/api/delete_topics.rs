//! DeleteTopics, by name or by id.

use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::delete_topics::{DeletableTopicResult, DeleteTopicsRequest, DeleteTopicsResponse};

use crate::broker::Broker;
use crate::dispatch::Caller;
use crate::group_coordinator::OFFSETS_TOPIC;

/// From this version on topics may be named by id (KIP-516).
const IDS_SINCE: i16 = 6;

pub(crate) async fn handle(
    broker: &Broker,
    caller: Caller<'_>,
    request: DeleteTopicsRequest,
) -> DeleteTopicsResponse {
    let responses = if caller.version >= IDS_SINCE {
        request.topics.into_iter().map(|topic| delete(broker, topic.name, topic.topic_id)).collect()
    } else {
        request.topic_names.into_iter().map(|name| delete(broker, Some(name), Uuid::ZERO)).collect()
    };
    DeleteTopicsResponse { responses, ..DeleteTopicsResponse::default() }
}

fn delete(broker: &Broker, name: Option<String>, topic_id: Uuid) -> DeletableTopicResult {
    let refused = |name: Option<String>, code: ErrorCode, message: &str| DeletableTopicResult {
        name,
        topic_id,
        error_code: code.0,
        error_message: Some(message.to_owned()),
    };
    let known = match name {
        Some(name) => name,
        None => match broker.catalog().topic_by_id(topic_id) {
            Some(topic) => topic.name.clone(),
            None => {
                let message = "This server does not host this topic ID.";
                return refused(None, ErrorCode::UNKNOWN_TOPIC_ID, message);
            }
        },
    };
    if known == OFFSETS_TOPIC {
        let message = "The broker's own topic can't be deleted.";
        return refused(Some(known), ErrorCode::INVALID_REQUEST, message);
    }
    let removed = broker.catalog().remove(&known);
    match removed {
        Ok(topic) => {
            let forgotten = broker.groups.act(|groups| strait_broker_core::group::Outcome {
                response: (),
                effects: groups.topic_deleted(&topic.name),
            });
            if let Err(code) = forgotten {
                tracing::error!(topic = %topic.name, %code, "offsets of a deleted topic are kept");
            }
            DeletableTopicResult {
                name: Some(topic.name),
                topic_id: topic.id,
                ..DeletableTopicResult::default()
            }
        }
        Err(refusal) => refused(Some(known), refusal.code, &refusal.message),
    }
}
