//! Shares: names, partitions, and who runs what.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const FLOW: &str = "east--west";

fn member(shares: u16, owned: impl IntoIterator<Item = u16>) -> Member {
    let owned = owned
        .into_iter()
        .map(|index| Part { flow: FLOW.to_owned(), share: Some(Share { index, of: shares }) });
    Member {
        flows: BTreeMap::from([(FLOW.to_owned(), shares)]),
        owned: owned.collect(),
        generation: 1,
        ..Member::default()
    }
}

fn named(members: impl IntoIterator<Item = Member>) -> BTreeMap<String, Member> {
    members.into_iter().enumerate().map(|(index, member)| (format!("m{index}"), member)).collect()
}

fn counts(assigned: &BTreeMap<String, BTreeSet<Part>>) -> Vec<usize> {
    assigned.values().map(BTreeSet::len).collect()
}

/// Shares that were somebody's and are somebody else's now.
fn moved(members: &BTreeMap<String, Member>, assigned: &BTreeMap<String, BTreeSet<Part>>) -> usize {
    let lost = members.iter().map(|(id, member)| member.owned.difference(&assigned[id]).count());
    lost.sum()
}

#[test]
fn a_part_has_a_name() {
    let part = Part { flow: FLOW.to_owned(), share: Some(Share { index: 3, of: 12 }) };
    for (part, name) in [(Part::whole(FLOW), "east--west"), (part, "east--west#3/12")] {
        assert_eq!(part.to_string(), name);
        assert_eq!(name.parse(), Ok(part));
    }
    for text in ["a--b#", "a--b#1", "a--b#1/", "a--b#12/12", "a--b#01/12", "a--b#-1/12", "a--b#1/2/3"] {
        assert!(text.parse::<Part>().is_err(), "{text}");
    }
}

#[test]
fn different_splits_of_one_flow_exclude_each_other() {
    let [twelfth, other, third] = ["a--b#3/12", "a--b#4/12", "a--b#0/3"].map(|text| text.parse::<Part>());
    let (Ok(twelfth), Ok(other), Ok(third)) = (twelfth, other, third) else { panic!("parts") };
    assert!(!twelfth.excludes(&other));
    assert!(twelfth.excludes(&third) && third.excludes(&twelfth));
    assert!(twelfth.excludes(&Part::whole("a--b")) && Part::whole("a--b").excludes(&twelfth));
    assert!(!twelfth.excludes(&Part::whole("b--a")));
}

#[test]
fn partitions_of_a_topic_spread_evenly() {
    for topic in ["orders", "a", "payments.settled"] {
        let in_share = |part: Part| (0..60).filter(|partition| part.has(topic, *partition)).count();
        assert_eq!(Part::shares(FLOW, 12).map(in_share).collect::<Vec<_>>(), [5; 12], "{topic}");
    }
    assert!(Part::whole(FLOW).has("orders", 7));
}

#[test]
fn shares_move_as_little_as_they_must() {
    let nobody = || Vec::new().into_iter();
    let table: [(&str, Vec<Member>, Vec<usize>, usize); 6] = [
        ("all is new", vec![member(12, nobody()), member(12, nobody()), member(12, nobody())], vec![4; 3], 0),
        ("one is gone", vec![member(12, 0..4), member(12, 4..8)], vec![6; 2], 0),
        ("one is added", vec![member(12, 0..6), member(12, 6..12), member(12, nobody())], vec![4; 3], 4),
        ("nothing to do", vec![member(5, 0..3), member(5, 3..5)], vec![3, 2], 0),
        ("more workers than shares", vec![member(1, 0..1), member(1, nobody())], vec![1, 0], 0),
        (
            "one is drained",
            vec![Member { is_draining: true, ..member(6, 0..2) }, member(6, 2..4), member(6, 4..6)],
            vec![0, 3, 3],
            2,
        ),
    ];
    for (name, members, expected, moves) in table {
        let members = named(members);
        let assigned = assign(&members);
        assert_eq!(counts(&assigned), expected, "{name}");
        assert_eq!(moved(&members, &assigned), moves, "{name}");
    }
}

