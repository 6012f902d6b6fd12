//! SyncGroup.

use std::collections::BTreeMap;

use bytes::Bytes;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::sync_group::{SyncGroupRequest, SyncGroupResponse};

use super::rebalance::{Work, refuse_sync};
use super::{ClassicGroup, State};
use crate::group::effects::Token;
use crate::group::groups::TimerKey;

impl ClassicGroup {
    pub(in crate::group) fn sync(&mut self, request: &SyncGroupRequest, token: Token, work: &mut Work<'_>) {
        if let Err(error) = self.check_sync(request) {
            return refuse_sync(work, token, error);
        }
        self.pending_syncs.remove(&request.member_id);
        if self.pending_syncs.is_empty() {
            work.timers.cancel(&TimerKey::Sync(self.id.clone()));
        }
        let Some(member) = self.members.get_mut(&request.member_id) else {
            return refuse_sync(work, token, ErrorCode::UNKNOWN_MEMBER_ID);
        };
        if self.state == State::Stable {
            let assignment = member.assignment.clone();
            work.effects.sync(token, self.sync_answer(assignment));
            return;
        }
        if let Some(earlier) = member.syncing.replace(token) {
            refuse_sync(work, earlier, ErrorCode::REBALANCE_IN_PROGRESS);
        }
        if self.is_leader(&request.member_id) {
            self.assign(request, work);
        }
    }

    fn check_sync(&self, request: &SyncGroupRequest) -> Result<(), ErrorCode> {
        if self.state == State::Empty {
            return Err(ErrorCode::UNKNOWN_MEMBER_ID);
        }
        self.check_member(&request.member_id, request.group_instance_id.as_deref())?;
        if request.generation_id != self.generation {
            return Err(ErrorCode::ILLEGAL_GENERATION);
        }
        let differs = |asked: &Option<String>, own: &Option<String>| asked.is_some() && asked != own;
        if differs(&request.protocol_type, &self.protocol_type)
            || differs(&request.protocol_name, &self.protocol)
        {
            return Err(ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
        }
        if self.state == State::PreparingRebalance {
            return Err(ErrorCode::REBALANCE_IN_PROGRESS);
        }
        Ok(())
    }

    /// The leader's word: members that it does not name get nothing.
    fn assign(&mut self, request: &SyncGroupRequest, work: &mut Work<'_>) {
        let mut assignments: BTreeMap<&str, Bytes> = BTreeMap::new();
        for assigned in &request.assignments {
            assignments.insert(&assigned.member_id, assigned.assignment.clone());
        }
        let mut waiting = Vec::new();
        for (id, member) in &mut self.members {
            member.assignment = assignments.remove(id.as_str()).unwrap_or_default();
            if let Some(token) = member.syncing.take() {
                waiting.push((token, member.assignment.clone()));
                let session = TimerKey::Session(self.id.clone(), id.clone());
                work.schedule(session, member.session_timeout_ms.into());
            }
        }
        self.enter(State::Stable, work.now_ms);
        work.effects.records.push(self.record());
        for (token, assignment) in waiting {
            work.effects.sync(token, self.sync_answer(assignment));
        }
    }

    fn sync_answer(&self, assignment: Bytes) -> SyncGroupResponse {
        SyncGroupResponse {
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            assignment,
            ..SyncGroupResponse::default()
        }
    }

    /// Members that did not sync in time are dropped, and the rest begins again.
    pub(in crate::group) fn sync_expired(&mut self, work: &mut Work<'_>) {
        let is_open = matches!(self.state, State::CompletingRebalance | State::Stable);
        if !is_open || self.pending_syncs.is_empty() {
            return;
        }
        for id in std::mem::take(&mut self.pending_syncs) {
            self.remove(&id);
            work.timers.cancel(&TimerKey::Session(self.id.clone(), id));
        }
        self.prepare_rebalance(work);
    }
}
