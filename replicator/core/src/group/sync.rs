//! What of a group is committed at the target: never backwards, never under a live member, never past what is copied.
//! For all that is not committed there is a reason.

use super::by_partition::{ByPartition, each};

/// A group's offset at the source, as an offset of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Translated {
    /// The record that the group reads next.
    Exact(i64),
    /// The group is ahead of the copy: the end of what is copied.
    NotYetCopied(i64),
    /// Not behind the record, as near as offset syncs of MirrorMaker 2 tell: it copied it.
    Rough(i64),
    /// The offset map does not reach back so far.
    NoMapping,
    /// The partition is not copied, or not looked at yet.
    NotCopied,
    /// The group committed that it has no offset.
    NoOffset,
}

impl Translated {
    /// The offset at the other side, where it is known.
    pub fn offset(self) -> Option<i64> {
        match self {
            Self::Exact(offset) | Self::NotYetCopied(offset) | Self::Rough(offset) => Some(offset),
            Self::NoMapping | Self::NotCopied | Self::NoOffset => None,
        }
    }

    /// The name in REST and CLI.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact(_) => "exact",
            Self::NotYetCopied(_) => "not_yet_copied",
            Self::Rough(_) => "rough",
            Self::NoMapping => "no_mapping",
            Self::NotCopied => "not_copied",
            Self::NoOffset => "no_offset",
        }
    }
}

/// The group of the same name at the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetGroup {
    /// Nobody is in it; what it committed. A group that does not exist has committed nothing.
    Idle { committed: ByPartition<i64> },
    /// Members are in it.
    Active { state: String },
    /// It is of another protocol, such as Connect's, whose name it is.
    OtherProtocol { protocol_type: String },
    /// The target did not tell.
    Unknown { reason: String },
}

/// What becomes of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionSync {
    /// To be committed.
    Commit {
        offset: i64,
    },
    /// The target has it.
    Synced,
    /// The target's group is further on: it is left alone.
    AheadAtTarget {
        committed: i64,
    },
    /// Left alone, since its members decide.
    Held,
    NoMapping,
    NotCopied,
    NoOffset,
}

impl PartitionSync {
    /// The name in REST and CLI.
    pub fn name(self) -> &'static str {
        match self {
            Self::Commit { .. } => "commit",
            Self::Synced => "synced",
            Self::AheadAtTarget { .. } => "ahead_at_target",
            Self::Held => "held",
            Self::NoMapping => "no_mapping",
            Self::NotCopied => "not_copied",
            Self::NoOffset => "no_offset",
        }
    }
}

/// The state of a group with a stable name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupState {
    /// Every partition is where the source's group is.
    Synced,
    /// The source's group read on before the copy did; the target's stands at the end of the copy.
    NotYetCopied,
    /// The target's group is further on in some partition.
    AheadAtTarget,
    /// Some offset lies before what the offset map knows.
    NoMapping,
    /// Members are in the target's group.
    ActiveAtTarget,
    /// The target's group is no group of consumers.
    OtherProtocol,
    /// Nothing of it is copied by this flow.
    NotCopied,
    /// It committed that it has no offset, wherever it is copied.
    NoOffset,
    /// A cluster could not be asked, or refused.
    Failed,
    /// Committing at the target is switched off.
    NotSynced,
}

impl GroupState {
    /// The name in REST, CLI and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "synced",
            Self::NotYetCopied => "not_yet_copied",
            Self::AheadAtTarget => "ahead_at_target",
            Self::NoMapping => "no_mapping",
            Self::ActiveAtTarget => "active_at_target",
            Self::OtherProtocol => "other_protocol",
            Self::NotCopied => "not_copied",
            Self::NoOffset => "no_offset",
            Self::Failed => "failed",
            Self::NotSynced => "not_synced",
        }
    }
}

/// What becomes of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOutcome {
    pub state: GroupState,
    /// For a person.
    pub reason: String,
    /// By topic of the target.
    pub partitions: ByPartition<PartitionSync>,
}

impl GroupOutcome {
    /// What is to be committed: topic, partition and offset.
    pub fn commits(&self) -> impl Iterator<Item = (&str, i32, i64)> {
        each(&self.partitions).filter_map(|(topic, partition, sync)| match sync {
            PartitionSync::Commit { offset } => Some((topic, partition, *offset)),
            _ => None,
        })
    }
}

