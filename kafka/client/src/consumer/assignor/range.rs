//! Neighbouring partitions of each topic for each member (`RangeAssignor`, without racks).

use super::member::{Assignments, Counts, Member, empty, in_order};

pub(super) fn assign(members: &[Member], counts: &Counts) -> Assignments {
    let mut assignments = empty(members);
    let ordered = in_order(members);
    for (topic, count) in counts {
        let takers: Vec<&&Member> = ordered.iter().filter(|member| member.topics.contains(topic)).collect();
        let Ok(all) = i32::try_from(takers.len()) else { continue };
        if all == 0 {
            continue;
        }
        let (each, rest) = (count / all, count % all);
        let mut next = 0;
        for (place, member) in (0..).zip(takers) {
            let end = next + each + i32::from(place < rest);
            let partitions = (next..end).map(|index| (topic.clone(), index));
            assignments.entry(member.id.clone()).or_default().extend(partitions);
            next = end;
        }
    }
    assignments
}
