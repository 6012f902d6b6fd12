//! Which worker runs which shares: as many each as the others, within one; who has one keeps it unless it must move.

use std::collections::{BTreeMap, BTreeSet};

use super::{Member, Part};

/// The shares of each member, by member id. `members` must have different ids. A share that several claim stays with
/// the one that was in the newest generation. A share that no member can run is nobody's.
pub fn assign(members: &BTreeMap<String, Member>) -> BTreeMap<String, BTreeSet<Part>> {
    let mut assigned: BTreeMap<String, BTreeSet<Part>> =
        members.keys().map(|id| (id.clone(), BTreeSet::new())).collect();
    let parts: BTreeSet<Part> = members.values().flat_map(Member::parts).collect();
    let mut homeless = Vec::new();
    for part in parts {
        let able = members.iter().filter(|(_, member)| member.can_run(&part));
        let owners = able.filter(|(_, member)| member.owned.contains(&part));
        // Of equals the first counts.
        let owner = owners.rev().max_by_key(|(_, member)| member.generation);
        match owner.and_then(|(id, _)| assigned.get_mut(id)) {
            Some(of_owner) => drop(of_owner.insert(part)),
            None => homeless.push(part),
        }
    }
    for part in homeless {
        let able = members.iter().filter(|(_, member)| member.can_run(&part)).map(|(id, _)| id);
        let least = able.min_by_key(|id| assigned.get(*id).map_or(0, BTreeSet::len));
        if let Some(of_least) = least.and_then(|id| assigned.get_mut(id)) {
            of_least.insert(part);
        }
    }
    while let Some((part, from, to)) = next_move(members, &assigned) {
        assigned.entry(from).or_default().remove(&part);
        assigned.entry(to).or_default().insert(part);
    }
    assigned
}

/// A share that moves from a member with many to one with at least two fewer, if there is one.
fn next_move(
    members: &BTreeMap<String, Member>,
    assigned: &BTreeMap<String, BTreeSet<Part>>,
) -> Option<(Part, String, String)> {
    let mut by_count: Vec<(&String, &BTreeSet<Part>)> = assigned.iter().collect();
    by_count.sort_by_key(|(_, parts)| parts.len());
    for (from, parts) in by_count.iter().rev() {
        for (to, fewer) in by_count.iter().take_while(|(_, fewer)| fewer.len() + 2 <= parts.len()) {
            let is_able = |part: &&Part| members.get(*to).is_some_and(|member| member.can_run(part));
            debug_assert!(fewer.len() < parts.len());
            // Of a flow that the other has least of, so that the flows' work is spread too.
            let count =
                |of: &BTreeSet<Part>, part: &Part| of.iter().filter(|other| other.flow == part.flow).count();
            let moved = parts.iter().filter(is_able).min_by_key(|part| {
                let (here, there) = (count(parts, part), count(fewer, part));
                (there, usize::MAX - here)
            });
            if let Some(part) = moved {
                return Some((part.clone(), (*from).clone(), (*to).clone()));
            }
        }
    }
    None
}