/// Decides what of a group is committed. `wanted` has its places by topic of the target, then partition.
pub fn sync_group<'a, Places>(
    wanted: impl Iterator<Item = (&'a str, Places)>,
    target: &TargetGroup,
) -> GroupOutcome
where
    Places: Iterator<Item = (i32, Translated)>,
{
    let (mut partitions, mut counts) = (ByPartition::new(), Counts::default());
    for (topic, places) in wanted {
        let committed = match target {
            TargetGroup::Idle { committed } => Some(committed.get(topic)),
            _ => None,
        };
        let sync = |(partition, translated)| {
            let committed = committed.map(|of_topic| of_topic.and_then(|of_topic| of_topic.get(&partition)));
            let sync = sync_partition(translated, committed);
            counts.add(translated, sync);
            (partition, sync)
        };
        partitions.insert(topic.to_owned(), places.map(sync).collect());
    }
    let (state, reason) = judge(&counts, target);
    GroupOutcome { state, reason, partitions }
}

/// Partitions of a group.
#[derive(Default)]
struct Counts {
    all: usize,
    /// The copy is behind them.
    behind: usize,
    rough: usize,
    ahead: usize,
    without_mapping: usize,
    without_offset: usize,
    not_copied: usize,
}

impl Counts {
    fn add(&mut self, translated: Translated, sync: PartitionSync) {
        self.all += 1;
        self.behind += usize::from(matches!(translated, Translated::NotYetCopied(_)));
        self.rough += usize::from(matches!(translated, Translated::Rough(_)));
        match sync {
            PartitionSync::AheadAtTarget { .. } => self.ahead += 1,
            PartitionSync::NoMapping => self.without_mapping += 1,
            PartitionSync::NoOffset => self.without_offset += 1,
            PartitionSync::NotCopied => self.not_copied += 1,
            PartitionSync::Commit { .. } | PartitionSync::Synced | PartitionSync::Held => {}
        }
    }
}

/// `committed` is what an idle group of the target has there; nothing of any other.
fn sync_partition(translated: Translated, committed: Option<Option<&i64>>) -> PartitionSync {
    let offset = match translated {
        Translated::Exact(offset) | Translated::NotYetCopied(offset) | Translated::Rough(offset) => offset,
        Translated::NoMapping => return PartitionSync::NoMapping,
        Translated::NotCopied => return PartitionSync::NotCopied,
        Translated::NoOffset => return PartitionSync::NoOffset,
    };
    match committed {
        None => PartitionSync::Held,
        Some(Some(committed)) if *committed == offset => PartitionSync::Synced,
        Some(Some(committed)) if *committed > offset => {
            PartitionSync::AheadAtTarget { committed: *committed }
        }
        Some(_) => PartitionSync::Commit { offset },
    }
}

