//! Being in a group of the classic protocol that is none of consumers: its members have a protocol of their own, and
//! what they tell each other are bytes here.

use std::time::Duration;

use bytes::Bytes;
use strait_wire::codec::{Message, Request};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::heartbeat::{HeartbeatRequest, HeartbeatResponse};
use strait_wire::message::join_group::{JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse};
use strait_wire::message::leave_group::{LeaveGroupRequest, LeaveGroupResponse, MemberIdentity};
use strait_wire::message::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse};

use crate::admin::result;
use crate::cluster::Cluster;
use crate::coordinator::{Coordinator, CoordinatorKey};
use crate::error::ClientError;

/// The group, and who we are in it.
#[derive(Clone, Debug)]
pub struct MembershipConfig {
    pub group: String,
    /// Who we are over restarts (`group.instance.id`, KIP-345).
    pub instance: String,
    pub protocol_type: String,
    /// The one protocol that all members understand.
    pub protocol: String,
    /// After so long without a sign of life a member is out.
    pub session_timeout: Duration,
    /// How long a round waits for members to join again.
    pub rebalance_timeout: Duration,
}

/// A round of the group has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    pub generation: i32,
    /// All members by id with what they told, where we are to assign; nothing else is to be done by others.
    pub to_assign: Option<Vec<(String, Bytes)>>,
}

/// A static member. Joining waits for the other members on a connection that is used by all requests to that broker, so
/// that `cluster` should be of this member's own.
#[derive(Debug)]
pub struct Membership {
    config: MembershipConfig,
    coordinator: Coordinator,
    member_id: String,
    generation: i32,
}

impl Membership {
    pub fn new(cluster: Cluster, config: MembershipConfig) -> Self {
        let key = CoordinatorKey::Group(config.group.clone());
        Self { config, coordinator: Coordinator::new(cluster, key), member_id: String::new(), generation: -1 }
    }

    /// Waits for all members to tell their `metadata`.
    pub async fn join(&mut self, metadata: Bytes, reason: &str) -> Result<Round, ClientError> {
        let config = &self.config;
        let millis = |duration: Duration| i32::try_from(duration.as_millis()).unwrap_or(i32::MAX);
        let mut request = JoinGroupRequest {
            group_id: config.group.clone(),
            session_timeout_ms: millis(config.session_timeout),
            rebalance_timeout_ms: millis(config.rebalance_timeout),
            member_id: self.member_id.clone(),
            group_instance_id: Some(config.instance.clone()),
            protocol_type: config.protocol_type.clone(),
            protocols: vec![JoinGroupRequestProtocol { name: config.protocol.clone(), metadata }],
            reason: Some(reason.to_owned()),
        };
        let code = |response: &JoinGroupResponse| match ErrorCode(response.error_code) {
            ErrorCode::MEMBER_ID_REQUIRED => Ok(()),
            _ => result(response.error_code, None),
        };
        let mut answer = self.coordinator.ask_checked(&request, JoinGroupRequest::MAX_VERSION, &code).await?;
        if ErrorCode(answer.error_code) == ErrorCode::MEMBER_ID_REQUIRED {
            request.member_id = answer.member_id;
            answer = self.coordinator.ask_checked(&request, JoinGroupRequest::MAX_VERSION, &code).await?;
            result(answer.error_code, None)
                .map_err(|error| ClientError::Broker { api: JoinGroupRequest::KEY, error })?;
        }
        (self.member_id, self.generation) = (answer.member_id, answer.generation_id);
        let is_leader = answer.leader == self.member_id && !answer.skip_assignment;
        let members = answer.members.into_iter().map(|member| (member.member_id, member.metadata));
        Ok(Round { generation: self.generation, to_assign: is_leader.then(|| members.collect()) })
    }

    /// Ends the round: gives what the leader assigned to us. The leader gives all assignments by member id.
    pub async fn sync(&self, assignments: Vec<(String, Bytes)>) -> Result<Bytes, ClientError> {
        let assignments = assignments.into_iter();
        let assignments =
            assignments.map(|(member_id, assignment)| SyncGroupRequestAssignment { member_id, assignment });
        let request = SyncGroupRequest {
            group_id: self.config.group.clone(),
            generation_id: self.generation,
            member_id: self.member_id.clone(),
            group_instance_id: Some(self.config.instance.clone()),
            protocol_type: Some(self.config.protocol_type.clone()),
            protocol_name: Some(self.config.protocol.clone()),
            assignments: assignments.collect(),
        };
        let code = |response: &SyncGroupResponse| result(response.error_code, None);
        let answer = self.coordinator.ask_checked(&request, SyncGroupRequest::MAX_VERSION, &code).await?;
        Ok(answer.assignment)
    }

    /// A sign of life. An error's code tells what became of us.
    pub async fn heartbeat(&self) -> Result<(), ClientError> {
        let request = HeartbeatRequest {
            group_id: self.config.group.clone(),
            generation_id: self.generation,
            member_id: self.member_id.clone(),
            group_instance_id: Some(self.config.instance.clone()),
        };
        let code = |response: &HeartbeatResponse| result(response.error_code, None);
        self.coordinator.ask_checked(&request, HeartbeatRequest::MAX_VERSION, &code).await.map(drop)
    }

    /// We are a member no more: the next round begins as somebody new.
    pub fn forget(&mut self) {
        self.member_id.clear();
        self.generation = -1;
    }

    /// Leaves for good, so that others need not wait until we seem to be gone.
    pub async fn leave(&mut self, reason: &str) -> Result<(), ClientError> {
        if self.member_id.is_empty() {
            return Ok(());
        }
        let identity = MemberIdentity {
            member_id: std::mem::take(&mut self.member_id),
            group_instance_id: Some(self.config.instance.clone()),
            reason: Some(reason.to_owned()),
        };
        self.forget();
        let (group_id, member_id) = (self.config.group.clone(), String::new());
        let request = LeaveGroupRequest { group_id, member_id, members: vec![identity] };
        let code = |response: &LeaveGroupResponse| {
            let of_member = response.members.first().map_or(0, |member| member.error_code);
            result(if response.error_code == 0 { of_member } else { response.error_code }, None)
        };
        self.coordinator.ask_checked(&request, LeaveGroupRequest::MAX_VERSION, &code).await.map(drop)
    }
}
