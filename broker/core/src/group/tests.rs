//! Scripts of members against a shard, and random ones against what must always hold.

// Joins, syncs, leaves, timeouts.
mod rebalances;
// Members with a name of their own.
mod static_members;
// Commits, transactions, expiry.
mod commits;
// Random members.
mod histories;
// Topics for tests.
mod cluster;
// Consumer groups: joins, revocation, fencing, expressions.
mod consumers;
// Random members of consumer groups.
mod consumer_histories;

use std::collections::BTreeMap;

use bytes::Bytes;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::heartbeat::HeartbeatRequest;
use strait_wire::message::join_group::{JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse};
use strait_wire::message::leave_group::{LeaveGroupRequest, LeaveGroupResponse, MemberIdentity};
use strait_wire::message::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse};

pub(super) use cluster::TestCluster;

use super::*;
use crate::internal_record::GroupRecord;

pub(super) const GROUP: &str = "g";
pub(super) const SESSION: i32 = 10_000;
pub(super) const REBALANCE: i32 = 60_000;

/// A shard, its log, and the answers that it gave.
pub(super) struct Shard {
    pub(super) groups: Groups,
    pub(super) cluster: TestCluster,
    pub(super) log: Vec<(GroupRecord, Option<i64>)>,
    pub(super) now_ms: i64,
    pub(super) answers: BTreeMap<Token, Answer>,
    tokens: u64,
}

/// What a test asks JoinGroup with.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) member: String,
    pub(super) instance: Option<String>,
    pub(super) version: i16,
    pub(super) protocols: Vec<(&'static str, Bytes)>,
}

pub(super) fn ask(member: &str) -> Ask {
    let protocols = vec![("range", subscription(&["t"])), ("sticky", subscription(&["t"]))];
    Ask { member: member.to_owned(), instance: None, version: 9, protocols }
}

pub(super) fn named(instance: &str) -> Ask {
    Ask { instance: Some(instance.to_owned()), ..ask("") }
}

/// A consumer's metadata of version 0.
pub(super) fn subscription(topics: &[&str]) -> Bytes {
    let mut bytes = vec![0, 0];
    bytes.extend((topics.len() as i32).to_be_bytes());
    for topic in topics {
        bytes.extend((topic.len() as i16).to_be_bytes());
        bytes.extend(topic.as_bytes());
    }
    bytes.extend((-1_i32).to_be_bytes());
    bytes.into()
}

impl Shard {
    pub(super) fn new() -> Self {
        Self::with(GroupSettings::default())
    }

    pub(super) fn with(settings: GroupSettings) -> Self {
        let groups = Groups::new(settings);
        let (cluster, log, answers) = (TestCluster::default(), Vec::new(), BTreeMap::new());
        Self { groups, cluster, log, now_ms: 1_000, answers, tokens: 0 }
    }

    pub(super) fn perform(&mut self, effects: Effects, producer_id: Option<i64>) {
        self.log.extend(effects.records.into_iter().map(|record| (record, producer_id)));
        for WaitingAnswer { token, answer } in effects.answers {
            assert!(self.answers.insert(token, answer).is_none(), "{token:?} is answered twice");
        }
    }

    fn token(&mut self) -> Token {
        self.tokens += 1;
        Token(self.tokens)
    }

    pub(super) fn join(&mut self, ask: &Ask) -> Token {
        let token = self.token();
        let protocols = ask.protocols.iter().map(|(name, metadata)| JoinGroupRequestProtocol {
            name: (*name).to_owned(),
            metadata: metadata.clone(),
        });
        let request = JoinGroupRequest {
            group_id: GROUP.to_owned(),
            session_timeout_ms: SESSION,
            rebalance_timeout_ms: REBALANCE,
            member_id: ask.member.clone(),
            group_instance_id: ask.instance.clone(),
            protocol_type: "consumer".to_owned(),
            protocols: protocols.collect(),
            reason: None,
        };
        let caller = Caller { version: ask.version, client_id: "c", client_host: "/127.0.0.1" };
        let effects = self.groups.join(&request, caller, token, token.0.into(), self.now_ms);
        self.perform(effects, None);
        token
    }

