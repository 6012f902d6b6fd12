//! A member with a name of its own comes back: it takes its old place under a new id (KIP-345, KIP-814).

use strait_wire::error_code::ErrorCode;

use super::rebalance::{Work, answer_join, refuse_join, refuse_sync};
use super::{ClassicGroup, Join, State};
use crate::group::groups::TimerKey;

/// From this version on a leader that came back is told not to assign (KIP-814).
const SKIP_ASSIGNMENT_SINCE: i16 = 9;

impl ClassicGroup {
    pub(super) fn replace_static(
        &mut self,
        join: Join<'_>,
        instance_id: &str,
        old_id: &str,
        new_id: &str,
        work: &mut Work<'_>,
    ) {
        let old_leader = self.leader.clone();
        self.rename_member(instance_id, old_id, new_id, work);
        self.update(new_id, &join, Some(join.waiting()));
        let session = TimerKey::Session(self.id.clone(), new_id.to_owned());
        work.schedule(session, join.request.session_timeout_ms.into());
        match self.state {
            State::Stable if self.voted_protocol() == self.protocol => {
                self.answer_returned(join, new_id, old_leader, work);
            }
            State::Stable | State::CompletingRebalance => self.prepare_rebalance(work),
            State::Empty | State::PreparingRebalance => self.maybe_complete(work),
        }
    }

    /// The member goes on where it was, without a rebalance.
    fn answer_returned(&mut self, join: Join<'_>, id: &str, old_leader: Option<String>, work: &mut Work<'_>) {
        if let Some(member) = self.members.get_mut(id) {
            member.joining = None;
        }
        work.effects.records.push(self.record());
        let mut answer = self.join_answer(id);
        if join.caller.version >= SKIP_ASSIGNMENT_SINCE {
            answer.skip_assignment = self.is_leader(id);
        } else {
            // Under the old leader's id it does not take itself for the leader.
            answer.members.clear();
            answer.leader = old_leader.unwrap_or_default();
        }
        answer_join(work, join.waiting(), answer);
    }

    fn rename_member(&mut self, instance_id: &str, old_id: &str, new_id: &str, work: &mut Work<'_>) {
        let Some(mut member) = self.members.remove(old_id) else { return };
        if let Some(waiting) = member.joining.take() {
            refuse_join(work, waiting, old_id, ErrorCode::FENCED_INSTANCE_ID);
        }
        if let Some(token) = member.syncing.take() {
            refuse_sync(work, token, ErrorCode::FENCED_INSTANCE_ID);
        }
        work.timers.cancel(&TimerKey::Session(self.id.clone(), old_id.to_owned()));
        self.members.insert(new_id.to_owned(), member);
        if self.is_leader(old_id) {
            self.leader = Some(new_id.to_owned());
        }
        if self.pending_syncs.remove(old_id) {
            self.pending_syncs.insert(new_id.to_owned());
        }
        self.static_members.insert(instance_id.to_owned(), new_id.to_owned());
    }
}
