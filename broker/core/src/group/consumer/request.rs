//! A ConsumerGroupHeartbeat on its way, and whether it makes sense (`GroupCoordinatorService`).

use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::consumer_group_heartbeat::{ConsumerGroupHeartbeatRequest, TopicPartitions};

use super::assignor::Assignor;
use super::member::{AWAY_EPOCH, LEAVE_EPOCH};
use super::refusal::Refusal;
use crate::group::groups::Caller;

/// From this version on members choose their ids (KIP-1082).
const OWN_MEMBER_ID_SINCE: i16 = 1;

/// A heartbeat of a member.
#[derive(Clone, Copy)]
pub struct ConsumerHeartbeat<'a> {
    pub request: &'a ConsumerGroupHeartbeatRequest,
    pub caller: Caller<'a>,
    /// The id of a new member that brings none.
    pub new_member_id: Uuid,
    /// Whether the client may know of a topic: an expression matches no others.
    pub may_describe: &'a dyn Fn(&str) -> bool,
}

impl<'a> ConsumerHeartbeat<'a> {
    pub(in crate::group) fn joins(&self) -> bool {
        self.request.member_epoch == 0
    }

    pub(in crate::group) fn leaves(&self) -> bool {
        matches!(self.request.member_epoch, LEAVE_EPOCH | AWAY_EPOCH)
    }

    pub(super) fn reported(&self) -> Option<&'a [TopicPartitions]> {
        self.request.topic_partitions.as_deref()
    }

    /// Whether the member told all that it knows: it does not know how far the coordinator is.
    pub(super) fn is_full(&self) -> bool {
        let request = self.request;
        let subscribes = request.subscribed_topic_names.is_some() || request.subscribed_topic_regex.is_some();
        self.joins() || request.rebalance_timeout_ms != -1 && subscribes && request.topic_partitions.is_some()
    }

    pub(in crate::group) fn check(&self) -> Result<(), Refusal> {
        let request = self.request;
        let invalid = |message: &str| Err(Refusal::new(ErrorCode::INVALID_REQUEST, message));
        let is_blank = |text: Option<&str>| text.is_some_and(|text| text.trim().is_empty());
        let needs_id = self.caller.version >= OWN_MEMBER_ID_SINCE
            || request.member_epoch > 0
            || request.member_epoch == LEAVE_EPOCH;
        if needs_id && is_blank(Some(&request.member_id)) {
            return invalid("MemberId can't be empty.");
        }
        if is_blank(Some(&request.group_id)) {
            return invalid("GroupId can't be empty.");
        }
        if is_blank(request.instance_id.as_deref()) {
            return invalid("InstanceId can't be empty.");
        }
        if is_blank(request.rack_id.as_deref()) {
            return invalid("RackId can't be empty.");
        }
        match request.member_epoch {
            0 => self.check_join()?,
            AWAY_EPOCH if request.instance_id.is_none() => return invalid("InstanceId can't be null."),
            epoch if epoch < AWAY_EPOCH => return invalid("MemberEpoch is invalid."),
            _ => {}
        }
        match &request.server_assignor {
            Some(name) if Assignor::of_name(name).is_none() => Err(Refusal::new(
                ErrorCode::UNSUPPORTED_ASSIGNOR,
                format!(
                    "ServerAssignor {name} is not supported. Supported assignors: {}.",
                    Assignor::names().join(", ")
                ),
            )),
            _ => Ok(()),
        }
    }

    fn check_join(&self) -> Result<(), Refusal> {
        let request = self.request;
        let invalid = |message: &str| Err(Refusal::new(ErrorCode::INVALID_REQUEST, message));
        if request.rebalance_timeout_ms == -1 {
            return invalid("RebalanceTimeoutMs must be provided in first request.");
        }
        if request.topic_partitions.as_ref().is_none_or(|partitions| !partitions.is_empty()) {
            return invalid("TopicPartitions must be empty when (re-)joining.");
        }
        if request.subscribed_topic_names.is_none() && request.subscribed_topic_regex.is_none() {
            return invalid(
                "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
            );
        }
        Ok(())
    }
}
