//! From the first join to the next generation.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::join_group::JoinGroupResponse;
use strait_wire::message::sync_group::SyncGroupResponse;

use super::member::WaitingJoin;
use super::{ClassicGroup, State};
use crate::group::effects::{Effects, Token};
use crate::group::groups::TimerKey;
use crate::group::settings::GroupSettings;
use crate::timers::Timers;

/// What a group works with while it handles an event.
pub(in crate::group) struct Work<'a> {
    pub(in crate::group) settings: &'a GroupSettings,
    pub(in crate::group) timers: &'a mut Timers<TimerKey>,
    pub(in crate::group) effects: &'a mut Effects,
    pub(in crate::group) now_ms: i64,
}

impl Work<'_> {
    pub(super) fn schedule(&mut self, key: TimerKey, delay_ms: i64) {
        self.timers.schedule(key, self.now_ms.saturating_add(delay_ms));
    }
}

/// A new group waits a little for more members (KIP-134).
#[derive(Clone, Copy, Debug)]
pub(super) struct InitialDelay {
    delay_ms: i64,
    remaining_ms: i64,
}

/// A JoinGroup answer as the request's version can carry it: before 7 the protocol can't be null.
pub(super) fn answer_join(work: &mut Work<'_>, waiting: WaitingJoin, mut answer: JoinGroupResponse) {
    if waiting.version < 7 {
        answer.protocol_name.get_or_insert_default();
    }
    work.effects.join(waiting.token, answer);
}

pub(super) fn refuse_join(work: &mut Work<'_>, waiting: WaitingJoin, member_id: &str, error: ErrorCode) {
    let member_id = member_id.to_owned();
    answer_join(work, waiting, JoinGroupResponse { error_code: error.0, member_id, ..Default::default() });
}

pub(super) fn refuse_sync(work: &mut Work<'_>, token: Token, error: ErrorCode) {
    work.effects.sync(token, SyncGroupResponse { error_code: error.0, ..Default::default() });
}

impl ClassicGroup {
    pub(super) fn rebalance_or_complete(&mut self, work: &mut Work<'_>) {
        match self.state {
            State::PreparingRebalance => self.maybe_complete(work),
            State::Empty | State::CompletingRebalance | State::Stable => self.prepare_rebalance(work),
        }
    }

    /// Ends the join phase when nobody is missing. The initial delay is waited for in full.
    pub(super) fn maybe_complete(&mut self, work: &mut Work<'_>) {
        let is_due = self.state == State::PreparingRebalance && self.previous_state != State::Empty;
        if is_due && self.has_all_joined() {
            self.complete_join(work);
        }
    }

    pub(in crate::group) fn prepare_rebalance(&mut self, work: &mut Work<'_>) {
        if self.state == State::CompletingRebalance {
            self.refuse_waiting_syncs(ErrorCode::REBALANCE_IN_PROGRESS, work);
        }
        self.pending_syncs.clear();
        work.timers.cancel(&TimerKey::Sync(self.id.clone()));
        let is_initial = self.state == State::Empty;
        self.enter(State::PreparingRebalance, work.now_ms);
        self.initial_delay = None;
        if is_initial {
            let delay_ms = i64::from(work.settings.initial_rebalance_delay_ms);
            let remaining_ms = (self.rebalance_timeout_ms() - delay_ms).max(0);
            self.wait_initially(delay_ms, remaining_ms, work);
        } else if self.has_all_joined() {
            self.complete_join(work);
        } else {
            work.schedule(TimerKey::Join(self.id.clone()), self.rebalance_timeout_ms());
        }
    }

    fn wait_initially(&mut self, delay_ms: i64, remaining_ms: i64, work: &mut Work<'_>) {
        self.initial_delay = Some(InitialDelay { delay_ms, remaining_ms });
        work.schedule(TimerKey::Join(self.id.clone()), delay_ms);
    }

    /// The time for joining is over, or the initial delay is.
    pub(in crate::group) fn join_expired(&mut self, work: &mut Work<'_>) {
        if self.state != State::PreparingRebalance {
            return;
        }
        match self.initial_delay.filter(|delay| self.new_member_added && delay.remaining_ms != 0) {
            Some(InitialDelay { delay_ms, remaining_ms }) => {
                self.new_member_added = false;
                let next_ms = remaining_ms.min(work.settings.initial_rebalance_delay_ms.into());
                self.wait_initially(next_ms, (remaining_ms - delay_ms).max(0), work);
            }
            None => self.complete_join(work),
        }
    }

