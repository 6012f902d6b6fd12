//! Choices, places and answers that come too late.

use super::*;

fn partition(index: i32) -> TopicPartition {
    ("t".to_owned(), index)
}

fn at(offset: i64) -> Place {
    Place::At(Position { offset, leader_epoch: None })
}

#[test]
fn who_chooses_is_decided_once() {
    let mut subscriptions = Subscriptions::default();
    subscriptions.choose_topics(BTreeSet::from(["t".to_owned()])).expect("the first choice");
    subscriptions.choose_pattern("t.*").expect("the group still");
    assert!(subscriptions.choose_pattern("t(").is_err());
    assert!(subscriptions.choose_partitions(&[partition(0)]).is_err());
    subscriptions.forget();
    subscriptions.choose_partitions(&[partition(0)]).expect("after unsubscribe");
    assert!(subscriptions.choose_topics(BTreeSet::new()).is_err());
}

#[test]
fn a_pattern_means_whole_names() {
    let mut subscriptions = Subscriptions::default();
    subscriptions.choose_pattern("orders|a.*").expect("a pattern");
    let known = [("orders", false), ("my-orders", false), ("a", false), ("ab", true)];
    let names = |no_internal| subscriptions.topics(known.into_iter(), no_internal);
    assert_eq!(names(true), BTreeSet::from(["orders".to_owned(), "a".to_owned()]));
    assert!(names(false).contains("ab"));
}

#[test]
fn who_stays_keeps_its_place() {
    let mut subscriptions = Subscriptions::default();
    subscriptions.assign(BTreeSet::from([partition(0), partition(1)]));
    subscriptions.place(&partition(1), at(5)).expect("assigned");
    subscriptions.pause(&partition(1), true).expect("assigned");
    subscriptions.assign(BTreeSet::from([partition(1), partition(2)]));
    assert_eq!(subscriptions.position(&partition(1)).map(|position| position.offset), Some(5));
    assert!(subscriptions.place(&partition(0), at(1)).is_err(), "it went away");
    assert_eq!(subscriptions.fetchable().count(), 0, "one is paused, one has no place");
    subscriptions.pause(&partition(1), false).expect("assigned");
    assert_eq!(subscriptions.fetchable().count(), 1);
    assert_eq!(subscriptions.consumed().len(), 1);
    subscriptions.leave(&BTreeSet::from([partition(1)]));
    assert_eq!(subscriptions.fetchable().count(), 0, "it is about to go");
}

#[test]
fn an_answer_from_before_a_seek_does_not_count() {
    let mut subscriptions = Subscriptions::default();
    subscriptions.assign(BTreeSet::from([partition(0)]));
    let asked = subscriptions.placed(|place| place == Place::Unknown);
    subscriptions.place(&partition(0), at(9)).expect("assigned");
    subscriptions.resolve(&asked[0].0, asked[0].1, at(3));
    assert_eq!(subscriptions.position(&partition(0)).map(|position| position.offset), Some(9));
    let version = subscriptions.assigned[&partition(0)].version;
    subscriptions.resolve(&partition(0), version, at(4));
    assert_eq!(subscriptions.position(&partition(0)).map(|position| position.offset), Some(4));
}
