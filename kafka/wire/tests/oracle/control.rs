//! Markers that end transactions.

use strait_wire::batch::{Compression, ControlKind, ControlRecord, Entry, closed_batches, control_record};

use crate::raw::{RawBatch, RawRecord};

const TRANSACTIONAL_CONTROL: i16 = 1 << 4 | 1 << 5;

fn marker(key: Option<&[u8]>, value: Option<&[u8]>) -> Option<ControlRecord> {
    let record =
        RawRecord { key: key.map(<[u8]>::to_vec), value: value.map(<[u8]>::to_vec), ..RawRecord::default() };
    let batch = RawBatch { attributes: TRANSACTIONAL_CONTROL, records: vec![record], ..RawBatch::default() };
    let mut entries = closed_batches(batch.bytes(Compression::None).into());
    let Some(Ok(Entry::Closed(batch))) = entries.next() else { panic!("no batch") };
    assert!(batch.header().attributes.is_control() && batch.header().attributes.is_transactional());
    control_record(&batch).ok()
}

#[test]
fn markers_tell_how_a_transaction_ended() {
    let value = [0, 0, 0, 0, 0, 9];
    let told = |kind| Some(ControlRecord { kind, coordinator_epoch: 9 });
    assert_eq!(marker(Some(&[0, 0, 0, 0]), Some(&value)), told(ControlKind::Abort));
    assert_eq!(marker(Some(&[0, 0, 0, 1]), Some(&value)), told(ControlKind::Commit));
    assert_eq!(marker(Some(&[0, 0, 0, 2]), Some(&value)), told(ControlKind::Other(2)));
    // Later versions may append fields to key and value.
    assert_eq!(marker(Some(&[0, 1, 0, 1, 7]), Some(&[0, 1, 0, 0, 0, 9, 5])), told(ControlKind::Commit));
    let untold = ControlRecord { kind: ControlKind::Commit, coordinator_epoch: -1 };
    assert_eq!(marker(Some(&[0, 0, 0, 1]), None), Some(untold));
}

#[test]
fn a_control_batch_without_a_marker_is_refused() {
    assert_eq!(marker(None, None), None);
    assert_eq!(marker(Some(&[0, 0, 0]), None), None);
}
