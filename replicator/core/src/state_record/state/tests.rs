//! Records in any order that a log may have.

use proptest::prelude::*;

use super::*;

fn claim(state: &mut State, instance: &str, generation: i64) {
    claim_part(state, "a--b", instance, generation);
}

fn claim_part(state: &mut State, part: &str, instance: &str, generation: i64) {
    let value = Value::Owner { instance: instance.to_owned(), generation };
    state.apply(Key::Owner { flow: part.to_owned() }, Some(value));
}

fn publish(state: &mut State, producer_id: i64, target: &str) -> Key {
    let key =
        Key::Producer { flow: "a--b".to_owned(), origin_cluster_id: "c".to_owned(), transactional: false };
    let target_cluster_id = target.to_owned();
    let value = Value::Producer { producer_id, producer_epoch: 0, target_cluster_id };
    state.apply(key.clone(), Some(value));
    key
}

fn producer_id(state: &State, key: &Key) -> i64 {
    match state.get(key) {
        Some(Value::Producer { producer_id, .. }) => *producer_id,
        other => panic!("{other:?}"),
    }
}

fn source_offset(state: &State, key: &Key) -> i64 {
    match state.get(key) {
        Some(Value::Position(position)) => position.source_offset,
        other => panic!("{other:?}"),
    }
}

fn owner(state: &State) -> (String, i64) {
    let owner = state.owner("a--b").expect("an owner");
    (owner.instance, owner.generation)
}

fn place(state: &mut State, generation: i64, source_offset: i64) -> Key {
    let key = Key::Position {
        flow: "a--b".to_owned(),
        source_cluster_id: "c".to_owned(),
        topic: "t".to_owned(),
        partition: 0,
    };
    let position = StoredPosition { generation, source_offset, ..StoredPosition::default() };
    state.apply(key.clone(), Some(Value::Position(position)));
    key
}

#[test]
fn the_first_claim_of_a_generation_counts() {
    let mut state = State::default();
    claim(&mut state, "one", 1);
    claim(&mut state, "two", 2);
    claim(&mut state, "three", 2);
    claim(&mut state, "one", 1);
    assert_eq!(owner(&state), ("two".to_owned(), 2));
    assert_eq!(state.signs_of_life("a--b"), 2);
}

#[test]
fn a_position_of_an_earlier_owner_does_not_come_back() {
    let mut state = State::default();
    claim(&mut state, "one", 1);
    let key = place(&mut state, 1, 10);
    claim(&mut state, "two", 2);
    place(&mut state, 2, 30);
    place(&mut state, 1, 20);
    let Some(Value::Position(position)) = state.get(&key) else { panic!("a position") };
    assert_eq!(position.source_offset, 30);
}

#[test]
fn a_position_of_another_parts_earlier_owner_does_not_come_back() {
    let mut state = State::default();
    claim_part(&mut state, "a--b#0/2", "one", 1);
    let key = place(&mut state, 1, 10);
    claim_part(&mut state, "a--b#0/3", "two", 2);
    place(&mut state, 2, 10);
    place(&mut state, 1, 20);
    assert_eq!(source_offset(&state, &key), 10);
    place(&mut state, 2, 15);
    assert_eq!(source_offset(&state, &key), 15);
}

#[test]
fn the_next_generation_is_above_all_of_the_flow() {
    let mut state = State::default();
    assert_eq!(state.next_generation("a--b"), 1);
    claim_part(&mut state, "a--b#0/2", "one", 4);
    claim_part(&mut state, "b--a", "one", 9);
    assert_eq!(state.next_generation("a--b"), 5);
    claim(&mut state, "one", 6);
    assert_eq!(state.next_generation("a--b"), 7);
    place(&mut state, 8, 0);
    assert_eq!(state.next_generation("a--b"), 9);
}

#[test]
fn owners_of_other_splits_are_rivals() {
    let mut state = State::default();
    for part in ["a--b", "a--b#0/2", "a--b#1/3", "b--a"] {
        claim_part(&mut state, part, "one", 1);
    }
    let rivals = |part: &str| {
        let part = part.parse::<Part>().expect("a part");
        state.rivals(&part).map(|(part, _)| part.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(rivals("a--b"), ["a--b#0/2", "a--b#1/3"]);
    assert_eq!(rivals("a--b#1/2"), ["a--b", "a--b#1/3"]);
    assert_eq!(rivals("c--b"), Vec::<String>::new());
}

#[test]
fn the_first_producer_id_counts_until_the_target_is_another() {
    let mut state = State::default();
    let key = publish(&mut state, 5, "t");
    assert!(state.contested("a--b").is_empty());
    publish(&mut state, 6, "t");
    assert_eq!(producer_id(&state, &key), 5);
    let again = state.contested("a--b");
    assert_eq!(again.len(), 1);
    for (key, value) in again {
        state.apply(key, Some(value));
    }
    assert!(state.contested("a--b").is_empty());
    publish(&mut state, 7, "u");
    assert_eq!(producer_id(&state, &key), 7);
}

proptest! {
    #[test]
    fn positions_follow_generations(writes in proptest::collection::vec((0_i64..5, 0_i64..100), 1..30)) {
        let mut state = State::default();
        let mut greatest = i64::MIN;
        for (generation, offset) in writes {
            let key = place(&mut state, generation, offset);
            if generation >= greatest {
                greatest = generation;
                prop_assert_eq!(source_offset(&state, &key), offset);
            }
            let Some(Value::Position(position)) = state.get(&key) else { panic!("a position") };
            prop_assert_eq!(position.generation, greatest);
        }
    }
}