    pub(super) fn sync(&mut self, member: &str, generation: i32, assignments: &[(&str, &str)]) -> Token {
        let token = self.token();
        let assignments = assignments.iter().map(|(member, assignment)| SyncGroupRequestAssignment {
            member_id: (*member).to_owned(),
            assignment: Bytes::copy_from_slice(assignment.as_bytes()),
        });
        let request = SyncGroupRequest {
            group_id: GROUP.to_owned(),
            generation_id: generation,
            member_id: member.to_owned(),
            assignments: assignments.collect(),
            ..SyncGroupRequest::default()
        };
        let effects = self.groups.sync(&request, 3, token, self.now_ms);
        self.perform(effects, None);
        token
    }

    pub(super) fn heartbeat(&mut self, member: &str, generation: i32) -> ErrorCode {
        let request = HeartbeatRequest {
            group_id: GROUP.to_owned(),
            generation_id: generation,
            member_id: member.to_owned(),
            group_instance_id: None,
        };
        self.groups.heartbeat(&request, self.now_ms)
    }

    pub(super) fn leave(&mut self, members: &[(&str, Option<&str>)]) -> LeaveGroupResponse {
        let members = members.iter().map(|(member, instance)| MemberIdentity {
            member_id: (*member).to_owned(),
            group_instance_id: instance.map(str::to_owned),
            reason: None,
        });
        let request = LeaveGroupRequest {
            group_id: GROUP.to_owned(),
            members: members.collect(),
            ..LeaveGroupRequest::default()
        };
        let outcome = self.groups.leave(&request, 5, self.now_ms);
        self.perform(outcome.effects, None);
        outcome.response
    }

    /// Time passes, and each deadline is met when it comes.
    pub(super) fn pass(&mut self, ms: i64) {
        let end_ms = self.now_ms + ms;
        while let Some(deadline_ms) = self.groups.next_deadline().filter(|deadline| *deadline <= end_ms) {
            self.now_ms = self.now_ms.max(deadline_ms);
            let effects = self.groups.expire(&self.cluster, self.now_ms);
            self.perform(effects, None);
        }
        self.now_ms = end_ms;
    }

    pub(super) fn joined(&self, token: Token) -> Option<&JoinGroupResponse> {
        match self.answers.get(&token)? {
            Answer::Join(answer) => Some(answer),
            Answer::Sync(_) => panic!("{token:?} was no JoinGroup"),
        }
    }

    pub(super) fn synced(&self, token: Token) -> Option<&SyncGroupResponse> {
        match self.answers.get(&token)? {
            Answer::Sync(answer) => Some(answer),
            Answer::Join(_) => panic!("{token:?} was no SyncGroup"),
        }
    }

    pub(super) fn join_code(&self, token: Token) -> Option<ErrorCode> {
        self.joined(token).map(|answer| ErrorCode(answer.error_code))
    }

    pub(super) fn state(&self) -> Option<State> {
        self.groups.classic(GROUP).map(ClassicGroup::state)
    }

    /// The id that a new dynamic member is told.
    pub(super) fn new_id(&mut self) -> String {
        let token = self.join(&ask(""));
        assert_eq!(self.join_code(token), Some(ErrorCode::MEMBER_ID_REQUIRED));
        self.joined(token).expect("answered").member_id.clone()
    }

    /// A stable group of `count` members: their ids, the leader first.
    pub(super) fn stable(&mut self, count: usize) -> Vec<String> {
        let ids: Vec<String> = (0..count).map(|_| self.new_id()).collect();
        let tokens: Vec<Token> = ids.iter().map(|id| self.join(&ask(id))).collect();
        while self.joined(tokens[0]).is_none() {
            let deadline_ms = self.groups.next_deadline().expect("something to wait for");
            self.pass(deadline_ms - self.now_ms);
        }
        let first = self.joined(tokens[0]).expect("a generation").clone();
        let mut ids = ids;
        ids.sort_by_key(|id| *id != first.leader);
        let assignments: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "a")).collect();
        for id in &ids {
            self.sync(id, first.generation_id, &assignments);
        }
        assert_eq!(self.state(), Some(State::Stable));
        ids
    }

    pub(super) fn generation(&self) -> i32 {
        self.groups.classic(GROUP).map_or(-1, ClassicGroup::generation)
    }

    /// The shard as its log describes it, every record written and read in Kafka's bytes.
    pub(super) fn reloaded(&self) -> Groups {
        let mut groups = Groups::new(self.groups.settings);
        for (record, producer_id) in &self.log {
            let encoded = record.encode().expect("encodes");
            let record = GroupRecord::decode(&encoded.key, encoded.value.as_ref()).expect("decodes");
            groups.replay(record.expect("a known kind"), *producer_id);
        }
        groups
    }
}
