//! All partitions in equal shares; whoever has a partition keeps it where that does not stand against equal shares
//! (`UniformAssignor`).

use std::collections::{BTreeMap, BTreeSet};

use strait_wire::ids::Uuid;

use super::Subscriber;
use crate::group::consumer::partitions::Partitions;

pub(super) fn assign(subscribers: &[Subscriber<'_>], topics: &BTreeMap<Uuid, i32>) -> Vec<Partitions> {
    let Some(first) = subscribers.first() else { return Vec::new() };
    let mut shares = Shares::kept(subscribers, topics);
    if subscribers.iter().all(|subscriber| subscriber.topics == first.topics) {
        shares.trim(topics);
        shares.fill();
    } else {
        shares.hand_out();
        shares.balance();
    }
    shares.assigned
}

/// An assignment in the making.
struct Shares<'a> {
    subscribers: &'a [Subscriber<'a>],
    assigned: Vec<Partitions>,
    /// Partitions of each of the assigned.
    loads: Vec<usize>,
    /// Partitions of nobody.
    free: BTreeSet<(Uuid, i32)>,
}

impl<'a> Shares<'a> {
    /// Everybody keeps what it had, as far as that is there and it reads the topic.
    fn kept(subscribers: &'a [Subscriber<'a>], topics: &BTreeMap<Uuid, i32>) -> Self {
        let read = topics
            .iter()
            .filter(|(topic, _)| subscribers.iter().any(|subscriber| subscriber.topics.contains(*topic)));
        let free = read.flat_map(|(topic, partitions)| (0..*partitions).map(|index| (*topic, index)));
        let count = subscribers.len();
        let mut shares = Self {
            subscribers,
            assigned: vec![Partitions::new(); count],
            loads: vec![0; count],
            free: free.collect(),
        };
        for (index, subscriber) in subscribers.iter().enumerate() {
            let had = subscriber.target.iter().filter(|(topic, _)| subscriber.topics.contains(*topic));
            for (topic, partition) in had.flat_map(|(topic, had)| had.iter().map(|one| (*topic, *one))) {
                shares.give(index, topic, partition);
            }
        }
        shares
    }

    /// Gives a partition of nobody.
    fn give(&mut self, to: usize, topic: Uuid, partition: i32) {
        if self.free.remove(&(topic, partition)) {
            self.assigned[to].entry(topic).or_default().insert(partition);
            self.loads[to] += 1;
        }
    }

    fn take(&mut self, from: usize, topic: Uuid, partition: i32) {
        let Some(partitions) = self.assigned[from].get_mut(&topic) else { return };
        if partitions.remove(&partition) {
            self.loads[from] -= 1;
            self.free.insert((topic, partition));
        }
        if self.assigned[from].get(&topic).is_some_and(BTreeSet::is_empty) {
            self.assigned[from].remove(&topic);
        }
    }

    /// How many each may have when all read the same: some one more, first those that have more already.
    fn quotas(&self, total: usize) -> Vec<usize> {
        let count = self.loads.len();
        let (share, mut extra) = (total / count, total % count);
        let mut quotas = vec![share; count];
        let above = (0..count).filter(|index| self.loads[*index] > share);
        let others = (0..count).filter(|index| self.loads[*index] <= share);
        for index in above.chain(others) {
            if extra == 0 {
                break;
            }
            quotas[index] += 1;
            extra -= 1;
        }
        quotas
    }

    /// Takes from those that have more than their share.
    fn trim(&mut self, topics: &BTreeMap<Uuid, i32>) {
        let read = topics.iter().filter(|(topic, _)| self.subscribers[0].topics.contains(*topic));
        let total: i32 = read.map(|(_, partitions)| *partitions).sum();
        let quotas = self.quotas(usize::try_from(total).unwrap_or(0));
        for (index, quota) in quotas.into_iter().enumerate() {
            let had = self.assigned[index].iter();
            let had = had.flat_map(|(topic, had)| had.iter().map(|partition| (*topic, *partition)));
            let surplus: Vec<(Uuid, i32)> = had.skip(quota).collect();
            for (topic, partition) in surplus {
                self.take(index, topic, partition);
            }
        }
    }

    /// Gives the rest to those that have less than their share.
    fn fill(&mut self) {
        let quotas = self.quotas(self.loads.iter().sum::<usize>() + self.free.len());
        for (index, quota) in quotas.into_iter().enumerate() {
            while self.loads[index] < quota {
                let Some((topic, partition)) = self.free.first().copied() else { return };
                self.give(index, topic, partition);
            }
        }
    }

    fn readers(&self, topic: Uuid) -> Vec<usize> {
        let all = self.subscribers.iter().enumerate();
        all.filter(|(_, reader)| reader.topics.contains(&topic)).map(|(index, _)| index).collect()
    }

    /// Where members read different topics, each partition goes to whoever has the least; topics with few readers first.
    fn hand_out(&mut self) {
        let topics: BTreeSet<Uuid> = self.free.iter().map(|(topic, _)| *topic).collect();
        let mut topics: Vec<(Uuid, Vec<usize>)> =
            topics.into_iter().map(|topic| (topic, self.readers(topic))).collect();
        topics.sort_by_key(|(_, readers)| readers.len());
        for (topic, readers) in topics {
            let free: Vec<i32> =
                self.free.range((topic, 0)..=(topic, i32::MAX)).map(|(_, one)| *one).collect();
            for partition in free {
                if let Some(least) = readers.iter().copied().min_by_key(|reader| self.loads[*reader]) {
                    self.give(least, topic, partition);
                }
            }
        }
    }

    /// Moves partitions until no move of one makes shares more equal. Each move makes the sum of the squares smaller,
    /// so there is an end.
    fn balance(&mut self) {
        let topics: BTreeSet<Uuid> =
            self.assigned.iter().flat_map(|partitions| partitions.keys().copied()).collect();
        let topics: Vec<(Uuid, Vec<usize>)> =
            topics.into_iter().map(|topic| (topic, self.readers(topic))).collect();
        let mut moved = true;
        while moved {
            moved = false;
            for (topic, readers) in &topics {
                while self.move_one(*topic, readers) {
                    moved = true;
                }
            }
        }
    }

    fn move_one(&mut self, topic: Uuid, readers: &[usize]) -> bool {
        let owners = readers.iter().copied().filter(|reader| self.assigned[*reader].contains_key(&topic));
        let most = owners.max_by_key(|reader| self.loads[*reader]);
        let least = readers.iter().copied().min_by_key(|reader| self.loads[*reader]);
        let (Some(most), Some(least)) = (most, least) else { return false };
        if self.loads[most] < self.loads[least] + 2 {
            return false;
        }
        let Some(partition) = self.movable(most, topic) else { return false };
        self.take(most, topic, partition);
        self.give(least, topic, partition);
        true
    }

    /// A partition that its owner has not had long, where there is one.
    fn movable(&self, owner: usize, topic: Uuid) -> Option<i32> {
        let had = self.subscribers[owner].target.get(&topic);
        let is_new = |partition: &&i32| had.is_none_or(|had| !had.contains(*partition));
        let partitions = self.assigned[owner].get(&topic)?;
        partitions.iter().rev().find(is_new).or_else(|| partitions.last()).copied()
    }
}
