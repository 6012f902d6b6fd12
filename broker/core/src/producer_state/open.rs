//! Transactions that are open, and those that ended above the high watermark.

use std::collections::BTreeMap;

/// A transaction whose marker was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompletedTransaction {
    pub producer_id: i64,
    pub first_offset: i64,
    /// The offset of the marker.
    pub last_offset: i64,
    /// The last stable offset at that moment, for the transaction index.
    pub last_stable_offset: i64,
    /// Whether an entry belongs into the transaction index: only what was aborted is listed there.
    pub is_aborted: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Transactions {
    /// First offset to producer id.
    open: BTreeMap<i64, i64>,
    /// First offset to the offset of the marker, until the high watermark is past it.
    unreplicated: BTreeMap<i64, i64>,
}

impl Transactions {
    pub(super) fn begin(&mut self, first_offset: i64, producer_id: i64) {
        self.open.insert(first_offset, producer_id);
    }

    /// The last stable offset after the transaction ends at `marker_offset`, whatever the high watermark says.
    pub(super) fn complete(&mut self, first_offset: i64, marker_offset: i64) -> i64 {
        self.open.remove(&first_offset);
        self.unreplicated.insert(first_offset, marker_offset);
        self.open.first_key_value().map_or(marker_offset.saturating_add(1), |(first, _)| *first)
    }

    pub(super) fn forget_below(&mut self, offset: i64) {
        self.unreplicated.retain(|_, marker| *marker >= offset);
    }

    pub(super) fn first_open(&self) -> Option<(i64, i64)> {
        self.open.first_key_value().map(|(first, producer_id)| (*first, *producer_id))
    }

    pub(super) fn first_unstable(&self) -> Option<i64> {
        let open = self.open.first_key_value().map(|(first, _)| *first);
        let unreplicated = self.unreplicated.first_key_value().map(|(first, _)| *first);
        [open, unreplicated].into_iter().flatten().min()
    }
}
