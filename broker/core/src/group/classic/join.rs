//! JoinGroup.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::join_group::JoinGroupRequest;

use super::member::{Member, WaitingJoin, distinct};
use super::rebalance::{Work, answer_join, refuse_join};
use super::{ClassicGroup, State};
use crate::group::effects::Token;
use crate::group::groups::{Caller, TimerKey};

/// From this version on a member joins with an id that it was given before (KIP-394).
const KNOWN_MEMBER_ID_SINCE: i16 = 4;

/// A JoinGroup request on its way.
#[derive(Clone, Copy)]
pub(in crate::group) struct Join<'a> {
    pub(in crate::group) request: &'a JoinGroupRequest,
    pub(in crate::group) caller: Caller<'a>,
    pub(in crate::group) token: Token,
    /// Random bits for a new member's id.
    pub(in crate::group) random: u128,
}

impl Join<'_> {
    pub(super) fn waiting(&self) -> WaitingJoin {
        WaitingJoin { token: self.token, version: self.caller.version }
    }

    /// Version 0 has one timeout for both.
    pub(super) fn rebalance_timeout_ms(&self) -> i32 {
        let JoinGroupRequest { rebalance_timeout_ms, session_timeout_ms, .. } = *self.request;
        if self.caller.version == 0 { session_timeout_ms } else { rebalance_timeout_ms }
    }

    /// The client's or instance's name and a random id in Java's form.
    fn new_member_id(&self) -> String {
        let prefix = self.request.group_instance_id.as_deref().unwrap_or(self.caller.client_id);
        let digits = format!("{:032x}", self.random);
        let (a, b, c, d, e) = (&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]);
        format!("{prefix}-{a}-{b}-{c}-{d}-{e}")
    }

    fn refuse(&self, work: &mut Work<'_>, member_id: &str, error: ErrorCode) {
        refuse_join(work, self.waiting(), member_id, error);
    }
}

impl ClassicGroup {
    pub(in crate::group) fn join(&mut self, join: Join<'_>, work: &mut Work<'_>) {
        let request = join.request;
        let id = request.member_id.as_str();
        if !self.has_room_for(id, work.settings.max_size) {
            self.remove_and_answer(id, work);
            return join.refuse(work, "", ErrorCode::GROUP_MAX_SIZE_REACHED);
        }
        if !self.supports(&request.protocol_type, &request.protocols) {
            return join.refuse(work, id, ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
        }
        if id.is_empty() {
            self.join_new(join, work);
        } else if self.pending_joins.contains(id) {
            match request.group_instance_id {
                None => self.add_joining(join, id, work),
                Some(_) => join.refuse(work, id, ErrorCode::UNKNOWN_MEMBER_ID),
            }
        } else {
            match self.check_member(id, request.group_instance_id.as_deref()) {
                Ok(()) => self.join_again(join, work),
                Err(error) => join.refuse(work, id, error),
            }
        }
    }

    fn has_room_for(&self, id: &str, max_size: usize) -> bool {
        match self.state {
            State::Empty => true,
            State::PreparingRebalance => {
                self.members.get(id).is_some_and(|member| member.joining.is_some())
                    || self.waiting_joins() < max_size
            }
            State::CompletingRebalance | State::Stable => {
                self.members.contains_key(id) || self.members.len() < max_size
            }
        }
    }

    fn join_new(&mut self, join: Join<'_>, work: &mut Work<'_>) {
        let id = join.new_member_id();
        if let Some(instance_id) = &join.request.group_instance_id {
            return match self.static_members.get(instance_id).cloned() {
                Some(known) => self.replace_static(join, instance_id, &known, &id, work),
                None => self.add_joining(join, &id, work),
            };
        }
        if join.caller.version < KNOWN_MEMBER_ID_SINCE {
            return self.add_joining(join, &id, work);
        }
        if self.pending_joins.len() >= work.settings.max_pending_members {
            return join.refuse(work, "", ErrorCode::GROUP_MAX_SIZE_REACHED);
        }
        let session = TimerKey::Session(self.id.clone(), id.clone());
        work.schedule(session, join.request.session_timeout_ms.into());
        join.refuse(work, &id, ErrorCode::MEMBER_ID_REQUIRED);
        self.pending_joins.insert(id);
    }

    fn add_joining(&mut self, join: Join<'_>, id: &str, work: &mut Work<'_>) {
        let request = join.request;
        if self.state == State::PreparingRebalance && self.previous_state == State::Empty {
            self.new_member_added = true;
        }
        let member = Member {
            instance_id: request.group_instance_id.clone(),
            client_id: join.caller.client_id.to_owned(),
            client_host: join.caller.client_host.to_owned(),
            rebalance_timeout_ms: join.rebalance_timeout_ms(),
            session_timeout_ms: request.session_timeout_ms,
            protocol_type: request.protocol_type.clone(),
            protocols: distinct(&request.protocols),
            assignment: Default::default(),
            joining: Some(join.waiting()),
            syncing: None,
            is_new: true,
        };
        self.add(id, member);
        let session = TimerKey::Session(self.id.clone(), id.to_owned());
        work.schedule(session, work.settings.new_member_join_timeout_ms);
        self.rebalance_or_complete(work);
    }

    /// A known member joins again: a changed subscription or the leader's wish is a rebalance, anything else a repeat.
    fn join_again(&mut self, join: Join<'_>, work: &mut Work<'_>) {
        let id = join.request.member_id.as_str();
        let is_same =
            self.members.get(id).is_some_and(|member| member.protocols == distinct(&join.request.protocols));
        let is_repeat = match self.state {
            State::Empty => return join.refuse(work, id, ErrorCode::UNKNOWN_MEMBER_ID),
            State::PreparingRebalance => false,
            State::CompletingRebalance => is_same,
            State::Stable => is_same && !self.is_leader(id),
        };
        if is_repeat {
            let answer = self.join_answer(id);
            return answer_join(work, join.waiting(), answer);
        }
        // Of two requests of one member only the last is answered in Kafka; here the first learns of it.
        if let Some(waiting) = self.members.get_mut(id).and_then(|member| member.joining.take()) {
            refuse_join(work, waiting, id, ErrorCode::REBALANCE_IN_PROGRESS);
        }
        self.update(id, &join, Some(join.waiting()));
        self.rebalance_or_complete(work);
    }
}
