//! Who shall read which partitions.

// Neighbouring partitions to each member, topic by topic.
mod range;
// All partitions in equal shares, with few moves.
mod uniform;

use std::collections::{BTreeMap, BTreeSet};

use strait_wire::ids::Uuid;

use super::partitions::Partitions;

/// The assignors of the coordinator, by Kafka's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::group) enum Assignor {
    Uniform,
    Range,
}

/// In the order of `group.consumer.assignors`: the first is the default.
const ALL: [Assignor; 2] = [Assignor::Uniform, Assignor::Range];

/// A member as an assignor sees it.
#[derive(Clone, Debug)]
pub(super) struct Subscriber<'a> {
    pub(super) member: &'a str,
    pub(super) instance: Option<&'a str>,
    /// Topics that are there.
    pub(super) topics: BTreeSet<Uuid>,
    /// What it was to have before.
    pub(super) target: &'a Partitions,
}

impl Assignor {
    pub(in crate::group) const DEFAULT: Self = Self::Uniform;

    pub(in crate::group) fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Range => "range",
        }
    }

    pub(in crate::group) fn of_name(name: &str) -> Option<Self> {
        ALL.into_iter().find(|assignor| assignor.name() == name)
    }

    pub(super) fn names() -> [&'static str; 2] {
        ALL.map(Self::name)
    }

    /// What each of the subscribers shall have, in their order. `topics` has the number of partitions of each topic.
    pub(super) fn assign(
        self,
        subscribers: &[Subscriber<'_>],
        topics: &BTreeMap<Uuid, i32>,
    ) -> Vec<Partitions> {
        match self {
            Self::Uniform => uniform::assign(subscribers, topics),
            Self::Range => range::assign(subscribers, topics),
        }
    }
}

#[cfg(test)]
mod tests;
