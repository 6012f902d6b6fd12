//! What a consumer reads and where it stands (`SubscriptionState`), without I/O.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::config::AutoOffsetReset;
use super::error::ConsumerError;
use super::record::{OffsetAndMetadata, Offsets};
use crate::leaders::TopicPartition;

/// Who chooses the partitions.
#[derive(Clone, Debug, Default)]
pub(crate) enum Choice {
    #[default]
    Nothing,
    /// The group, of these topics.
    Topics(BTreeSet<String>),
    /// The group, of the topics whose whole name matches.
    Pattern(Regex),
    /// The program.
    Partitions,
}

/// The next record to read, and the leader's epoch of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) offset: i64,
    pub(crate) leader_epoch: Option<i32>,
}

/// Where a partition is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Where the group committed, or else by the policy.
    Unknown,
    /// To be looked up.
    Reset(AutoOffsetReset),
    At(Position),
}

/// A partition that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Assigned {
    pub(crate) place: Place,
    pub(crate) paused: bool,
    /// Given up in a rebalance that is under way: nothing more of it is handed out.
    pub(crate) leaving: bool,
    /// Changes with each seek: what was asked for before it does not count.
    pub(crate) version: u64,
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    pub(crate) choice: Choice,
    pub(crate) assigned: BTreeMap<TopicPartition, Assigned>,
    next_version: u64,
}

impl Subscriptions {
    pub(crate) fn choose_topics(&mut self, topics: BTreeSet<String>) -> Result<(), ConsumerError> {
        self.check_group_choice()?;
        self.choice = Choice::Topics(topics);
        Ok(())
    }

    pub(crate) fn choose_pattern(&mut self, pattern: &str) -> Result<(), ConsumerError> {
        self.check_group_choice()?;
        let whole = Regex::new(&format!("^(?:{pattern})$"));
        self.choice =
            Choice::Pattern(whole.map_err(|error| ConsumerError::Pattern { reason: error.to_string() })?);
        Ok(())
    }

    fn check_group_choice(&self) -> Result<(), ConsumerError> {
        match self.choice {
            Choice::Partitions => Err(ConsumerError::MixedSubscription),
            Choice::Nothing | Choice::Topics(_) | Choice::Pattern(_) => Ok(()),
        }
    }

    pub(crate) fn choose_partitions(&mut self, partitions: &[TopicPartition]) -> Result<(), ConsumerError> {
        if self.is_by_group() {
            return Err(ConsumerError::MixedSubscription);
        }
        self.choice = Choice::Partitions;
        self.assign(partitions.iter().cloned().collect());
        Ok(())
    }

    pub(crate) fn is_by_group(&self) -> bool {
        matches!(self.choice, Choice::Topics(_) | Choice::Pattern(_))
    }

    /// Topics of a pattern, or those that were named.
    pub(crate) fn topics<'a>(
        &self,
        known: impl Iterator<Item = (&'a str, bool)>,
        no_internal: bool,
    ) -> BTreeSet<String> {
        match &self.choice {
            Choice::Topics(topics) => topics.clone(),
            Choice::Pattern(pattern) => {
                let matching =
                    known.filter(|(name, internal)| !(*internal && no_internal) && pattern.is_match(name));
                matching.map(|(name, _)| name.to_owned()).collect()
            }
            Choice::Nothing | Choice::Partitions => BTreeSet::new(),
        }
    }

    /// These partitions and no others; who stays keeps its place.
    pub(crate) fn assign(&mut self, partitions: BTreeSet<TopicPartition>) {
        self.assigned.retain(|partition, _| partitions.contains(partition));
        for partition in partitions {
            self.next_version += 1;
            let version = self.next_version;
            let fresh = Assigned { place: Place::Unknown, paused: false, leaving: false, version };
            self.assigned.entry(partition).or_insert(fresh).leaving = false;
        }
    }

    pub(crate) fn forget(&mut self) {
        *self = Self { next_version: self.next_version, ..Self::default() };
    }

    pub(crate) fn partitions(&self) -> BTreeSet<TopicPartition> {
        self.assigned.keys().cloned().collect()
    }

    fn get(&mut self, partition: &TopicPartition) -> Result<&mut Assigned, ConsumerError> {
        let missing = || ConsumerError::NotAssigned { partition: partition.clone() };
        self.assigned.get_mut(partition).ok_or_else(missing)
    }

    /// Another place; what is on its way for the old one does not count.
    pub(crate) fn place(&mut self, partition: &TopicPartition, place: Place) -> Result<(), ConsumerError> {
        self.next_version += 1;
        let version = self.next_version;
        let assigned = self.get(partition)?;
        (assigned.place, assigned.version) = (place, version);
        Ok(())
    }

    /// The answer to a question of this version.
    pub(crate) fn resolve(&mut self, partition: &TopicPartition, version: u64, place: Place) {
        if let Some(assigned) = self.assigned.get_mut(partition)
            && assigned.version == version
        {
            assigned.place = place;
        }
    }

    pub(crate) fn pause(&mut self, partition: &TopicPartition, paused: bool) -> Result<(), ConsumerError> {
        self.get(partition)?.paused = paused;
        Ok(())
    }

    pub(crate) fn leave(&mut self, partitions: &BTreeSet<TopicPartition>) {
        for partition in partitions {
            self.assigned.entry(partition.clone()).and_modify(|assigned| assigned.leaving = true);
        }
    }

    pub(crate) fn position(&self, partition: &TopicPartition) -> Option<Position> {
        match self.assigned.get(partition)?.place {
            Place::At(position) => Some(position),
            Place::Unknown | Place::Reset(_) => None,
        }
    }

    /// Whether the partition still stands where something was asked for.
    pub(crate) fn is_at(&self, partition: &TopicPartition, version: u64, position: Position) -> bool {
        let assigned = self.assigned.get(partition);
        assigned.is_some_and(|assigned| assigned.version == version && assigned.place == Place::At(position))
    }

    /// Records up to here were handed out.
    pub(crate) fn advance(&mut self, partition: &TopicPartition, position: Position) {
        if let Some(assigned) = self.assigned.get_mut(partition) {
            assigned.place = Place::At(position);
        }
    }

    /// Partitions to read from now, with their places.
    pub(crate) fn fetchable(&self) -> impl Iterator<Item = (&TopicPartition, &Assigned, Position)> {
        self.assigned.iter().filter_map(|(partition, assigned)| match assigned.place {
            Place::At(position) if !assigned.paused && !assigned.leaving => {
                Some((partition, assigned, position))
            }
            _ => None,
        })
    }

    /// Partitions whose place is to be looked up in a way.
    pub(crate) fn placed(&self, wanted: impl Fn(Place) -> bool) -> Vec<(TopicPartition, u64)> {
        let placed = self.assigned.iter().filter(|(_, assigned)| wanted(assigned.place) && !assigned.leaving);
        placed.map(|(partition, assigned)| (partition.clone(), assigned.version)).collect()
    }

    /// Where the program stands in all partitions.
    pub(crate) fn consumed(&self) -> Offsets {
        let at = self.assigned.iter().filter_map(|(partition, assigned)| match assigned.place {
            Place::At(Position { offset, leader_epoch }) => {
                Some((partition.clone(), OffsetAndMetadata { offset, leader_epoch, metadata: String::new() }))
            }
            Place::Unknown | Place::Reset(_) => None,
        });
        at.collect()
    }
}

#[cfg(test)]
#[path = "subscription_tests.rs"]
mod tests;
