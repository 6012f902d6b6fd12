//! Random producers of one id: epochs never fall, one that is fenced never decides, the log gives the same state.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Event {
    Init { knows: bool },
    Add { back: usize, partition: i32 },
    End { back: usize, is_commit: bool },
    Markers,
    TimeOut,
    Reload,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        1 => any::<bool>().prop_map(|knows| Event::Init { knows }),
        4 => (0_usize..3, 0_i32..3).prop_map(|(back, partition)| Event::Add { back, partition }),
        4 => (0_usize..3, any::<bool>()).prop_map(|(back, is_commit)| Event::End { back, is_commit }),
        3 => Just(Event::Markers),
        1 => Just(Event::TimeOut),
        1 => Just(Event::Reload),
    ]
}

/// The identity that was given out `back` before the last.
fn known(identities: &[(i64, i16)], back: usize) -> (i64, i16) {
    identities.iter().rev().nth(back).copied().unwrap_or((101, 0))
}

fn learn(identities: &mut Vec<(i64, i16)>, answer: Identity) {
    let Ok(identity) = answer else { return };
    assert!(identities.last().is_none_or(|last| *last <= identity), "an identity went back");
    if identities.last() != Some(&identity) {
        identities.push(identity);
    }
}

fn step(shard: &mut Shard, identities: &mut Vec<(i64, i16)>, event: &Event, version: TransactionVersion) {
    match *event {
        Event::Init { knows } => {
            let current = identities.last().copied().filter(|_| knows);
            learn(identities, shard.init(current));
        }
        Event::Add { back, partition } => {
            let producer = known(identities, back);
            let code = shard.add(producer, &[partition], version);
            let described = shard.transactions.describe(ID);
            let in_charge = (described.producer_id, described.producer_epoch) == producer;
            assert!(in_charge || code != ErrorCode::NONE, "a fenced producer added a partition");
        }
        Event::End { back, is_commit } => {
            let producer = known(identities, back);
            let before = shard.transactions.describe(ID);
            let records = shard.log.len();
            let answer = shard.end(producer, is_commit, version);
            let in_charge = (before.producer_id, before.producer_epoch) == producer;
            assert!(in_charge || shard.log.len() == records, "a fenced producer decided");
            learn(identities, answer);
        }
        Event::Markers => {
            shard.write_markers();
        }
        Event::TimeOut => {
            shard.now_ms += 100_000;
            let effects = shard.transactions.abort_timed_out(shard.now_ms);
            shard.perform(effects);
        }
        Event::Reload => {
            shard.transactions = shard.reloaded();
            shard.markers.clear();
            let effects = shard.transactions.loaded(shard.now_ms);
            shard.perform(effects);
        }
    }
}

proptest! {
    #[test]
    fn a_fenced_producer_never_decides_and_the_log_gives_the_same_state(
        events in prop::collection::vec(event(), 0..60), raises in any::<bool>(),
    ) {
        let version = if raises { V2 } else { V0 };
        let (mut shard, mut identities) = (Shard::new(), Vec::new());
        let mut decided: Option<bool> = None;
        for event in &events {
            step(&mut shard, &mut identities, event, version);
            let described = shard.transactions.describe(ID);
            let reloaded = shard.reloaded().describe(ID);
            if shard.state().is_some_and(|state| !matches!(state, State::PrepareCommit | State::PrepareAbort)) {
                prop_assert_eq!(&reloaded, &described);
            }
            // What was decided is carried out, not changed.
            match (shard.state(), decided) {
                (Some(State::PrepareCommit | State::CompleteCommit), Some(is_commit)) => prop_assert!(is_commit),
                (Some(State::PrepareAbort | State::CompleteAbort), Some(is_commit)) => {
                    prop_assert!(!is_commit || version == V2)
                }
                _ => {}
            }
            decided = match shard.state() {
                Some(State::PrepareCommit) => Some(true),
                Some(State::PrepareAbort) => Some(false),
                _ => None,
            };
            let is_open = shard.state() == Some(State::Ongoing);
            prop_assert_eq!(shard.transactions.next_deadline().is_some(), is_open);
        }
    }
}
