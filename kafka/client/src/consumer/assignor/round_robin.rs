//! One partition after the other over all topics, to one member after the other (`RoundRobinAssignor`).

use super::member::{Assignments, Counts, Member, empty, in_order, wanted};

pub(super) fn assign(members: &[Member], counts: &Counts) -> Assignments {
    let mut assignments = empty(members);
    let ordered = in_order(members);
    let mut turn = ordered.iter().cycle();
    for partition in wanted(members, counts) {
        let taker = turn.by_ref().take(ordered.len()).find(|member| member.topics.contains(&partition.0));
        if let Some(member) = taker {
            assignments.entry(member.id.clone()).or_default().insert(partition);
        }
    }
    assignments
}
