//! JoinGroup, SyncGroup, Heartbeat, LeaveGroup.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::heartbeat::HeartbeatRequest;
use strait_wire::message::join_group::{JoinGroupRequest, JoinGroupResponse};
use strait_wire::message::leave_group::{
    LeaveGroupRequest, LeaveGroupResponse, MemberIdentity, MemberResponse,
};
use strait_wire::message::sync_group::{SyncGroupRequest, SyncGroupResponse};

use super::classic::{ClassicGroup, Join};
use super::effects::{Effects, Outcome, Token};
use super::groups::{Caller, Groups};
use crate::internal_record::GroupRecord;
use crate::internal_record::group_metadata::GroupMetadataValue;

/// From this version on SyncGroup names protocol and type (KIP-559).
const PROTOCOL_IN_SYNC_SINCE: i16 = 5;
/// From this version on LeaveGroup names several members (KIP-345).
const BATCHED_LEAVE_SINCE: i16 = 3;

impl Groups {
    /// Handles a JoinGroup. Its answer is among these effects or later ones. `random` are bits for a member id.
    pub fn join(
        &mut self,
        request: &JoinGroupRequest,
        caller: Caller<'_>,
        token: Token,
        random: u128,
        now_ms: i64,
    ) -> Effects {
        let mut effects = Effects::default();
        if request.member_id.is_empty() {
            self.make_way_for_classic(&request.group_id, &mut effects);
        }
        let is_new = !self.classic.contains_key(&request.group_id);
        if let Err(error) = self.check_join(request, is_new) {
            let protocol_name = (caller.version < 7).then(String::new);
            let (error_code, member_id) = (error.0, request.member_id.clone());
            effects.join(
                token,
                JoinGroupResponse { error_code, protocol_name, member_id, ..Default::default() },
            );
            return effects;
        }
        if is_new {
            let group = ClassicGroup::new(request.group_id.clone(), now_ms);
            self.classic.insert(request.group_id.clone(), group);
        }
        let join = Join { request, caller, token, random };
        self.with_group(&request.group_id, now_ms, &mut effects, |group, work| group.join(join, work));
        if is_new {
            self.keep_or_drop_new(&request.group_id, now_ms, &mut effects);
        }
        effects
    }

    fn check_join(&self, request: &JoinGroupRequest, is_new: bool) -> Result<(), ErrorCode> {
        let settings = &self.settings;
        let timeouts = settings.min_session_timeout_ms..=settings.max_session_timeout_ms;
        if request.group_id.is_empty() {
            Err(ErrorCode::INVALID_GROUP_ID)
        } else if !timeouts.contains(&request.session_timeout_ms) {
            Err(ErrorCode::INVALID_SESSION_TIMEOUT)
        } else if self.consumer.contains_key(&request.group_id) {
            Err(ErrorCode::INCONSISTENT_GROUP_PROTOCOL)
        } else if is_new && !request.member_id.is_empty() {
            Err(ErrorCode::UNKNOWN_MEMBER_ID)
        } else {
            Ok(())
        }
    }

    /// A new group is written down before anybody learns of it; one that was refused leaves no trace.
    fn keep_or_drop_new(&mut self, group: &str, now_ms: i64, effects: &mut Effects) {
        if self.classic.get(group).is_some_and(ClassicGroup::is_unused) {
            self.classic.remove(group);
        } else if effects.records.is_empty() {
            let value = GroupMetadataValue { current_state_timestamp: now_ms, ..Default::default() };
            effects.records.push(GroupRecord::Group { group: group.to_owned(), value: Some(value) });
        }
    }

    /// Handles a SyncGroup. Its answer is among these effects or later ones.
    pub fn sync(&mut self, request: &SyncGroupRequest, version: i16, token: Token, now_ms: i64) -> Effects {
        let mut effects = Effects::default();
        let names_protocol = request.protocol_type.is_some() && request.protocol_name.is_some();
        let refused = if version >= PROTOCOL_IN_SYNC_SINCE && !names_protocol {
            Some(ErrorCode::INCONSISTENT_GROUP_PROTOCOL)
        } else if request.group_id.is_empty() {
            Some(ErrorCode::INVALID_GROUP_ID)
        } else {
            let synced = self.with_group(&request.group_id, now_ms, &mut effects, |group, work| {
                group.sync(request, token, work);
            });
            synced.is_none().then_some(ErrorCode::UNKNOWN_MEMBER_ID)
        };
        if let Some(error) = refused {
            effects.sync(token, SyncGroupResponse { error_code: error.0, ..Default::default() });
        }
        effects
    }

    /// Handles a Heartbeat; the code is its answer.
    pub fn heartbeat(&mut self, request: &HeartbeatRequest, now_ms: i64) -> ErrorCode {
        if request.group_id.is_empty() {
            return ErrorCode::INVALID_GROUP_ID;
        }
        let HeartbeatRequest { group_id, generation_id, member_id, group_instance_id } = request;
        let code = self.with_group(group_id, now_ms, &mut Effects::default(), |group, work| {
            group.heartbeat(member_id, group_instance_id.as_deref(), *generation_id, work)
        });
        code.unwrap_or(ErrorCode::UNKNOWN_MEMBER_ID)
    }

    /// Handles a LeaveGroup.
    pub fn leave(
        &mut self,
        request: &LeaveGroupRequest,
        version: i16,
        now_ms: i64,
    ) -> Outcome<LeaveGroupResponse> {
        if request.group_id.is_empty() {
            let error_code = ErrorCode::INVALID_GROUP_ID.0;
            return Outcome::only(LeaveGroupResponse { error_code, ..Default::default() });
        }
        let only = [MemberIdentity { member_id: request.member_id.clone(), ..Default::default() }];
        let is_batched = version >= BATCHED_LEAVE_SINCE;
        let members = if is_batched { request.members.as_slice() } else { &only };
        let mut effects = Effects::default();
        let codes = self
            .with_group(&request.group_id, now_ms, &mut effects, |group, work| group.leave(members, work))
            .unwrap_or_else(|| vec![ErrorCode::UNKNOWN_MEMBER_ID; members.len()]);
        let response = if is_batched {
            LeaveGroupResponse { members: member_responses(members, &codes), ..Default::default() }
        } else {
            let error_code = codes.first().copied().unwrap_or_default().0;
            LeaveGroupResponse { error_code, ..Default::default() }
        };
        Outcome { response, effects }
    }
}

fn member_responses(members: &[MemberIdentity], codes: &[ErrorCode]) -> Vec<MemberResponse> {
    let members = members.iter().zip(codes);
    let responses = members.map(|(member, code)| MemberResponse {
        member_id: member.member_id.clone(),
        group_instance_id: member.group_instance_id.clone(),
        error_code: code.0,
    });
    responses.collect()
}
