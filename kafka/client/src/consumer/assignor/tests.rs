//! Range and round robin beside Kafka's own; sticky by what it promises.

use std::collections::BTreeSet;

use super::*;
use crate::leaders::TopicPartition;
use crate::retry::Jitter;

const TABLE: &str = include_str!("../../../tests/assignors/assignments-4.3.1.tsv");

fn set(text: &str) -> BTreeSet<String> {
    text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[test]
fn range_and_round_robin_are_kafkas() {
    let (mut counts, mut members) = (Counts::new(), Vec::<Member>::new());
    let mut seen = 0;
    for line in TABLE.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields[..] {
            ["round"] => (counts, members) = Default::default(),
            ["topic", name, count] => {
                counts.insert(name.to_owned(), count.parse().expect("a number"));
            }
            ["member", id, instance, topics] => members.push(Member {
                id: id.to_owned(),
                instance_id: Some(instance.to_owned()).filter(|instance| !instance.is_empty()),
                topics: set(topics),
                ..Member::default()
            }),
            [strategy, id, partitions] => {
                let strategy = Strategy::named(strategy).expect("known");
                let given = strategy.assign(&members, &counts);
                let given = given[id].iter().map(|(topic, index)| format!("{topic}-{index}"));
                assert_eq!(given.collect::<BTreeSet<_>>(), set(partitions), "{line} of {members:?}");
                seen += 1;
            }
            _ => panic!("{line}"),
        }
    }
    assert!(seen > 500, "{seen}");
}

/// Groups that change: members come, go and change their minds; topics grow.
#[test]
fn sticky_is_even_and_moves_no_more_than_it_must() {
    for seed in 0..200 {
        let mut random = Jitter::seeded(seed);
        let mut draw = move |below: usize| random.next_i32().unsigned_abs() as usize % below;
        let mut counts: Counts =
            (0..1 + draw(3)).map(|topic| (format!("t{topic}"), 1 + draw(9) as i32)).collect();
        let mut members: Vec<Member> = Vec::new();
        for round in 0..8 {
            if members.is_empty() || draw(2) == 0 {
                let topics = counts.keys().filter(|_| seed % 2 == 0 || draw(3) > 0).cloned().collect();
                members.push(Member {
                    id: format!("m{seed}-{round}"),
                    topics,
                    generation: -1,
                    ..Member::default()
                });
            } else if members.len() > 1 {
                members.remove(draw(members.len()));
            }
            if draw(4) == 0 {
                *counts.entry("t0".to_owned()).or_default() += 2;
            }
            let given = Strategy::Sticky.assign(&members, &counts);
            check(&members, &counts, &given);
            let again = as_members(&members, &given);
            assert_eq!(Strategy::Sticky.assign(&again, &counts), given, "what is even does not move");
            members = again;
        }
    }
}

fn as_members(members: &[Member], given: &Assignments) -> Vec<Member> {
    let owning = |member: &Member| Member {
        owned: given[&member.id].iter().cloned().collect(),
        generation: 5,
        ..member.clone()
    };
    members.iter().map(owning).collect()
}

fn check(members: &[Member], counts: &Counts, given: &Assignments) {
    let all: Vec<&TopicPartition> = given.values().flatten().collect();
    let distinct: BTreeSet<&TopicPartition> = all.iter().copied().collect();
    assert_eq!(all.len(), distinct.len(), "nothing is given twice");
    let is_wanted = |topic: &String| members.iter().any(|member| member.topics.contains(topic));
    let expected: i32 = counts.iter().filter(|(topic, _)| is_wanted(topic)).map(|(_, count)| *count).sum();
    assert_eq!(all.len(), usize::try_from(expected).expect("small"), "nothing is left");
    for member in members {
        let load = given[&member.id].len();
        for (topic, _) in &given[&member.id] {
            assert!(member.topics.contains(topic), "{} does not want {topic}", member.id);
            for other in members.iter().filter(|other| other.topics.contains(topic)) {
                assert!(given[&other.id].len() + 1 >= load, "{} could give to {}", member.id, other.id);
            }
        }
    }
    let same = members.windows(2).all(|pair| pair[0].topics == pair[1].topics);
    let kept: usize = members
        .iter()
        .map(|member| member.owned.iter().filter(|partition| given[&member.id].contains(*partition)).count())
        .sum();
    let (most, rest) = (all.len() / members.len(), all.len() % members.len());
    let owned: BTreeSet<&TopicPartition> = members.iter().flat_map(|member| &member.owned).collect();
    if same && owned.len() == members.iter().map(|member| member.owned.len()).sum::<usize>() {
        // Who has more than an even share gives up what is above it, and nobody else gives up anything.
        let mut above: Vec<usize> =
            members.iter().map(|member| member.owned.len().saturating_sub(most)).collect();
        above.sort_unstable_by_key(|above| std::cmp::Reverse(*above));
        let must_move: usize = above
            .iter()
            .enumerate()
            .map(|(place, above)| above.saturating_sub(usize::from(place < rest)))
            .sum();
        assert_eq!(kept + must_move, owned.len(), "{members:?} -> {given:?}");
    }
}

#[test]
fn a_partition_claimed_twice_belongs_to_the_newer_generation() {
    let member = |id: &str, generation| Member {
        id: id.to_owned(),
        topics: set("t"),
        owned: vec![("t".to_owned(), 0)],
        generation,
        ..Member::default()
    };
    let counts = Counts::from([("t".to_owned(), 1)]);
    let given = Strategy::Sticky.assign(&[member("a", 1), member("b", 2)], &counts);
    assert_eq!(given["b"].len(), 1);
}

#[test]
fn cooperation_gives_nothing_that_another_one_has() {
    let member = |id: &str, owned: std::ops::Range<i32>| Member {
        id: id.to_owned(),
        topics: set("t"),
        owned: owned.map(|index| ("t".to_owned(), index)).collect(),
        generation: 1,
        ..Member::default()
    };
    let counts = Counts::from([("t".to_owned(), 4)]);
    let members = [member("a", 0..4), member("b", 0..0)];
    let first = Strategy::CooperativeSticky.assign(&members, &counts);
    assert_eq!((first["a"].len(), first["b"].len()), (2, 0), "a gives up before b gets");
    let members =
        [Member { owned: first["a"].iter().cloned().collect(), ..members[0].clone() }, members[1].clone()];
    let second = Strategy::CooperativeSticky.assign(&members, &counts);
    assert_eq!((second["a"].len(), second["b"].len()), (2, 2));
}
