//! Heartbeat, LeaveGroup, and members that went silent.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::leave_group::MemberIdentity;

use super::rebalance::{Work, refuse_join, refuse_sync};
use super::{ClassicGroup, State};
use crate::group::groups::TimerKey;

impl ClassicGroup {
    /// Keeps a member alive and tells it whether to join again.
    pub(in crate::group) fn heartbeat(
        &self,
        id: &str,
        instance_id: Option<&str>,
        generation: i32,
        work: &mut Work<'_>,
    ) -> ErrorCode {
        if let Err(error) = self.check_member(id, instance_id) {
            return error;
        }
        if generation != self.generation {
            return ErrorCode::ILLEGAL_GENERATION;
        }
        self.heard(id, work);
        match self.state {
            State::Empty => ErrorCode::UNKNOWN_MEMBER_ID,
            State::PreparingRebalance => ErrorCode::REBALANCE_IN_PROGRESS,
            State::CompletingRebalance | State::Stable => ErrorCode::NONE,
        }
    }

    /// A member gave a sign of life.
    pub(in crate::group) fn heard(&self, id: &str, work: &mut Work<'_>) {
        if let Some(member) = self.members.get(id) {
            let session = TimerKey::Session(self.id.clone(), id.to_owned());
            work.schedule(session, member.session_timeout_ms.into());
        }
    }

    /// After loading every member has a session's time to be heard.
    pub(in crate::group) fn loaded(&mut self, work: &mut Work<'_>) {
        for id in self.members.keys() {
            self.heard(id, work);
        }
        if self.members.len() > work.settings.max_size {
            self.prepare_rebalance(work);
        }
    }

    /// Takes members out; one code for each.
    pub(in crate::group) fn leave(
        &mut self,
        members: &[MemberIdentity],
        work: &mut Work<'_>,
    ) -> Vec<ErrorCode> {
        let codes: Vec<ErrorCode> = members.iter().map(|member| self.leave_one(member, work)).collect();
        if codes.contains(&ErrorCode::NONE) {
            match self.state {
                State::CompletingRebalance | State::Stable => self.rebalance_or_complete(work),
                State::PreparingRebalance => self.maybe_complete(work),
                State::Empty => {}
            }
        }
        codes
    }

    fn leave_one(&mut self, member: &MemberIdentity, work: &mut Work<'_>) -> ErrorCode {
        let instance_id = member.group_instance_id.as_deref();
        if member.member_id.is_empty() {
            let known = instance_id.and_then(|instance_id| self.static_members.get(instance_id)).cloned();
            let Some(id) = known else { return ErrorCode::UNKNOWN_MEMBER_ID };
            self.remove_and_answer(&id, work);
            return ErrorCode::NONE;
        }
        let is_pending = self.pending_joins.contains(&member.member_id);
        if !is_pending && let Err(error) = self.check_member(&member.member_id, instance_id) {
            return error;
        }
        self.remove_and_answer(&member.member_id, work);
        ErrorCode::NONE
    }

    /// Takes a member out; its waiting requests learn that it is no longer known.
    pub(super) fn remove_and_answer(&mut self, id: &str, work: &mut Work<'_>) {
        work.timers.cancel(&TimerKey::Session(self.id.clone(), id.to_owned()));
        let Some(removed) = self.remove(id) else { return };
        if let Some(waiting) = removed.joining {
            refuse_join(work, waiting, "", ErrorCode::UNKNOWN_MEMBER_ID);
        }
        if let Some(token) = removed.syncing {
            refuse_sync(work, token, ErrorCode::UNKNOWN_MEMBER_ID);
        }
    }

    /// A session ended without a sign of life, or an id was not used in time.
    pub(in crate::group) fn session_expired(&mut self, id: &str, work: &mut Work<'_>) {
        let is_pending = self.pending_joins.contains(id);
        let is_silent = self.members.get(id).is_some_and(|member| !member.is_heard());
        if !is_pending && !is_silent {
            return;
        }
        self.remove_and_answer(id, work);
        match self.state {
            State::PreparingRebalance if self.has_all_joined() => self.complete_join(work),
            State::CompletingRebalance | State::Stable if !is_pending => self.rebalance_or_complete(work),
            State::Empty | State::PreparingRebalance | State::CompletingRebalance | State::Stable => {}
        }
    }
}
