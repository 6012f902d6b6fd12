//! Transactions that are open at a point of the log, to make the index of aborted ones again.

use std::collections::BTreeMap;

use strait_wire::batch::{BatchHeader, ControlKind, ControlRecord};

use crate::index::AbortedTransaction;
use crate::snapshot::ProducerSnapshotEntry;

/// First offsets by producer id.
#[derive(Debug, Default)]
pub(super) struct OpenTransactions(BTreeMap<i64, i64>);

impl OpenTransactions {
    pub(super) fn from_snapshot(entries: &[ProducerSnapshotEntry]) -> Self {
        let open = entries.iter().filter(|entry| entry.current_txn_first_offset >= 0);
        Self(open.map(|entry| (entry.producer_id, entry.current_txn_first_offset)).collect())
    }

    /// Takes the next batch of the log, with its marker if it is a control batch. Gives what an abort marker ended.
    pub(super) fn observe(
        &mut self,
        header: &BatchHeader,
        marker: Option<ControlRecord>,
    ) -> Option<AbortedTransaction> {
        let producer_id = header.producer_id;
        if producer_id < 0 || !header.attributes.is_transactional() {
            return None;
        }
        let Some(marker) = marker else {
            self.0.entry(producer_id).or_insert(header.base_offset);
            return None;
        };
        if let ControlKind::Other(_) = marker.kind {
            return None;
        }
        let first_offset = self.0.remove(&producer_id)?;
        let last_offset = header.last_offset();
        let last_stable_offset = self.0.values().min().copied().unwrap_or(last_offset + 1);
        let aborted = AbortedTransaction { producer_id, first_offset, last_offset, last_stable_offset };
        (marker.kind == ControlKind::Abort).then_some(aborted)
    }
}
