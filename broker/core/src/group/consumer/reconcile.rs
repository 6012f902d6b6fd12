//! The next step of a member towards its target: first it gives away, then it gets what others gave away
//! (`CurrentAssignmentBuilder`).

use std::collections::BTreeSet;

use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::consumer_group_heartbeat::TopicPartitions;

use super::partitions::still_has_any;
use super::{ConsumerGroup, Current, Member, MemberState, Owned, Partitions, Refusal, Work};
use crate::internal_record::ConsumerGroupChange;

/// What a step starts from.
struct Step<'a> {
    group: &'a ConsumerGroup,
    current: &'a Current,
    target: &'a Partitions,
    /// Topics that the member reads and that are there.
    topics: BTreeSet<Uuid>,
    /// Partitions that the member says it has.
    reported: Option<&'a [TopicPartitions]>,
}

impl ConsumerGroup {
    /// Moves a member on, as far as it goes. With `is_resubscribed` it gives away at once what it no longer reads.
    pub(super) fn reconcile(
        &mut self,
        id: &str,
        is_resubscribed: bool,
        reported: Option<&[TopicPartitions]>,
        work: &mut Work<'_>,
    ) {
        let Some(member) = self.members.get(id) else { return };
        if !is_resubscribed && member.current.has_reached(self.assignment_epoch) {
            return;
        }
        let next = self.next_step(id, member, is_resubscribed, reported, work);
        if next == member.current {
            return;
        }
        let (is_classic, timeout_ms) = (member.is_classic(), member.metadata.rebalance_timeout_ms);
        let is_revoking = next.state == MemberState::UnrevokedPartitions;
        self.write(ConsumerGroupChange::Current { member: id.to_owned(), value: Some(next.record()) }, work);
        match is_revoking && !is_classic {
            true => work.schedule(self.rebalance_key(id), timeout_ms),
            false => work.timers.cancel(&self.rebalance_key(id)),
        }
    }

    /// A member in a state that a newer Kafka wrote has to give up everything first.
    pub(super) fn check_state(member: &Member, reported: Option<&[TopicPartitions]>) -> Result<(), Refusal> {
        let has_nothing = reported.is_some_and(<[TopicPartitions]>::is_empty);
        if member.current.state != MemberState::Unknown || has_nothing {
            return Ok(());
        }
        let message = "The consumer group member is in a unknown state. \
             The member must abandon all its partitions and rejoin.";
        Err(Refusal::new(ErrorCode::FENCED_MEMBER_EPOCH, message))
    }

    fn next_step(
        &self,
        id: &str,
        member: &Member,
        is_resubscribed: bool,
        reported: Option<&[TopicPartitions]>,
        work: &Work<'_>,
    ) -> Current {
        let none = Partitions::new();
        let current = &member.current;
        let target = self.targets.get(id).unwrap_or(&none);
        let topics = self.topics_there(member, work.cluster);
        let step = Step { group: self, current, target, topics, reported };
        let is_waiting = match current.state {
            MemberState::Stable => current.epoch == self.assignment_epoch,
            MemberState::UnrevokedPartitions => still_has_any(reported, &current.revoking),
            MemberState::UnreleasedPartitions | MemberState::Unknown => false,
        };
        match (is_waiting, is_resubscribed) {
            (false, _) => step.towards_target(),
            (true, true) => step.without_other_topics(),
            (true, false) => current.clone(),
        }
    }
}

impl Step<'_> {
    fn at(&self, epoch: i32, state: MemberState, assigned: Owned, revoking: Owned) -> Current {
        Current { epoch, previous_epoch: self.current.epoch, state, assigned, revoking }
    }

    /// Keeps what is in the target, gives away the rest, gets what is free.
    fn towards_target(&self) -> Current {
        let (mut kept, mut revoking) = (Owned::new(), Owned::new());
        for (topic, partitions) in &self.current.assigned {
            for (partition, epoch) in partitions {
                let list = if self.wants(topic, *partition) { &mut kept } else { &mut revoking };
                list.entry(*topic).or_default().insert(*partition, *epoch);
            }
        }
        if !revoking.is_empty() && still_has_any(self.reported, &revoking) {
            return self.at(self.current.epoch, MemberState::UnrevokedPartitions, kept, revoking);
        }
        let epoch = self.group.assignment_epoch;
        let mut state = MemberState::Stable;
        for (topic, partitions) in self.target.iter().filter(|(topic, _)| self.topics.contains(topic)) {
            for partition in partitions {
                if holds(&kept, topic, *partition) {
                    continue;
                }
                if self.is_with_another(topic, *partition) {
                    state = MemberState::UnreleasedPartitions;
                } else {
                    kept.entry(*topic).or_default().insert(*partition, epoch);
                }
            }
        }
        self.at(epoch, state, kept, Owned::new())
    }

    fn wants(&self, topic: &Uuid, partition: i32) -> bool {
        self.topics.contains(topic)
            && self.target.get(topic).is_some_and(|partitions| partitions.contains(&partition))
    }

    fn is_with_another(&self, topic: &Uuid, partition: i32) -> bool {
        self.group.is_owned((*topic, partition)) && !holds(&self.current.revoking, topic, partition)
    }

    /// The member changed what it reads, and its target is not there yet: the other topics go at once.
    fn without_other_topics(&self) -> Current {
        let mut revoking = self.current.revoking.clone();
        let (kept, gone): (Owned, Owned) =
            self.current.assigned.clone().into_iter().partition(|(topic, _)| self.topics.contains(topic));
        if gone.is_empty() {
            return self.current.clone();
        }
        for (topic, partitions) in gone {
            revoking.entry(topic).or_default().extend(partitions);
        }
        match still_has_any(self.reported, &revoking) {
            true => self.at(self.current.epoch, MemberState::UnrevokedPartitions, kept, revoking),
            false => self.at(self.current.epoch, self.current.state, kept, self.current.revoking.clone()),
        }
    }
}

fn holds(owned: &Owned, topic: &Uuid, partition: i32) -> bool {
    owned.get(topic).is_some_and(|partitions| partitions.contains_key(&partition))
}
