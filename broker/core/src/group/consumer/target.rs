//! A new target for all members (`TargetAssignmentBuilder`).

use std::collections::BTreeMap;

use super::assignor::{Assignor, Subscriber};
use super::partitions::target_record;
use super::{ConsumerGroup, Partitions, Work};
use crate::internal_record::ConsumerGroupChange;
use crate::internal_record::consumer_group::{
    ConsumerGroupTargetAssignmentMemberValue as TargetValue,
    ConsumerGroupTargetAssignmentMetadataValue as TargetEpochValue,
};

impl ConsumerGroup {
    /// The assignor that most members ask for; of equals the first by name.
    pub(super) fn assignor(&self) -> Assignor {
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        for name in self.members.values().filter_map(|member| member.metadata.server_assignor.as_deref()) {
            *votes.entry(name).or_default() += 1;
        }
        let most = votes.into_iter().max_by(|left, right| left.1.cmp(&right.1).then(right.0.cmp(left.0)));
        most.and_then(|(name, _)| Assignor::of_name(name)).unwrap_or(Assignor::DEFAULT)
    }

    /// Makes a target for the group's epoch where there is none yet, unless the last was made just now (KIP-1263).
    pub(super) fn update_target(&mut self, work: &mut Work<'_>) {
        if self.assignment_epoch >= self.epoch {
            return;
        }
        let interval_ms = work.cluster.consumer_times(&self.id).assignment_interval_ms;
        let next_ms = self.assigned_ms.saturating_add(interval_ms.into());
        if self.assigned_ms != 0 && interval_ms != 0 && work.now_ms < next_ms {
            return;
        }
        for (member, partitions) in self.new_targets(work) {
            let topic_partitions = target_record(&partitions);
            let value = Some(TargetValue { topic_partitions });
            self.write(ConsumerGroupChange::Target { member, value }, work);
        }
        let value = TargetEpochValue { assignment_epoch: self.epoch, assignment_timestamp: work.now_ms };
        self.write(ConsumerGroupChange::TargetEpoch(Some(value)), work);
    }

    /// Members whose target changes, with the new one.
    fn new_targets(&self, work: &Work<'_>) -> Vec<(String, Partitions)> {
        let none = Partitions::new();
        let topics = self.read_topics(work.cluster);
        let subscribers: Vec<Subscriber<'_>> = self
            .members
            .iter()
            .map(|(id, member)| Subscriber {
                member: id,
                instance: member.metadata.instance_id.as_deref(),
                topics: self.topics_there(member, work.cluster),
                target: self.targets.get(id).unwrap_or(&none),
            })
            .collect();
        let assigned = self.assignor().assign(&subscribers, &topics);
        let all = subscribers.iter().zip(assigned);
        let changed =
            all.filter(|(subscriber, assigned)| self.targets.get(subscriber.member) != Some(assigned));
        changed.map(|(subscriber, assigned)| (subscriber.member.to_owned(), assigned)).collect()
    }
}
