use strait_replicator_core::state_record::{Key, State, Value};
use strait_wire::ids::Uuid;

use super::{PROGRESS, Progress, Store, StoreError, TopicIdentity};

fn topic(number: u8) -> TopicIdentity {
    TopicIdentity { cluster_id: "west".to_owned(), topic_id: Uuid([number; 16]) }
}

fn owners(flows: &[(&str, i64)]) -> State {
    let entries = flows.iter().map(|(flow, generation)| {
        let owner = Value::Owner { instance: "a".to_owned(), generation: *generation };
        (Key::Owner { flow: (*flow).to_owned() }, owner)
    });
    State::restored(entries.collect())
}

fn at(next_offset: i64) -> Progress {
    Progress { next_offset, leader_epoch: 3, has_gap: false }
}

fn entries(state: &State) -> Vec<(Key, Value)> {
    state.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[test]
fn a_copy_is_found_again_by_its_topic() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("opened");
    assert!(store.load(&topic(1)).expect("read").is_none());
    let state = owners(&[("one", 1), ("two", 2)]);
    store.keep(&topic(1), &state, at(10)).expect("kept");
    drop(store);
    let store = Store::open(folder.path()).expect("opened again");
    let (loaded, progress) = store.load(&topic(1)).expect("read").expect("a copy");
    assert_eq!((entries(&loaded), progress), (entries(&state), at(10)));
    assert!(store.load(&topic(2)).expect("read").is_none());
}

#[test]
fn a_copy_is_replaced_by_one_that_goes_further_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("opened");
    let newer = owners(&[("two", 5)]);
    for (state, progress) in [(owners(&[("one", 1), ("two", 2)]), 10), (newer.clone(), 20), (owners(&[]), 15)]
    {
        store.keep(&topic(1), &state, at(progress)).expect("kept");
    }
    let (loaded, progress) = store.load(&topic(1)).expect("read").expect("a copy");
    assert_eq!((entries(&loaded), progress), (entries(&newer), at(20)));
    store.forget(&topic(1)).expect("removed");
    assert!(store.load(&topic(1)).expect("read").is_none());
}

#[test]
fn a_folder_that_is_in_use_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let _held = Store::open(folder.path()).expect("opened");
    let Err(error) = Store::open(folder.path()) else { panic!("opened twice") };
    assert!(matches!(error, StoreError::Open { .. }));
    assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
}

#[test]
fn the_copy_of_an_earlier_topic_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("opened");
    assert!(store.orphan(&topic(1)).expect("read").is_none());
    let state = owners(&[("one", 1)]);
    store.keep(&topic(1), &state, at(10)).expect("kept");
    assert!(store.orphan(&topic(1)).expect("read").is_none(), "its own");
    let (found, copy, has_gap) = store.orphan(&topic(2)).expect("read").expect("a copy");
    assert_eq!((found, entries(&copy), has_gap), (topic(1), entries(&state), false));
    let elsewhere = TopicIdentity { cluster_id: "east".to_owned(), ..topic(2) };
    assert!(store.orphan(&elsewhere).expect("read").is_none());
    store.keep(&topic(2), &state, at(1)).expect("kept");
    assert!(store.orphan(&topic(2)).expect("read").is_none(), "it has a copy of its own");
    assert!(store.load(&topic(1)).expect("read").is_none(), "a cluster has one at a time");
}

#[test]
fn a_copy_knows_what_it_lacks() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("opened");
    let with_gap = Progress { has_gap: true, ..at(10) };
    store.keep(&topic(1), &owners(&[("one", 1)]), with_gap).expect("kept");
    assert_eq!(store.load(&topic(1)).expect("read").expect("a copy").1, with_gap);
    let tree = store.tree(&topic(1)).expect("a tree");
    let written = tree.get(PROGRESS).expect("read").expect("written");
    tree.insert(PROGRESS, &written[..12]).expect("written");
    assert_eq!(store.load(&topic(1)).expect("read").expect("a copy of an earlier version").1, at(10));
    for wrong in [&written[..11], &[&written[..12], &[2]].concat(), &[&written[..], &[0]].concat()] {
        tree.insert(PROGRESS, wrong).expect("written");
        assert!(matches!(store.load(&topic(1)), Err(StoreError::Progress { .. })), "{wrong:?}");
    }
}
