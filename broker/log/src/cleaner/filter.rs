//! What stays of a batch (`Cleaner.cleanInto`, `MemoryRecords.filterTo`, KIP-534).

use std::collections::HashMap;

use strait_wire::batch::{
    BatchError, BatchHeader, ClosedBatch, DecompressionLimit, Record, control_record, open,
};

use super::keys::Keys;
use super::transactions::Transactions;
use crate::index::AbortedTransaction;
use crate::snapshot::ProducerSnapshotEntry;

/// Most that one batch may give when it is opened.
pub(super) const OPENED: DecompressionLimit = DecompressionLimit(1 << 30);

pub(super) struct Filter<'a> {
    pub(super) keys: &'a Keys,
    pub(super) transactions: Transactions,
    /// By producer id.
    pub(super) producers: &'a HashMap<i64, ProducerSnapshotEntry>,
    pub(super) now_ms: i64,
    pub(super) delete_retention_ms: i64,
}

/// What stays of a batch.
#[derive(Debug)]
pub(super) struct Kept {
    /// None when nothing does.
    pub(super) batch: Option<ClosedBatch>,
    /// The transaction that this abort marker ends, where some of it was still there.
    pub(super) aborted: Option<AbortedTransaction>,
}

impl Filter<'_> {
    pub(super) fn keep(&mut self, batch: &ClosedBatch) -> Result<Kept, BatchError> {
        let header = batch.header();
        if header.attributes.is_control() {
            return self.keep_marker(batch);
        }
        let records = if self.transactions.on_records(header) {
            Vec::new()
        } else {
            let mut records = open(batch, OPENED)?;
            records.retain(|record| self.stays(header, record));
            records
        };
        let has_tombstones = records.iter().any(|record| record.value.is_none());
        let batch = self.rest(batch, &records, has_tombstones)?;
        Ok(Kept { batch, aborted: None })
    }

    fn keep_marker(&mut self, batch: &ClosedBatch) -> Result<Kept, BatchError> {
        let marker = self.transactions.on_marker(batch.header(), control_record(batch)?.kind);
        let is_expired = horizon(batch.header()).is_some_and(|horizon| horizon <= self.now_ms);
        let records = if marker.is_needless && is_expired { Vec::new() } else { open(batch, OPENED)? };
        let batch = self.rest(batch, &records, marker.is_needless)?;
        Ok(Kept { batch, aborted: marker.aborted })
    }

    /// A record without a key has no place in a compacted log.
    fn stays(&self, header: &BatchHeader, record: &Record) -> bool {
        if record.offset >= self.keys.end() {
            return true;
        }
        let Some(key) = &record.key else { return false };
        let is_kept_tombstone = || horizon(header).is_none_or(|horizon| self.now_ms < horizon);
        !self.keys.is_superseded(key, record.offset) && (record.value.is_some() || is_kept_tombstone())
    }

    /// The batch with `records`, some or all of its own. Where something may go later the time for it is set.
    fn rest(
        &self,
        batch: &ClosedBatch,
        records: &[Record],
        may_go_later: bool,
    ) -> Result<Option<ClosedBatch>, BatchError> {
        let header = batch.header();
        if records.is_empty() && !self.must_stay(header) {
            return Ok(None);
        }
        let before = horizon(header);
        let sets_horizon = may_go_later && before.is_none() && !records.is_empty();
        if records.len() == usize::try_from(header.records_count).unwrap_or(0) && !sets_horizon {
            return Ok(Some(batch.clone()));
        }
        let set = sets_horizon.then(|| self.now_ms.saturating_add(self.delete_retention_ms));
        batch.retain(records, before.or(set)).map(Some)
    }

    /// The batch tells where the cleaned part ends, or what its producer wrote last.
    fn must_stay(&self, header: &BatchHeader) -> bool {
        let producer = self.producers.get(&header.producer_id);
        let is_last_of_producer = producer.is_some_and(|producer| match producer.last_offset {
            -1 => header.attributes.is_control() && header.producer_epoch == producer.producer_epoch,
            last_offset => header.last_offset() == last_offset,
        });
        is_last_of_producer || header.next_offset() == self.keys.end()
    }
}

/// When tombstones and needless markers of the batch may go.
fn horizon(header: &BatchHeader) -> Option<i64> {
    header.attributes.has_delete_horizon().then_some(header.base_timestamp)
}
