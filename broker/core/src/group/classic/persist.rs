//! The group as its record, and back.

use strait_wire::message::join_group::JoinGroupRequestProtocol;

use super::{ClassicGroup, Member, State};
use crate::internal_record::GroupRecord;
use crate::internal_record::group_metadata::{GroupMetadataValue, MemberMetadata};

impl ClassicGroup {
    /// The group as it stands: written when it becomes stable or empty, and when a static member came back.
    pub(in crate::group) fn record(&self) -> GroupRecord {
        GroupRecord::Group { group: self.id.clone(), value: Some(self.metadata()) }
    }

    fn metadata(&self) -> GroupMetadataValue {
        let protocol = self.protocol.as_deref().unwrap_or_default();
        let members = self.members.iter().map(|(id, member)| MemberMetadata {
            member_id: id.clone(),
            group_instance_id: member.instance_id.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            rebalance_timeout: member.rebalance_timeout_ms,
            session_timeout: member.session_timeout_ms,
            subscription: member.metadata(protocol),
            assignment: member.assignment.clone(),
        });
        GroupMetadataValue {
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            generation: self.generation,
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            current_state_timestamp: self.state_since_ms,
            members: members.collect(),
        }
    }

    /// The group that a record describes: stable with members, empty without.
    pub(in crate::group) fn from_record(id: String, value: GroupMetadataValue) -> Self {
        let mut group = Self::new(id, value.current_state_timestamp);
        group.generation = value.generation;
        group.protocol_type = Some(value.protocol_type).filter(|kind| !kind.is_empty());
        group.protocol = value.protocol;
        group.leader = value.leader;
        if !value.members.is_empty() {
            group.state = State::Stable;
            group.previous_state = State::CompletingRebalance;
        }
        for member in value.members {
            group.add_loaded(member);
        }
        group.subscribed_topics = group.read_subscriptions();
        group
    }

    fn add_loaded(&mut self, loaded: MemberMetadata) {
        let protocol_type = self.protocol_type.clone().unwrap_or_default();
        let name = self.protocol.clone().unwrap_or_default();
        // Version 0 had one timeout for both.
        let rebalance_timeout_ms = match loaded.rebalance_timeout {
            -1 => loaded.session_timeout,
            timeout_ms => timeout_ms,
        };
        let member = Member {
            instance_id: loaded.group_instance_id,
            client_id: loaded.client_id,
            client_host: loaded.client_host,
            rebalance_timeout_ms,
            session_timeout_ms: loaded.session_timeout,
            protocol_type,
            protocols: vec![JoinGroupRequestProtocol { name, metadata: loaded.subscription }],
            assignment: loaded.assignment,
            joining: None,
            syncing: None,
            is_new: false,
        };
        self.add(&loaded.member_id, member);
    }
}
