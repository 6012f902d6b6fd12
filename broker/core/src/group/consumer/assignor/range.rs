//! Each topic in neighbouring partitions to its subscribers in their order: where all read the same topics of one size,
//! a member has the same partitions of each (`RangeAssignor`).

use std::collections::BTreeMap;

use strait_wire::ids::Uuid;

use super::Subscriber;
use crate::group::consumer::partitions::Partitions;

pub(super) fn assign(subscribers: &[Subscriber<'_>], topics: &BTreeMap<Uuid, i32>) -> Vec<Partitions> {
    let mut order: Vec<usize> = (0..subscribers.len()).collect();
    // Static members keep their places: they go first, by their names.
    order.sort_by_key(|index| {
        let subscriber = &subscribers[*index];
        (subscriber.instance.is_none(), subscriber.instance, subscriber.member)
    });
    let mut assigned = vec![Partitions::new(); subscribers.len()];
    for (topic, partitions) in topics {
        let readers: Vec<usize> =
            order.iter().copied().filter(|index| subscribers[*index].topics.contains(topic)).collect();
        let Ok(count) = i32::try_from(readers.len()) else { continue };
        if count == 0 {
            continue;
        }
        let (share, extra) = (partitions / count, partitions % count);
        let mut next = 0;
        for (place, reader) in (0..).zip(readers) {
            let end = next + share + i32::from(place < extra);
            if next < end {
                assigned[reader].insert(*topic, (next..end).collect());
            }
            next = end;
        }
    }
    assigned
}
