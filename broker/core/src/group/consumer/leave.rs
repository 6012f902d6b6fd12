//! Members that go, and members that are thrown out.

use strait_wire::message::consumer_group_heartbeat::ConsumerGroupHeartbeatResponse;

use super::member::AWAY_EPOCH;
use super::{ConsumerGroup, ConsumerHeartbeat, MemberState, Refusal, Work};
use crate::internal_record::ConsumerGroupChange;

/// What follows a member's wish to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::group) enum Leaving {
    /// It goes for ever.
    Gone,
    /// A static member, back within the session timeout.
    Away,
}

impl ConsumerGroup {
    /// Whether the member may leave, and how.
    pub(in crate::group) fn check_leave(&self, heartbeat: ConsumerHeartbeat<'_>) -> Result<Leaving, Refusal> {
        let request = heartbeat.request;
        let id = request.member_id.as_str();
        match request.instance_id.as_deref() {
            None if self.members.contains_key(id) => Ok(Leaving::Gone),
            None => Err(Refusal::unknown_member(id, &self.id)),
            Some(instance) => {
                self.static_member(instance, id)?;
                Ok(if request.member_epoch == AWAY_EPOCH { Leaving::Away } else { Leaving::Gone })
            }
        }
    }

    /// A static member is away for a while.
    pub(in crate::group) fn go_away(&mut self, id: &str, work: &mut Work<'_>) {
        if let Some(away) = self.members.get(id).map(|member| Self::away(&member.current)) {
            self.write(
                ConsumerGroupChange::Current { member: id.to_owned(), value: Some(away.record()) },
                work,
            );
        }
    }

    /// Takes members out and begins a new epoch.
    pub(in crate::group) fn fence(&mut self, members: &[String], work: &mut Work<'_>) {
        let mut is_changed = false;
        for id in members {
            let Some(regex) = self.members.get(id).map(|member| member.regex().map(str::to_owned)) else {
                continue;
            };
            self.write_removal(id, work);
            self.drop_regex(regex.as_deref(), work);
            self.cancel_timers(id, work);
            is_changed = true;
        }
        if is_changed {
            self.begin_epoch(self.current_hash(work.cluster), work);
        }
    }

    pub(super) fn write_removal(&mut self, id: &str, work: &mut Work<'_>) {
        let member = || id.to_owned();
        self.write(ConsumerGroupChange::Current { member: member(), value: None }, work);
        self.write(ConsumerGroupChange::Target { member: member(), value: None }, work);
        self.write(ConsumerGroupChange::Member { member: member(), value: None }, work);
    }

    pub(in crate::group) fn cancel_timers(&self, id: &str, work: &mut Work<'_>) {
        work.timers.cancel(&self.session_key(id));
        work.timers.cancel(&self.rebalance_key(id));
    }

    /// Whether the member still has not given away what it was asked for.
    pub(in crate::group) fn is_late(&self, id: &str) -> bool {
        self.members.get(id).is_some_and(|member| {
            member.current.state == MemberState::UnrevokedPartitions && member.current.epoch != AWAY_EPOCH
        })
    }
}

/// What the one that leaves is told.
pub(in crate::group) fn left(heartbeat: ConsumerHeartbeat<'_>) -> ConsumerGroupHeartbeatResponse {
    ConsumerGroupHeartbeatResponse {
        member_id: Some(heartbeat.request.member_id.clone()),
        member_epoch: heartbeat.request.member_epoch,
        ..Default::default()
    }
}
