//! Who in a group reads what: the leader of a classic group decides by one of these rules.

use crate::settings::Setting;

// Who takes part.
mod member;
// The rules.
mod cooperative;
mod range;
mod round_robin;
mod sticky;

pub(crate) use member::{Assignments, Counts, Member};

const PACKAGE: &str = "org.apache.kafka.clients.consumer.";

/// A rule for the partitions of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// Neighbouring partitions of each topic.
    Range,
    /// One after the other over all topics.
    RoundRobin,
    /// As even as can be, moving as little as can be.
    Sticky,
    /// The same; members keep what they keep while others move (KIP-429).
    CooperativeSticky,
}

impl Strategy {
    const ALL: [Self; 4] = [Self::Range, Self::RoundRobin, Self::Sticky, Self::CooperativeSticky];

    /// The name of the protocol that members agree on.
    pub fn name(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::RoundRobin => "roundrobin",
            Self::Sticky => "sticky",
            Self::CooperativeSticky => "cooperative-sticky",
        }
    }

    /// Kafka's class, as its settings name it.
    pub fn class(self) -> &'static str {
        match self {
            Self::Range => "org.apache.kafka.clients.consumer.RangeAssignor",
            Self::RoundRobin => "org.apache.kafka.clients.consumer.RoundRobinAssignor",
            Self::Sticky => "org.apache.kafka.clients.consumer.StickyAssignor",
            Self::CooperativeSticky => "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
        }
    }

    /// By the name of the protocol.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.name() == name)
    }

    /// Whether members keep what they have while others move.
    pub(crate) fn is_cooperative(self) -> bool {
        self == Self::CooperativeSticky
    }

    /// Shares the partitions out.
    pub(crate) fn assign(self, members: &[Member], counts: &Counts) -> Assignments {
        match self {
            Self::Range => range::assign(members, counts),
            Self::RoundRobin => round_robin::assign(members, counts),
            Self::Sticky => sticky::assign(members, counts),
            Self::CooperativeSticky => cooperative::hold_back(members, sticky::assign(members, counts)),
        }
    }

    fn parse_one(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|strategy| {
            let short = strategy.class().strip_prefix(PACKAGE);
            strategy.class() == text || short == Some(text) || strategy.name() == text
        });
        found.ok_or_else(|| format!("Class {text} cannot be found"))
    }
}

/// Classes of Kafka's or names of protocols, most wanted first.
impl Setting for Vec<Strategy> {
    fn parse(text: &str) -> Result<Self, String> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(Strategy::parse_one).collect()
    }
    fn print(&self) -> String {
        let classes: Vec<&str> = self.iter().map(|strategy| strategy.class()).collect();
        classes.join(",")
    }
}

#[cfg(test)]
mod tests;
