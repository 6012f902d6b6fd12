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
mod tests {
    use super::*;

    fn partition(index: i32) -> TopicPartition {
        ("t".to_owned(), index)
    }

    fn at(offset: i64) -> Place {
        Place::At(Position { offset, leader_epoch: None })
    }

    #[test]
    fn who_chooses_is_decided_once() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.choose_topics(BTreeSet::from(["t".to_owned()])).expect("the first choice");
        subscriptions.choose_pattern("t.*").expect("the group still");
        assert!(subscriptions.choose_pattern("t(").is_err());
        assert!(subscriptions.choose_partitions(&[partition(0)]).is_err());
        subscriptions.forget();
        subscriptions.choose_partitions(&[partition(0)]).expect("after unsubscribe");
        assert!(subscriptions.choose_topics(BTreeSet::new()).is_err());
    }

    #[test]
    fn a_pattern_means_whole_names() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.choose_pattern("orders|a.*").expect("a pattern");
        let known = [("orders", false), ("my-orders", false), ("a", false), ("ab", true)];
        let names = |no_internal| subscriptions.topics(known.into_iter(), no_internal);
        assert_eq!(names(true), BTreeSet::from(["orders".to_owned(), "a".to_owned()]));
        assert!(names(false).contains("ab"));
    }

    #[test]
    fn who_stays_keeps_its_place() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.assign(BTreeSet::from([partition(0), partition(1)]));
        subscriptions.place(&partition(1), at(5)).expect("assigned");
        subscriptions.pause(&partition(1), true).expect("assigned");
        subscriptions.assign(BTreeSet::from([partition(1), partition(2)]));
        assert_eq!(subscriptions.position(&partition(1)).map(|position| position.offset), Some(5));
        assert!(subscriptions.place(&partition(0), at(1)).is_err(), "it went away");
        assert_eq!(subscriptions.fetchable().count(), 0, "one is paused, one has no place");
        subscriptions.pause(&partition(1), false).expect("assigned");
        assert_eq!(subscriptions.fetchable().count(), 1);
        assert_eq!(subscriptions.consumed().len(), 1);
        subscriptions.leave(&BTreeSet::from([partition(1)]));
        assert_eq!(subscriptions.fetchable().count(), 0, "it is about to go");
    }

    #[test]
    fn an_answer_from_before_a_seek_does_not_count() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.assign(BTreeSet::from([partition(0)]));
        let asked = subscriptions.placed(|place| place == Place::Unknown);
        subscriptions.place(&partition(0), at(9)).expect("assigned");
        subscriptions.resolve(&asked[0].0, asked[0].1, at(3));
        assert_eq!(subscriptions.position(&partition(0)).map(|position| position.offset), Some(9));
        let version = subscriptions.assigned[&partition(0)].version;
        subscriptions.resolve(&partition(0), version, at(4));
        assert_eq!(subscriptions.position(&partition(0)).map(|position| position.offset), Some(4));
    }
}