    pub(super) fn complete_join(&mut self, work: &mut Work<'_>) {
        work.timers.cancel(&TimerKey::Join(self.id.clone()));
        self.initial_delay = None;
        self.remove_absent(work);
        if !self.elect_joined_leader() && !self.members.is_empty() {
            work.schedule(TimerKey::Join(self.id.clone()), self.rebalance_timeout_ms());
            return;
        }
        self.begin_generation(work.now_ms);
        if self.state == State::Empty {
            work.effects.records.push(self.record());
        } else {
            self.answer_joins(work);
            work.schedule(TimerKey::Sync(self.id.clone()), self.rebalance_timeout_ms());
        }
    }

    /// Dynamic members that did not come are dropped; static ones have until their session ends.
    fn remove_absent(&mut self, work: &mut Work<'_>) {
        let absent = self
            .members
            .iter()
            .filter(|(_, member)| member.joining.is_none() && member.instance_id.is_none());
        let absent: Vec<String> = absent.map(|(id, _)| id.clone()).collect();
        for id in absent {
            self.remove(&id);
            work.timers.cancel(&TimerKey::Session(self.id.clone(), id));
        }
    }

    /// Whether a leader takes part. One that is absent hands over to any member that is there.
    fn elect_joined_leader(&mut self) -> bool {
        let Some(leader) = &self.leader else { return false };
        if self.members.get(leader).is_some_and(|member| member.joining.is_some()) {
            return true;
        }
        let joined = self.members.iter().find(|(_, member)| member.joining.is_some());
        let Some((id, _)) = joined else { return false };
        self.leader = Some(id.clone());
        true
    }

    fn begin_generation(&mut self, now_ms: i64) {
        self.generation = self.generation.wrapping_add(1).max(0);
        self.pending_syncs.clear();
        self.protocol = self.voted_protocol();
        self.subscribed_topics = self.read_subscriptions();
        let next = if self.members.is_empty() { State::Empty } else { State::CompletingRebalance };
        self.enter(next, now_ms);
    }

    fn answer_joins(&mut self, work: &mut Work<'_>) {
        let mut waiting = Vec::with_capacity(self.members.len());
        for (id, member) in &mut self.members {
            member.is_new = false;
            let session = TimerKey::Session(self.id.clone(), id.clone());
            work.schedule(session, member.session_timeout_ms.into());
            waiting.extend(member.joining.take().map(|joining| (id.clone(), joining)));
        }
        for (id, joining) in waiting {
            let answer = self.join_answer(&id);
            answer_join(work, joining, answer);
        }
        self.pending_syncs = self.members.keys().cloned().collect();
    }

    /// Generation, protocol and leader; the members for the leader.
    pub(super) fn join_answer(&self, id: &str) -> JoinGroupResponse {
        JoinGroupResponse {
            generation_id: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            leader: self.leader.clone().unwrap_or_default(),
            member_id: id.to_owned(),
            members: if self.is_leader(id) { self.response_members() } else { Vec::new() },
            ..JoinGroupResponse::default()
        }
    }

    fn refuse_waiting_syncs(&mut self, error: ErrorCode, work: &mut Work<'_>) {
        for (id, member) in &mut self.members {
            member.assignment.clear();
            if let Some(token) = member.syncing.take() {
                refuse_sync(work, token, error);
                let session = TimerKey::Session(self.id.clone(), id.clone());
                work.schedule(session, member.session_timeout_ms.into());
            }
        }
    }

    /// The shard is given up: all that wait are sent elsewhere.
    pub(in crate::group) fn unload(&mut self, work: &mut Work<'_>) {
        for (id, member) in &mut self.members {
            if let Some(waiting) = member.joining.take() {
                refuse_join(work, waiting, id, ErrorCode::NOT_COORDINATOR);
            }
            if let Some(token) = member.syncing.take() {
                refuse_sync(work, token, ErrorCode::NOT_COORDINATOR);
            }
        }
    }
}
