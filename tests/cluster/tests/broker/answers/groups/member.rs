//! Requests of members of a classic group. Ids are random, so they are told by the order in which they were given out.

use anyhow::{Context, Result};
use bytes::Bytes;
use strait_wire::message::delete_groups::DeleteGroupsRequest;
use strait_wire::message::describe_groups::DescribeGroupsRequest;
use strait_wire::message::heartbeat::HeartbeatRequest;
use strait_wire::message::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use strait_wire::message::leave_group::{LeaveGroupRequest, MemberIdentity};
use strait_wire::message::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};

use super::super::golden::Answers;
use super::super::peer::Peer;
use super::super::requests::error;
use crate::wire::Wire;

const JOIN: i16 = 9;
const SYNC: i16 = 5;
const HEARTBEAT: i16 = 4;
const LEAVE: i16 = 5;

/// A group as its members see it.
pub(crate) struct Group {
    pub(super) wire: Wire,
    pub(super) name: String,
    pub(super) protocol_type: String,
    pub(super) protocols: Vec<String>,
    pub(super) session_timeout_ms: i32,
    /// `group.instance.id` of whoever asks next.
    pub(super) instance: Option<String>,
    ids: Vec<String>,
    answers: Answers,
}

impl Group {
    pub(crate) fn open(peer: &Peer, name: &str) -> Result<Self> {
        Ok(Self {
            wire: peer.wire()?,
            name: name.to_owned(),
            protocol_type: "consumer".to_owned(),
            protocols: vec!["range".to_owned()],
            session_timeout_ms: 10_000,
            instance: None,
            ids: Vec::new(),
            answers: Answers::default(),
        })
    }

    pub(crate) fn into_answers(self) -> Answers {
        self.answers
    }

    pub(crate) fn note(&mut self, what: &str, answer: impl Into<String>) {
        self.answers.add_step(&self.name, what, answer);
    }

    /// An id as `member 1`, in the order in which they were seen; what a test made up stays as it is.
    fn shown(&mut self, id: &str) -> String {
        if id.len() < 32 {
            return format!("`{id}`");
        }
        let known = self.ids.iter().position(|known| known == id);
        let index = known.unwrap_or_else(|| {
            self.ids.push(id.to_owned());
            self.ids.len() - 1
        });
        format!("member {}", index + 1)
    }

    /// Joins in the newest version; gives the id in the answer.
    pub(crate) fn join(&mut self, what: &str, member_id: &str) -> Result<String> {
        self.join_version(JOIN, what, member_id)
    }

    pub(super) fn join_version(&mut self, version: i16, what: &str, member_id: &str) -> Result<String> {
        let protocols = self.protocols.iter().map(|name| JoinGroupRequestProtocol {
            name: name.clone(),
            metadata: Bytes::from_static(&[0, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
        });
        let request = JoinGroupRequest {
            group_id: self.name.clone(),
            session_timeout_ms: self.session_timeout_ms,
            rebalance_timeout_ms: 10_000,
            member_id: member_id.to_owned(),
            group_instance_id: self.instance.clone(),
            protocol_type: self.protocol_type.clone(),
            protocols: protocols.collect(),
            reason: None,
        };
        let answer = self.wire.ask(&request, version)?;
        let (leader, own) = (self.shown(&answer.leader), self.shown(&answer.member_id));
        let members: Vec<String> =
            answer.members.iter().map(|member| self.shown(&member.member_id)).collect();
        let text = format!(
            "{} generation {} protocol {:?} {:?} leader {leader} own {own} skip {} members [{}]",
            error(answer.error_code),
            answer.generation_id,
            answer.protocol_type,
            answer.protocol_name,
            answer.skip_assignment,
            members.join(",")
        );
        self.note(&format!("{what}: join in version {version}"), text);
        Ok(answer.member_id)
    }

    pub(crate) fn sync(&mut self, what: &str, generation: i32, member_id: &str) -> Result<()> {
        self.sync_as(what, generation, member_id, ("consumer", "range"))
    }

    pub(super) fn sync_as(
        &mut self,
        what: &str,
        generation_id: i32,
        member_id: &str,
        (protocol_type, protocol_name): (&str, &str),
    ) -> Result<()> {
        let assignment = Bytes::from(format!("assigned in {generation_id}"));
        let assignments = vec![SyncGroupRequestAssignment { member_id: member_id.to_owned(), assignment }];
        let request = SyncGroupRequest {
            group_id: self.name.clone(),
            generation_id,
            member_id: member_id.to_owned(),
            group_instance_id: self.instance.clone(),
            protocol_type: Some(protocol_type.to_owned()),
            protocol_name: Some(protocol_name.to_owned()),
            assignments,
        };
        let answer = self.wire.ask(&request, SYNC)?;
        let text = format!(
            "{} protocol {:?} {:?} {:?}",
            error(answer.error_code),
            answer.protocol_type,
            answer.protocol_name,
            String::from_utf8_lossy(&answer.assignment)
        );
        self.note(&format!("{what}: sync generation {generation_id}"), text);
        Ok(())
    }

    pub(crate) fn heartbeat(&mut self, what: &str, generation_id: i32, member_id: &str) -> Result<()> {
        let request = HeartbeatRequest {
            group_id: self.name.clone(),
            generation_id,
            member_id: member_id.to_owned(),
            group_instance_id: self.instance.clone(),
        };
        let answer = self.wire.ask(&request, HEARTBEAT)?;
        self.note(&format!("{what}: heartbeat in generation {generation_id}"), error(answer.error_code));
        Ok(())
    }

    pub(crate) fn leave(&mut self, what: &str, member_id: &str) -> Result<()> {
        let member = MemberIdentity {
            member_id: member_id.to_owned(),
            group_instance_id: self.instance.clone(),
            reason: None,
        };
        let request =
            LeaveGroupRequest { group_id: self.name.clone(), members: vec![member], ..Default::default() };
        let answer = self.wire.ask(&request, LEAVE)?;
        let members: Vec<String> = answer.members.iter().map(|member| error(member.error_code)).collect();
        let text = format!("{} members [{}]", error(answer.error_code), members.join(","));
        self.note(&format!("{what}: leave"), text);
        Ok(())
    }

    pub(crate) fn describe(&mut self, what: &str) -> Result<()> {
        let request = DescribeGroupsRequest { groups: vec![self.name.clone()], ..Default::default() };
        let answer = self.wire.ask(&request, 6)?;
        let group = answer.groups.first().context("a group")?;
        let members = group.members.iter().map(|member| {
            let assignment = String::from_utf8_lossy(&member.member_assignment).into_owned();
            let metadata = member.member_metadata.len();
            format!(
                "{} {:?} {} {metadata} bytes {assignment:?}",
                member.client_id, member.group_instance_id, member.client_host
            )
        });
        let text = format!(
            "{} {:?} state {:?} type {:?} protocol {:?} members [{}]",
            error(group.error_code),
            group.error_message,
            group.group_state,
            group.protocol_type,
            group.protocol_data,
            members.collect::<Vec<_>>().join(",")
        );
        self.note(&format!("{what}: describe"), text);
        Ok(())
    }

    pub(crate) fn delete(&mut self, what: &str) -> Result<()> {
        let request = DeleteGroupsRequest { groups_names: vec![self.name.clone()] };
        let answer = self.wire.ask(&request, 2)?;
        let group = answer.results.first().context("a group")?;
        self.note(&format!("{what}: delete"), error(group.error_code));
        Ok(())
    }
}
