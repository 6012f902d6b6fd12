//! Shares are equal, and who has something keeps it.

use proptest::prelude::*;

use super::*;

fn topic(number: u8) -> Uuid {
    Uuid([number; 16])
}

fn partitions(list: &[(u8, &[i32])]) -> Partitions {
    list.iter().map(|(number, partitions)| (topic(*number), partitions.iter().copied().collect())).collect()
}

fn all(topics: &[(u8, i32)]) -> BTreeMap<Uuid, i32> {
    topics.iter().map(|(number, partitions)| (topic(*number), *partitions)).collect()
}

fn subscriber<'a>(member: &'a str, topics: &[u8], target: &'a Partitions) -> Subscriber<'a> {
    Subscriber {
        member,
        instance: None,
        topics: topics.iter().map(|number| topic(*number)).collect(),
        target,
    }
}

#[test]
fn range_gives_neighbours_of_each_topic() {
    let none = Partitions::new();
    let (b, a) = (subscriber("b", &[1, 2], &none), subscriber("a", &[1, 2], &none));
    let assigned = Assignor::Range.assign(&[b, a], &all(&[(1, 3), (2, 3)]));
    assert_eq!(assigned[1], partitions(&[(1, &[0, 1]), (2, &[0, 1])]));
    assert_eq!(assigned[0], partitions(&[(1, &[2]), (2, &[2])]));
    let named = Subscriber { instance: Some("z"), ..subscriber("c", &[1], &none) };
    let assigned = Assignor::Range.assign(&[subscriber("a", &[1], &none), named], &all(&[(1, 3)]));
    assert_eq!(assigned[1], partitions(&[(1, &[0, 1])]), "static members go first");
    assert_eq!(assigned[0], partitions(&[(1, &[2])]));
}

#[test]
fn a_member_that_comes_takes_as_few_as_it_can() {
    let (a, b, none) = (partitions(&[(1, &[0, 1, 2])]), partitions(&[(1, &[3, 4, 5])]), Partitions::new());
    let subscribers = [subscriber("a", &[1], &a), subscriber("b", &[1], &b), subscriber("c", &[1], &none)];
    let assigned = Assignor::Uniform.assign(&subscribers, &all(&[(1, 6)]));
    assert_eq!(assigned[0], partitions(&[(1, &[0, 1])]));
    assert_eq!(assigned[1], partitions(&[(1, &[3, 4])]));
    assert_eq!(assigned[2], partitions(&[(1, &[2, 5])]));
}

#[test]
fn members_that_read_other_topics_get_their_share() {
    let none = Partitions::new();
    let had = partitions(&[(1, &[0, 1, 2, 3])]);
    let subscribers =
        [subscriber("a", &[1, 2], &had), subscriber("b", &[1], &none), subscriber("c", &[2], &none)];
    let assigned = Assignor::Uniform.assign(&subscribers, &all(&[(1, 4), (2, 2)]));
    assert_eq!(assigned[0], partitions(&[(1, &[0, 1])]));
    assert_eq!(assigned[1], partitions(&[(1, &[2, 3])]));
    assert_eq!(assigned[2], partitions(&[(2, &[0, 1])]));
}

fn count(partitions: &Partitions) -> usize {
    partitions.values().map(BTreeSet::len).sum()
}

/// Members with the topics that they read, and topics with their partitions.
fn group() -> impl Strategy<Value = (Vec<BTreeSet<u8>>, BTreeMap<u8, i32>)> {
    let topics = prop::collection::btree_map(0_u8..5, 1_i32..9, 1..5);
    let reads = prop::collection::btree_set(0_u8..5, 0..5);
    (prop::collection::vec(reads, 1..7), topics)
}

fn run(
    assignor: Assignor,
    reads: &[BTreeSet<u8>],
    topics: &BTreeMap<u8, i32>,
    had: &[Partitions],
) -> Vec<Partitions> {
    let none = Partitions::new();
    let names: Vec<String> = (0..reads.len()).map(|index| format!("m{index}")).collect();
    let there = |number: &&u8| topics.contains_key(*number);
    let subscribers: Vec<Subscriber<'_>> = names
        .iter()
        .enumerate()
        .map(|(index, member)| Subscriber {
            member,
            instance: None,
            topics: reads[index].iter().filter(there).map(|number| topic(*number)).collect(),
            target: had.get(index).unwrap_or(&none),
        })
        .collect();
    let sizes = topics.iter().map(|(number, partitions)| (topic(*number), *partitions)).collect();
    assignor.assign(&subscribers, &sizes)
}

/// Each partition that somebody reads is with one reader.
fn check(assigned: &[Partitions], reads: &[BTreeSet<u8>], topics: &BTreeMap<u8, i32>) {
    for (number, partitions) in topics {
        let is_read = reads.iter().any(|reads| reads.contains(number));
        for partition in 0..*partitions {
            let owners: Vec<usize> = (0..assigned.len())
                .filter(|index| {
                    assigned[*index].get(&topic(*number)).is_some_and(|list| list.contains(&partition))
                })
                .collect();
            assert_eq!(owners.len(), usize::from(is_read), "{number}-{partition} is with {owners:?}");
            assert!(owners.iter().all(|owner| reads[*owner].contains(number)));
        }
    }
}

proptest! {
    #[test]
    fn everything_is_with_one_reader_and_stays((reads, topics) in group(), (later, wider) in group()) {
        for assignor in ALL {
            let first = run(assignor, &reads, &topics, &[]);
            check(&first, &reads, &topics);
            prop_assert_eq!(&run(assignor, &reads, &topics, &first), &first, "nothing moves without a reason");
            check(&run(assignor, &later, &wider, &first), &later, &wider);
        }
    }

    #[test]
    fn uniform_is_as_equal_as_it_can_be((reads, topics) in group(), (later, wider) in group()) {
        let first = run(Assignor::Uniform, &reads, &topics, &[]);
        let assigned = run(Assignor::Uniform, &later, &wider, &first);
        let loads: Vec<usize> = assigned.iter().map(count).collect();
        for number in wider.keys() {
            let readers = (0..later.len()).filter(|index| later[*index].contains(number));
            let least = readers.map(|index| loads[index]).min().unwrap_or(0);
            for (index, partitions) in assigned.iter().enumerate() {
                let has = partitions.contains_key(&topic(*number));
                prop_assert!(!has || loads[index] <= least + 1, "{number}: {loads:?}");
            }
        }
    }

    #[test]
    fn where_all_read_the_same_as_few_move_as_must(
        (members, more, partitions) in (1_usize..8, 0_usize..4, 1_i32..40),
    ) {
        let topics = BTreeMap::from([(0, partitions)]);
        let reads = |count: usize| vec![BTreeSet::from([0]); count];
        let first = run(Assignor::Uniform, &reads(members), &topics, &[]);
        let second = run(Assignor::Uniform, &reads(members + more), &topics, &first);
        let total = partitions as usize;
        let (share, extra) = (total / (members + more), total % (members + more));
        let kept: usize = first.iter().zip(&second).map(|(before, after)| {
            let zero = BTreeSet::new();
            let (before, after) = (before.get(&topic(0)).unwrap_or(&zero), after.get(&topic(0)).unwrap_or(&zero));
            before.intersection(after).count()
        }).sum();
        let above = first.iter().filter(|before| count(before) > share).count();
        let most: usize = first.iter().map(|before| count(before).min(share)).sum::<usize>() + above.min(extra);
        prop_assert_eq!(kept, most);
    }
}
