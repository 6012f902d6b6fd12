//! As even as subscriptions allow, and moving as little as that allows (`AbstractStickyAssignor`). The result is not
//! Kafka's to the letter: only a group's leader assigns, and any result that is even and sticky is right.

use std::collections::{BTreeMap, BTreeSet};

use super::member::{Assignments, Counts, Member, empty, wanted};
use crate::leaders::TopicPartition;

pub(super) fn assign(members: &[Member], counts: &Counts) -> Assignments {
    let mut work = Work::new(members, counts);
    work.keep();
    work.fill();
    work.balance();
    work.assignments
}

struct Work<'a> {
    members: &'a [Member],
    /// Who wants each topic.
    takers: BTreeMap<&'a str, Vec<&'a str>>,
    open: BTreeSet<TopicPartition>,
    owner: BTreeMap<TopicPartition, &'a str>,
    assignments: Assignments,
}

impl<'a> Work<'a> {
    fn new(members: &'a [Member], counts: &Counts) -> Self {
        let mut takers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for member in members {
            for topic in &member.topics {
                takers.entry(topic).or_default().push(&member.id);
            }
        }
        let open = wanted(members, counts).into_iter().collect();
        Self { members, takers, open, owner: BTreeMap::new(), assignments: empty(members) }
    }

    /// What members have stays with them. Where two say they have the same, the newer generation is believed, and
    /// within one generation nobody.
    fn keep(&mut self) {
        let mut claims: BTreeMap<&TopicPartition, Vec<(i32, &'a Member)>> = BTreeMap::new();
        for member in self.members {
            let claimed = member.owned.iter().filter(|partition| member.topics.contains(&partition.0));
            claimed
                .for_each(|partition| claims.entry(partition).or_default().push((member.generation, member)));
        }
        for (partition, mut claimed) in claims {
            claimed.sort_by_key(|(generation, _)| std::cmp::Reverse(*generation));
            let (newest, member) = claimed[0];
            let is_disputed = claimed.get(1).is_some_and(|(generation, _)| *generation == newest);
            if !is_disputed && self.open.remove(partition) {
                self.give(partition.clone(), &member.id);
            }
        }
    }

    fn give(&mut self, partition: TopicPartition, member: &'a str) {
        if let Some(before) = self.owner.insert(partition.clone(), member) {
            self.assignments.entry(before.to_owned()).or_default().remove(&partition);
        }
        self.assignments.entry(member.to_owned()).or_default().insert(partition);
    }

    fn load(&self, member: &str) -> usize {
        self.assignments.get(member).map_or(0, BTreeSet::len)
    }

    fn least_loaded(&self, topic: &str) -> Option<&'a str> {
        let takers = self.takers.get(topic)?;
        takers.iter().copied().min_by_key(|member| (self.load(member), *member))
    }

    /// What nobody has goes to who has least, first what the fewest may take.
    fn fill(&mut self) {
        let mut open: Vec<TopicPartition> = std::mem::take(&mut self.open).into_iter().collect();
        open.sort_by_key(|(topic, _)| self.takers.get(topic.as_str()).map_or(0, Vec::len));
        for partition in open {
            if let Some(member) = self.least_loaded(&partition.0) {
                self.give(partition, member);
            }
        }
    }

    /// A partition moves only to a member that has at least two less: each move makes the loads more even, so there
    /// is a last one. Who has most gives first: nobody gets what another one gives up later.
    fn balance(&mut self) {
        while let Some((partition, taker)) = self.next_move() {
            self.give(partition, taker);
        }
    }

    fn next_move(&self) -> Option<(TopicPartition, &'a str)> {
        let least = self.takers.keys().filter_map(|topic| {
            let taker = self.least_loaded(topic)?;
            Some((*topic, (taker, self.load(taker))))
        });
        let least: BTreeMap<&str, (&'a str, usize)> = least.collect();
        let mut owners: Vec<(&String, &BTreeSet<TopicPartition>)> = self.assignments.iter().collect();
        owners.sort_by_key(|(_, partitions)| std::cmp::Reverse(partitions.len()));
        owners.into_iter().find_map(|(_, partitions)| {
            // The last partitions move first: the first ones stay where they were.
            let moves = partitions.iter().rev().filter_map(|partition| {
                let (taker, load) = least.get(partition.0.as_str())?;
                (partitions.len() >= load + 2).then(|| (partition.clone(), *taker, *load))
            });
            let best = moves.min_by_key(|(_, _, load)| *load);
            best.map(|(partition, taker, _)| (partition, taker))
        })
    }
}
