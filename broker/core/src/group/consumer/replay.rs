//! Changes of the log, applied and written.

use super::member::AWAY_EPOCH;
use super::partitions::target_of_record;
use super::{ConsumerGroup, Current, LEAVE_EPOCH, Member, Owned, Work};
use crate::internal_record::consumer_group::ConsumerGroupMemberMetadataValue as MemberValue;
use crate::internal_record::{ConsumerGroupChange, ConsumerGroupRecord, GroupRecord};

impl ConsumerGroup {
    /// Makes a change and has it written.
    pub(super) fn write(&mut self, change: ConsumerGroupChange, work: &mut Work<'_>) {
        let record = ConsumerGroupRecord { group: self.id.clone(), change: change.clone() };
        work.effects.records.push(GroupRecord::Consumer(record));
        self.replay(change);
    }

    /// Applies a change of the log. What it deletes needs not be there.
    pub(in crate::group) fn replay(&mut self, change: ConsumerGroupChange) {
        match change {
            ConsumerGroupChange::Epoch(value) => {
                let value = value.unwrap_or_default();
                (self.epoch, self.metadata_hash) = (value.epoch, value.metadata_hash);
            }
            ConsumerGroupChange::Topics(value) => self.has_topics_record = value.is_some(),
            ConsumerGroupChange::Member { member, value: Some(value) } => self.replay_member(member, value),
            ConsumerGroupChange::Member { member, value: None } => self.remove(&member),
            ConsumerGroupChange::TargetEpoch(value) => {
                let value = value.unwrap_or_default();
                (self.assignment_epoch, self.assigned_ms) =
                    (value.assignment_epoch, value.assignment_timestamp);
            }
            ConsumerGroupChange::Target { member, value: Some(value) } => {
                self.targets.insert(member, target_of_record(value.topic_partitions));
            }
            ConsumerGroupChange::Target { member, value: None } => {
                self.targets.remove(&member);
            }
            ConsumerGroupChange::Current { member, value: Some(value) } => {
                self.place(&member, Current::of_record(value));
            }
            ConsumerGroupChange::Current { member, value: None } => {
                if self.members.contains_key(&member) {
                    let gone =
                        Current { epoch: LEAVE_EPOCH, previous_epoch: LEAVE_EPOCH, ..Current::default() };
                    self.place(&member, gone);
                }
            }
            ConsumerGroupChange::Regex { regex, value: Some(value) } => {
                self.regexes.insert(regex, value);
            }
            ConsumerGroupChange::Regex { regex, value: None } => {
                self.regexes.remove(&regex);
            }
        }
    }

    fn replay_member(&mut self, id: String, value: MemberValue) {
        if let Some(instance) = &value.instance_id {
            self.static_members.insert(instance.clone(), id.clone());
        }
        self.members.entry(id).or_default().metadata = value;
    }

    fn remove(&mut self, id: &str) {
        let Some(member) = self.members.remove(id) else { return };
        self.disown(&member.current);
        let instance = member.metadata.instance_id;
        if let Some(instance) =
            instance.filter(|known| self.static_members.get(known).is_some_and(|held| held == id))
        {
            self.static_members.remove(&instance);
        }
    }

    fn place(&mut self, id: &str, current: Current) {
        let member: &mut Member = self.members.entry(id.to_owned()).or_default();
        let before = std::mem::replace(&mut member.current, current.clone());
        self.disown(&before);
        for (topic, partition) in held(&current) {
            self.owners.insert((topic, partition), current.epoch);
        }
    }

    /// Compaction may leave an older record of one member in front of a newer one of another: what is newer stays.
    fn disown(&mut self, current: &Current) {
        for held in held(current) {
            if self.owners.get(&held) == Some(&current.epoch) {
                self.owners.remove(&held);
            }
        }
    }

    /// Whether somebody has the partition.
    pub(super) fn is_owned(&self, partition: (strait_wire::ids::Uuid, i32)) -> bool {
        self.owners.contains_key(&partition)
    }

    /// Everything about the group deleted, in Kafka's order.
    pub(in crate::group) fn tombstones(&self) -> Vec<GroupRecord> {
        let members = || self.members.keys().cloned();
        let current = members().map(|member| ConsumerGroupChange::Current { member, value: None });
        let targets = members().map(|member| ConsumerGroupChange::Target { member, value: None });
        let named = members().map(|member| ConsumerGroupChange::Member { member, value: None });
        let regexes = self.regexes.keys().cloned();
        let regexes = regexes.map(|regex| ConsumerGroupChange::Regex { regex, value: None });
        let topics = self.has_topics_record.then_some(ConsumerGroupChange::Topics(None));
        let changes = current
            .chain(targets)
            .chain([ConsumerGroupChange::TargetEpoch(None)])
            .chain(named)
            .chain(topics)
            .chain(regexes)
            .chain([ConsumerGroupChange::Epoch(None)]);
        let group = &self.id;
        let records = changes.map(|change| ConsumerGroupRecord { group: group.clone(), change });
        records.map(GroupRecord::Consumer).collect()
    }

    /// A static member says that it is away for a while; it keeps what it has.
    pub(super) fn away(current: &Current) -> Current {
        Current { epoch: AWAY_EPOCH, revoking: Owned::new(), ..current.clone() }
    }
}

fn held(current: &Current) -> impl Iterator<Item = (strait_wire::ids::Uuid, i32)> {
    let topics = current.assigned.iter().chain(&current.revoking);
    topics.flat_map(|(topic, partitions)| partitions.keys().map(|partition| (*topic, *partition)))
}