#[test]
fn of_two_who_claim_a_share_the_newer_has_it() {
    let older = member(2, 0..2);
    let newer = Member { generation: 2, ..member(2, 0..2) };
    let assigned = assign(&named([older.clone(), newer, older]));
    assert_eq!(counts(&assigned), [1, 1, 0]);
    let tie = assign(&named([member(1, 0..1), member(1, 0..1)]));
    assert_eq!(counts(&tie), [1, 0]);
}

#[test]
fn a_share_goes_to_those_who_split_the_flow_alike() {
    let odd = Member { flows: BTreeMap::from([("other--flow".to_owned(), 2)]), ..member(2, []) };
    let assigned = assign(&named([member(4, []), odd]));
    assert_eq!(counts(&assigned), [4, 2]);
    assert!(
        assign(&named([Member { is_draining: true, ..member(4, 0..4) }])).values().all(BTreeSet::is_empty)
    );
}

fn any_members() -> impl Strategy<Value = (u16, Vec<(bool, Vec<u16>, i32)>)> {
    (1_u16..40).prop_flat_map(|shares| {
        let owned = proptest::collection::vec(0..shares, 0..20);
        (Just(shares), proptest::collection::vec((any::<bool>(), owned, 0..3), 1..8))
    })
}

proptest! {
    #[test]
    fn every_share_is_run_once_and_evenly((shares, described) in any_members()) {
        let members = named(described.into_iter().map(|(is_draining, owned, generation)| {
            Member { is_draining, generation, ..member(shares, owned) }
        }));
        let assigned = assign(&members);
        prop_assert_eq!(&assigned, &assign(&members));
        let all: Vec<&Part> = assigned.values().flatten().collect();
        let distinct: BTreeSet<&Part> = all.iter().copied().collect();
        prop_assert_eq!(all.len(), distinct.len());
        let able: Vec<&String> =
            members.iter().filter(|(_, member)| !member.is_draining).map(|(id, _)| id).collect();
        prop_assert_eq!(all.len(), if able.is_empty() { 0 } else { usize::from(shares) });
        let loads: Vec<usize> = able.iter().map(|id| assigned[*id].len()).collect();
        if let (Some(least), Some(most)) = (loads.iter().min(), loads.iter().max()) {
            prop_assert!(most - least <= 1, "{:?}", loads);
        }
        // What was given once is kept when everybody comes again.
        let again = members.into_iter().map(|(id, member)| {
            let owned = assigned[&id].clone();
            (id, Member { owned, generation: 9, ..member })
        });
        prop_assert_eq!(&assign(&again.collect()), &assigned);
    }

    #[test]
    fn one_more_worker_takes_no_more_than_its_part(shares in 1_u16..60, workers in 1_usize..8) {
        let first = named((0..workers).map(|_| member(shares, [])));
        let assigned = assign(&first);
        let mut more: BTreeMap<String, Member> = first
            .into_iter()
            .map(|(id, member)| { let owned = assigned[&id].clone(); (id, Member { owned, ..member }) })
            .collect();
        more.insert("new".to_owned(), member(shares, []));
        let assigned = assign(&more);
        prop_assert!(moved(&more, &assigned) <= usize::from(shares) / (workers + 1));
        prop_assert_eq!(moved(&more, &assigned), assigned["new"].len());
    }

    #[test]
    fn any_bytes_describe_a_worker_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = Member::decode(&bytes);
        let _ = decode_parts(&bytes);
    }
}

#[test]
fn a_worker_reads_what_another_wrote() {
    let wrote = Member {
        instance: "pod-0".to_owned(),
        address: "10.0.0.1:8080".to_owned(),
        is_draining: true,
        ..member(300, [0, 299])
    };
    assert_eq!(Member::decode(wrote.encode()), Ok(wrote.clone()));
    assert_eq!(decode_parts(encode_parts(&wrote.owned)), Ok(wrote.owned));
    assert_eq!(decode_parts([]), Ok(BTreeSet::new()));
    let parts = member(12, [3]).owned;
    let golden = b"\x00\x00\x00\x00\x00\x01\x0feast--west#3/12";
    assert_eq!(&encode_parts(&parts)[..], golden);
}
