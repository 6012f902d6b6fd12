//! Committed offsets by group and partition, and those that wait for the end of a transaction.
//!
//! Live commits and the records of the log are applied by the same calls in the same order, so both give one state.

use std::collections::{BTreeMap, BTreeSet};

use super::committed::CommittedOffset;
use crate::internal_record::OffsetKey;

/// A topic's name and a partition's index.
type Partition = (String, i32);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Placed {
    offset: CommittedOffset,
    /// Which commit of the shard it was: a transaction that ends does not undo a later plain commit.
    order: u64,
}

/// Whether a transaction could still change a committed offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stability {
    Stable,
    /// `UNSTABLE_OFFSET_COMMIT` for those who ask for stable offsets.
    Pending,
}

/// The offsets of all groups in a shard.
#[derive(Clone, Debug, Default)]
pub struct GroupOffsets {
    committed: BTreeMap<String, BTreeMap<Partition, Placed>>,
    /// Producer id to what its open transaction commits.
    pending: BTreeMap<i64, BTreeMap<OffsetKey, Placed>>,
    /// Group to the producers with an open transaction.
    open: BTreeMap<String, BTreeSet<i64>>,
    commits: u64,
}

impl GroupOffsets {
    /// Notes a commit; with a producer it waits for the end of the transaction.
    pub fn commit(&mut self, key: OffsetKey, offset: CommittedOffset, producer_id: Option<i64>) {
        self.commits += 1;
        let placed = Placed { offset, order: self.commits };
        match producer_id {
            None => self.place(key, placed),
            Some(producer_id) => {
                self.open.entry(key.group.clone()).or_default().insert(producer_id);
                self.pending.entry(producer_id).or_default().insert(key, placed);
            }
        }
    }

    fn place(&mut self, key: OffsetKey, placed: Placed) {
        self.committed.entry(key.group).or_default().insert((key.topic, key.partition), placed);
    }

    /// Forgets an offset, pending ones too.
    pub fn remove(&mut self, key: &OffsetKey) {
        if let Some(partitions) = self.committed.get_mut(&key.group) {
            partitions.remove(&(key.topic.clone(), key.partition));
            if partitions.is_empty() {
                self.committed.remove(&key.group);
            }
        }
        for producer_id in self.open.get(&key.group).into_iter().flatten() {
            if let Some(pending) = self.pending.get_mut(producer_id) {
                pending.remove(key);
            }
        }
    }

    /// A producer's transaction ended: its offsets count from now on, or are forgotten.
    pub fn end_transaction(&mut self, producer_id: i64, is_committed: bool) {
        let Some(pending) = self.pending.remove(&producer_id) else { return };
        self.open.retain(|_, producers| {
            producers.remove(&producer_id);
            !producers.is_empty()
        });
        for (key, placed) in pending.into_iter().filter(|_| is_committed) {
            let known = self.committed.get(&key.group);
            let known = known.and_then(|partitions| partitions.get(&(key.topic.clone(), key.partition)));
            if known.is_none_or(|known| known.order < placed.order) {
                self.place(key, placed);
            }
        }
    }

    /// What a group committed for a partition.
    pub fn get(&self, group: &str, topic: &str, partition: i32) -> Option<&CommittedOffset> {
        let partitions = self.committed.get(group)?;
        partitions.get(&(topic.to_owned(), partition)).map(|placed| &placed.offset)
    }

    /// All that a group committed, in the order of topic and partition.
    pub fn of_group(&self, group: &str) -> impl Iterator<Item = (&str, i32, &CommittedOffset)> {
        let partitions = self.committed.get(group).into_iter().flatten();
        partitions.map(|((topic, partition), placed)| (topic.as_str(), *partition, &placed.offset))
    }

    /// Whether an open transaction commits for the partition too.
    pub fn stability(&self, group: &str, topic: &str, partition: i32) -> Stability {
        let producers = self.open.get(group).into_iter().flatten();
        let key = OffsetKey { group: group.to_owned(), topic: topic.to_owned(), partition };
        let is_pending = producers
            .filter_map(|producer_id| self.pending.get(producer_id))
            .any(|pending| pending.contains_key(&key));
        if is_pending { Stability::Pending } else { Stability::Stable }
    }

    /// Whether a transaction that commits for the group is open.
    pub fn has_open_transaction(&self, group: &str) -> bool {
        self.open.contains_key(group)
    }

    /// The partitions for which a group committed or is about to.
    pub(crate) fn keys_of_group(&self, group: &str) -> BTreeSet<OffsetKey> {
        let committed = self.of_group(group).map(|(topic, partition, _)| OffsetKey {
            group: group.to_owned(),
            topic: topic.to_owned(),
            partition,
        });
        let pending = self.pending.values().flat_map(BTreeMap::keys).filter(|key| key.group == group);
        committed.chain(pending.cloned()).collect()
    }

    /// The offsets of any group for a topic, pending ones too.
    pub(crate) fn keys_of_topic(&self, topic: &str) -> BTreeSet<OffsetKey> {
        let groups = self.committed.keys().chain(self.open.keys()).collect::<BTreeSet<_>>();
        let keys = groups.into_iter().flat_map(|group| self.keys_of_group(group));
        keys.filter(|key| key.topic == topic).collect()
    }
}

/// Equal when the same offsets are committed and pending; how often was committed is not compared.
impl PartialEq for GroupOffsets {
    fn eq(&self, other: &Self) -> bool {
        let committed = |offsets: &Self| -> BTreeSet<OffsetKey> {
            offsets.committed.keys().flat_map(|group| offsets.keys_of_group(group)).collect()
        };
        let pending = |offsets: &Self| -> Vec<(i64, OffsetKey, CommittedOffset)> {
            let producers = offsets.pending.iter();
            let all = producers.flat_map(|(producer_id, keys)| {
                keys.iter().map(|(key, placed)| (*producer_id, key.clone(), placed.offset.clone()))
            });
            all.collect()
        };
        let keys = committed(self);
        keys == committed(other)
            && keys.iter().all(|key| {
                self.get(&key.group, &key.topic, key.partition)
                    == other.get(&key.group, &key.topic, key.partition)
            })
            && pending(self) == pending(other)
    }
}
