//! Records of the log read again, and the begin and end of a shard.

use super::classic::{ClassicGroup, State};
use super::cluster::Cluster;
use super::consumer::{ConsumerGroup, ConsumerState};
use super::effects::Effects;
use super::groups::Groups;
use crate::group_offsets::CommittedOffset;
use crate::internal_record::{ConsumerGroupChange, ConsumerGroupRecord, GroupRecord};

impl Groups {
    /// Applies a record of the log. `producer_id` is that of a transactional batch, whose offsets wait for the
    /// marker: pass markers to [`Groups::end_transaction`].
    pub fn replay(&mut self, record: GroupRecord, producer_id: Option<i64>) {
        match record {
            GroupRecord::Group { group, value: Some(value) } => {
                self.consumer.remove(&group);
                self.classic.insert(group.clone(), ClassicGroup::from_record(group, value));
            }
            GroupRecord::Group { group, value: None } => {
                self.classic.remove(&group);
            }
            GroupRecord::Offset { key, value: Some(value) } => {
                let group = key.group.clone();
                let committed = CommittedOffset::from(value);
                let since_ms = committed.committed_ms;
                if !self.consumer.contains_key(&group) {
                    self.classic.entry(group.clone()).or_insert_with(|| ClassicGroup::new(group, since_ms));
                }
                self.offsets.commit(key, committed, producer_id);
            }
            GroupRecord::Offset { key, value: None } => self.offsets.remove(&key),
            GroupRecord::Consumer(record) => self.replay_consumer(record),
        }
    }

    /// Whatever is said of a consumer group makes it one, except that something of it is gone.
    fn replay_consumer(&mut self, ConsumerGroupRecord { group, change }: ConsumerGroupRecord) {
        if change == ConsumerGroupChange::Epoch(None) {
            self.consumer.remove(&group);
        } else if let Some(known) = self.consumer.get_mut(&group) {
            known.replay(change);
        } else if !change.is_deletion() {
            self.classic.remove(&group);
            let mut known = ConsumerGroup::new(group.clone());
            known.replay(change);
            self.consumer.insert(group, known);
        }
    }

    /// All records were read: members have a session's time to be heard.
    pub fn loaded(&mut self, cluster: &dyn Cluster, now_ms: i64) -> Effects {
        let mut effects = Effects::default();
        let groups: Vec<String> = self.classic.keys().cloned().collect();
        for group in groups {
            self.with_group(&group, now_ms, &mut effects, ClassicGroup::loaded);
        }
        let groups: Vec<String> = self.consumer.keys().cloned().collect();
        for group in groups {
            self.with_consumer(&group, cluster, now_ms, &mut effects, |group, work| group.loaded(work));
        }
        effects
    }

    /// The shard is given up: every waiting request is answered `NOT_COORDINATOR`.
    pub fn unload(mut self) -> Effects {
        let mut effects = Effects::default();
        let groups: Vec<String> = self.classic.keys().cloned().collect();
        for group in groups {
            self.with_group(&group, 0, &mut effects, ClassicGroup::unload);
        }
        effects
    }

    /// Consumer groups by state, for metrics.
    pub fn count_consumers_in(&self, state: ConsumerState) -> usize {
        self.consumer.values().filter(|group| group.state() == state).count()
    }

    /// Classic groups by state, for metrics.
    pub fn count_in(&self, state: State) -> usize {
        self.classic.values().filter(|group| group.state() == state).count()
    }
}