fn judge(counts: &Counts, target: &TargetGroup) -> (GroupState, String) {
    let &Counts { all, behind, rough, ahead, without_mapping, without_offset, not_copied } = counts;
    let outside = without_offset + not_copied;
    let say = |state, reason: String| (state, reason);
    match target {
        TargetGroup::Unknown { reason } => say(GroupState::Failed, reason.clone()),
        _ if outside == all && without_offset > 0 => say(
            GroupState::NoOffset,
            format!("in {without_offset} partitions it committed that it has no offset"),
        ),
        _ if outside == all => say(GroupState::NotCopied, "no partition of it is copied".to_owned()),
        TargetGroup::Active { state } => {
            say(GroupState::ActiveAtTarget, format!("members are in it at the target ({state})"))
        }
        TargetGroup::OtherProtocol { protocol_type } => {
            say(GroupState::OtherProtocol, format!("at the target it belongs to protocol {protocol_type}"))
        }
        TargetGroup::Idle { .. } if without_mapping > 0 => say(
            GroupState::NoMapping,
            format!(
                "{without_mapping} partitions are at offsets that were copied before the offset map begins, or never"
            ),
        ),
        TargetGroup::Idle { .. } if behind > 0 => say(
            GroupState::NotYetCopied,
            format!(
                "in {behind} partitions it read on before the copy did; it stands at the end of the copy"
            ),
        ),
        TargetGroup::Idle { .. } if ahead > 0 => {
            say(GroupState::AheadAtTarget, format!("in {ahead} partitions it is further on at the target"))
        }
        TargetGroup::Idle { .. } if rough > 0 => say(
            GroupState::Synced,
            format!(
                "in {rough} partitions only MirrorMaker 2's offset syncs tell where it stands: some records come again"
            ),
        ),
        TargetGroup::Idle { .. } => say(GroupState::Synced, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "east.orders";

    fn of_topic<T: Copy>(partitions: &[(i32, T)]) -> ByPartition<T> {
        ByPartition::from([(TOPIC.to_owned(), partitions.iter().copied().collect())])
    }

    fn idle(committed: &[(i32, i64)]) -> TargetGroup {
        TargetGroup::Idle { committed: of_topic(committed) }
    }

    fn outcome(translated: Translated, target: &TargetGroup) -> (GroupState, PartitionSync) {
        let outcome = sync_group([(TOPIC, [(0, translated)].into_iter())].into_iter(), target);
        (outcome.state, outcome.partitions[TOPIC][&0])
    }

    #[test]
    fn a_group_moves_forward_only_and_only_while_nobody_is_in_it() {
        use GroupState as State;
        use PartitionSync as Sync;
        use Translated::{Exact, NoMapping, NoOffset, NotCopied, NotYetCopied, Rough};
        let active = TargetGroup::Active { state: "Stable".to_owned() };
        let connect = TargetGroup::OtherProtocol { protocol_type: "connect".to_owned() };
        let unknown = TargetGroup::Unknown { reason: "GROUP_AUTHORIZATION_FAILED".to_owned() };
        for (translated, target, state, sync) in [
            (Exact(5), idle(&[]), State::Synced, Sync::Commit { offset: 5 }),
            (Exact(5), idle(&[(0, 4)]), State::Synced, Sync::Commit { offset: 5 }),
            (Exact(5), idle(&[(0, -1)]), State::Synced, Sync::Commit { offset: 5 }),
            (Exact(5), idle(&[(0, 5)]), State::Synced, Sync::Synced),
            (Exact(5), idle(&[(0, 6)]), State::AheadAtTarget, Sync::AheadAtTarget { committed: 6 }),
            (Exact(5), active.clone(), State::ActiveAtTarget, Sync::Held),
            (Exact(5), connect, State::OtherProtocol, Sync::Held),
            (Exact(5), unknown, State::Failed, Sync::Held),
            (NotYetCopied(3), idle(&[]), State::NotYetCopied, Sync::Commit { offset: 3 }),
            (NotYetCopied(3), idle(&[(0, 3)]), State::NotYetCopied, Sync::Synced),
            (Rough(4), idle(&[]), State::Synced, Sync::Commit { offset: 4 }),
            (Rough(4), idle(&[(0, 5)]), State::AheadAtTarget, Sync::AheadAtTarget { committed: 5 }),
            (NoMapping, idle(&[]), State::NoMapping, Sync::NoMapping),
            (NoMapping, active.clone(), State::ActiveAtTarget, Sync::NoMapping),
            (NotCopied, idle(&[]), State::NotCopied, Sync::NotCopied),
            (NotCopied, active, State::NotCopied, Sync::NotCopied),
            (NoOffset, idle(&[]), State::NoOffset, Sync::NoOffset),
            (NoOffset, idle(&[(0, 7)]), State::NoOffset, Sync::NoOffset),
        ] {
            assert_eq!(outcome(translated, &target), (state, sync), "{translated:?} {target:?}");
        }
    }

    #[test]
    fn the_worst_partition_names_the_group() {
        let places =
            [(0, Translated::Exact(5)), (1, Translated::NotYetCopied(7)), (2, Translated::NoMapping)];
        let outcome = sync_group([(TOPIC, places.into_iter())].into_iter(), &idle(&[(0, 9)]));
        assert_eq!(outcome.state, GroupState::NoMapping);
        assert_eq!(outcome.commits().collect::<Vec<_>>(), [(TOPIC, 1, 7)]);
    }
}
