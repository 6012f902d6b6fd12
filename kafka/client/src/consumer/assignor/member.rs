//! Members of a group as an assignor sees them, and what it gives them.

use std::collections::{BTreeMap, BTreeSet};

use crate::leaders::TopicPartition;

/// A member of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) topics: BTreeSet<String>,
    /// What it has, since this generation.
    pub(crate) owned: Vec<TopicPartition>,
    pub(crate) generation: i32,
}

/// How many partitions each topic has.
pub(crate) type Counts = BTreeMap<String, i32>;

/// Partitions of each member, by its id.
pub(crate) type Assignments = BTreeMap<String, BTreeSet<TopicPartition>>;

/// Members in the order in which they are served: static ones by their instance, then the others by their id.
pub(crate) fn in_order(members: &[Member]) -> Vec<&Member> {
    let mut members: Vec<&Member> = members.iter().collect();
    members.sort_by_key(|member| (member.instance_id.is_none(), &member.instance_id, &member.id));
    members
}

/// Nothing for everybody.
pub(crate) fn empty(members: &[Member]) -> Assignments {
    members.iter().map(|member| (member.id.clone(), BTreeSet::new())).collect()
}

/// All partitions of all topics that somebody wants and that exist.
pub(crate) fn wanted(members: &[Member], counts: &Counts) -> Vec<TopicPartition> {
    let topics: BTreeSet<&String> = members.iter().flat_map(|member| &member.topics).collect();
    let counted = topics.into_iter().filter_map(|topic| Some((topic, *counts.get(topic)?)));
    counted.flat_map(|(topic, count)| (0..count).map(move |index| (topic.clone(), index))).collect()
}
