//! Random histories of several producers, checked against a plain model and against a replay of the log.

use std::collections::BTreeMap;

use proptest::prelude::*;
use strait_wire::batch::{Attributes, BatchHeader, ControlKind, ControlRecord};

use super::super::sequence::next_sequence;
use super::*;

#[derive(Clone, Debug)]
enum Event {
    /// A batch: how far its sequence and epoch are from what is due.
    Batch {
        producer_id: i64,
        epoch: i16,
        skew: i32,
        count: i32,
        transactional: bool,
    },
    Marker {
        producer_id: i64,
        epoch: i16,
        abort: bool,
    },
    HighWatermark,
}

fn event() -> impl Strategy<Value = Event> {
    let skew = prop_oneof![8 => Just(0), 1 => -12..12];
    let batch = (0_i64..3, 0_i16..3, skew, 1_i32..4, any::<bool>()).prop_map(
        |(producer_id, epoch, skew, count, transactional)| Event::Batch {
            producer_id,
            epoch,
            skew,
            count,
            transactional,
        },
    );
    let marker = (0_i64..3, 0_i16..3, any::<bool>()).prop_map(|(producer_id, epoch, abort)| Event::Marker {
        producer_id,
        epoch,
        abort,
    });
    prop_oneof![6 => batch, 2 => marker, 1 => Just(Event::HighWatermark)]
}

/// A log of headers, as it is on disk.
#[derive(Default)]
struct Log {
    entries: Vec<(BatchHeader, Option<ControlRecord>)>,
    /// First offset of each producer's open transaction.
    open: BTreeMap<i64, i64>,
    /// Epoch and last sequence of each producer's last batch, cleared by a marker of another epoch.
    last: BTreeMap<i64, (i16, i32)>,
}

fn due(log: &Log, producer_id: i64, epoch: i16) -> i32 {
    match log.last.get(&producer_id) {
        Some((last_epoch, last)) if *last_epoch == epoch => next_sequence(*last),
        _ => 0,
    }
}

fn step(producers: &mut Producers, log: &mut Log, event: &Event) {
    let offset = producers.end_offset();
    match *event {
        Event::Batch { producer_id, epoch, skew, count, transactional: is_transactional } => {
            let sequence = (due(log, producer_id, epoch) + skew).max(0);
            let batch = header(producer_id, epoch, sequence, count, offset);
            let batch = if is_transactional { transactional(batch) } else { batch };
            if producers.admit(&batch, Append::CLIENT) == Ok(Admission::Append) {
                if let Some((last_epoch, _)) = log.last.get(&producer_id) {
                    assert!(epoch >= *last_epoch, "an old epoch was accepted");
                    assert_eq!(sequence, due(log, producer_id, epoch), "a gap was accepted");
                }
                assert!(is_transactional || !log.open.contains_key(&producer_id));
                log.last.insert(producer_id, (epoch, sequence + count - 1));
                if is_transactional {
                    log.open.entry(producer_id).or_insert(offset);
                }
                producers.appended(&batch);
                let next = header(producer_id, epoch, sequence + count, 1, producers.end_offset());
                let next = if is_transactional { transactional(next) } else { next };
                assert!(follows(&batch, &next));
                assert_eq!(producers.admit(&next, Append::CLIENT), Ok(Admission::Append), "{batch:?}");
                log.entries.push((batch, None));
            }
        }
        Event::Marker { producer_id, epoch, abort } => {
            let kind = if abort { ControlKind::Abort } else { ControlKind::Commit };
            let marker = marker(producer_id, epoch, kind, offset);
            if producers.admit_marker(&marker, Append::COORDINATOR).is_ok() {
                let completed = producers.marker_appended(&marker);
                let first = log.open.remove(&producer_id);
                assert_eq!(completed.map(|completed| completed.first_offset), first);
                if log.last.get(&producer_id).is_none_or(|(last_epoch, _)| *last_epoch != epoch) {
                    log.last.insert(producer_id, (epoch, -1));
                }
                let mut batch = header(producer_id, epoch, -1, 1, offset);
                batch.attributes = Attributes(TRANSACTIONAL | CONTROL);
                log.entries.push((batch, Some(ControlRecord { kind, coordinator_epoch: 3 })));
            }
        }
        Event::HighWatermark => producers.high_watermark_moved(offset),
    }
}

proptest! {
    #[test]
    fn no_gap_is_accepted_and_the_log_gives_the_same_state(events in prop::collection::vec(event(), 0..120)) {
        let (mut producers, mut log) = (Producers::new(0), Log::default());
        for event in &events {
            step(&mut producers, &mut log, event);
            let stable = producers.last_stable_offset(producers.end_offset());
            prop_assert!(log.open.values().all(|first| stable <= *first));
        }
        let end = producers.end_offset();
        producers.high_watermark_moved(end);
        prop_assert_eq!(producers.last_stable_offset(end), log.open.values().copied().min().unwrap_or(end));
        let mut replayed = Producers::new(0);
        for (header, control) in &log.entries {
            replayed.replay(header, *control);
        }
        replayed.high_watermark_moved(end);
        prop_assert!(replayed == producers);
    }

    #[test]
    fn a_snapshot_and_the_rest_of_the_log_allow_the_same_next_batch(
        events in prop::collection::vec(event(), 1..80),
        cut in 0_usize..80,
    ) {
        let (mut producers, mut log) = (Producers::new(0), Log::default());
        events.iter().for_each(|event| step(&mut producers, &mut log, event));
        let (before, after) = log.entries.split_at(cut.min(log.entries.len()));
        let mut early = Producers::new(0);
        before.iter().for_each(|(header, control)| { early.replay(header, *control); });
        let entries: Vec<_> = early.snapshot().collect();
        let mut restored = Producers::from_snapshot(early.end_offset(), entries, 0, i64::MAX);
        after.iter().for_each(|(header, control)| { restored.replay(header, *control); });
        let end = producers.end_offset();
        prop_assert_eq!(restored.end_offset(), end);
        prop_assert_eq!(restored.first_open_offset(), producers.first_open_offset());
        for (producer_id, epoch) in (0..3).flat_map(|id| (0..3).map(move |epoch| (id, epoch))) {
            let batch = transactional(header(producer_id, epoch, due(&log, producer_id, epoch), 1, end));
            prop_assert_eq!(
                restored.admit(&batch, Append::CLIENT).is_ok(),
                producers.admit(&batch, Append::CLIENT).is_ok()
            );
        }
    }
}
