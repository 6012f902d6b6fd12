//! The first of two steps of a cooperative rebalance (KIP-429): who shall give a partition up does so before another
//! one gets it.

use std::collections::BTreeMap;

use super::member::{Assignments, Member};
use crate::leaders::TopicPartition;

/// Takes out of the assignment what another member still has.
pub(super) fn hold_back(members: &[Member], mut assignments: Assignments) -> Assignments {
    let owned =
        members.iter().flat_map(|member| member.owned.iter().map(|partition| (partition, &member.id)));
    let owners: BTreeMap<&TopicPartition, &String> = owned.collect();
    for (member, partitions) in &mut assignments {
        partitions.retain(|partition| owners.get(partition).is_none_or(|owner| *owner == member));
    }
    assignments
}
