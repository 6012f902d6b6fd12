//! What a request asks for: all of it is in the request, or in a session (KIP-227) that the request changes.

use std::sync::Arc;

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_log::FileRange;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::fetch::{FetchRequest, FetchResponse, FetchableTopicResponse};

use super::answer::Found;
use crate::call::Call;
use crate::fetch_session::{Change, FetchSession, SessionPartition, TopicKey};
use crate::partition::Partition;

/// First version with topics by id.
const BY_ID: i16 = 13;

/// One partition that is asked for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) asked: SessionPartition,
    /// The partition, or why it can't be read.
    pub(super) partition: Result<Arc<Partition>, ErrorCode>,
}

/// A request with its session.
#[derive(Debug)]
pub(super) struct Fetch {
    wanted: Vec<Wanted>,
    /// None where the client did not want one.
    session: Option<FetchSession>,
    /// Only what changed is answered.
    is_incremental: bool,
}

/// Finds the session of a request and the partitions that it asks for.
pub(super) fn fetch(call: &Call, request: FetchRequest) -> Result<Fetch, ErrorCode> {
    let (session_id, session_epoch) = (request.session_id, request.session_epoch);
    let is_by_id = call.version >= BY_ID;
    let change = change(request, is_by_id);
    let (session, asked, is_incremental) =
        call.node.fetch_sessions.begin(session_id, session_epoch, is_by_id, change)?;
    let wanted = asked.into_iter().map(|asked| Wanted { partition: find(call, &asked), asked });
    let mut wanted: Vec<Wanted> = wanted.collect();
    // As in Kafka those that are not there are answered last.
    wanted.sort_by_key(|wanted| wanted.partition.is_err());
    Ok(Fetch { wanted, session, is_incremental })
}

fn change(request: FetchRequest, is_by_id: bool) -> Change {
    let key = |name: String, id| if is_by_id { TopicKey::Id(id) } else { TopicKey::Name(name) };
    let mut change = Change::default();
    for topic in request.topics {
        let topic_key = key(topic.topic, topic.topic_id);
        change.asked.extend(topic.partitions.iter().map(|asked| SessionPartition::new(&topic_key, asked)));
    }
    for topic in request.forgotten_topics_data {
        let topic_key = key(topic.topic, topic.topic_id);
        change.forgotten.extend(topic.partitions.iter().map(|index| (topic_key.clone(), *index)));
    }
    change
}

fn find(call: &Call, asked: &SessionPartition) -> Result<Arc<Partition>, ErrorCode> {
    let may_read = |name: &str| match call.may(Operation::Read, ResourceType::Topic, name) {
        true => Ok(()),
        false => Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED),
    };
    let topic = match &asked.topic {
        TopicKey::Name(name) => {
            may_read(name)?;
            call.node.topics.by_name(name).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?
        }
        TopicKey::Id(id) => {
            let topic = call.node.topics.by_id(*id).ok_or(ErrorCode::UNKNOWN_TOPIC_ID)?;
            may_read(&topic.name)?;
            topic
        }
    };
    topic.partition(asked.index).cloned().ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
}

impl Fetch {
    pub(super) fn wanted(&self) -> impl Iterator<Item = &Wanted> {
        self.wanted.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        // A session without partitions waits, as in Kafka: its client asks again and again.
        self.wanted.is_empty() && self.session.is_none()
    }

    pub(super) fn partitions(&self) -> impl Iterator<Item = &Arc<Partition>> {
        self.wanted.iter().filter_map(|wanted| wanted.partition.as_ref().ok())
    }

    /// An answer without anything, to a client that is held back. A session that goes on stays as it is.
    pub(super) fn put_off(self, call: &Call, throttle_time_ms: i32) -> FetchResponse {
        let session = self.session.filter(|_| self.is_incremental);
        let session_id = session.map_or(0, |session| call.node.fetch_sessions.keep(session));
        FetchResponse { session_id, throttle_time_ms, ..Default::default() }
    }

    /// The answer with what was found for each wanted partition, in order, and the records that stay in files. Keeps the
    /// session for the next request.
    pub(super) fn respond(mut self, call: &Call, found: Vec<Found>) -> (FetchResponse, Vec<FileRange>) {
        let mut files = Vec::new();
        let mut responses: Vec<FetchableTopicResponse> = Vec::new();
        let mut last: Option<TopicKey> = None;
        for (wanted, found) in self.wanted.into_iter().zip(found) {
            let mut is_shown = !self.is_incremental;
            if let Some(session) = &mut self.session {
                is_shown |=
                    session.answered(&wanted.asked, found.told(), found.has_records(), found.is_error());
            }
            if !is_shown {
                continue;
            }
            let (data, file) = found.into_data(wanted.asked.index);
            files.extend(file);
            match responses.last_mut().filter(|_| last.as_ref() == Some(&wanted.asked.topic)) {
                Some(topic) => topic.partitions.push(data),
                None => responses.push(topic_response(&wanted.asked.topic, data)),
            }
            last = Some(wanted.asked.topic);
        }
        let session_id = self.session.map_or(0, |session| call.node.fetch_sessions.keep(session));
        (FetchResponse { session_id, responses, ..Default::default() }, files)
    }
}

fn topic_response(
    key: &TopicKey,
    data: strait_wire::message::fetch::PartitionData,
) -> FetchableTopicResponse {
    let partitions = vec![data];
    match key.clone() {
        TopicKey::Name(topic) => FetchableTopicResponse { topic, partitions, ..Default::default() },
        TopicKey::Id(topic_id) => FetchableTopicResponse { topic_id, partitions, ..Default::default() },
    }
}
