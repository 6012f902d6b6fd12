//! What a leader answered for one partition, opened batch by batch: without markers, without what was aborted, from
//! the position on (`CompletedFetch`).

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use strait_wire::batch::{
    BatchError, BatchIter, ClosedBatch, ControlKind, DecompressionLimit, Entry, Record, closed_batches,
    control_record, open,
};
use strait_wire::message::fetch::AbortedTransaction;

use super::record::ConsumerRecord;
use super::subscription::Position;
use crate::leaders::TopicPartition;

/// Most bytes of one opened batch.
const OPENED_LIMIT: DecompressionLimit = DecompressionLimit(1 << 30);

/// How a batch is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) check_crcs: bool,
    pub(crate) committed_only: bool,
}

/// Record bytes of one partition, on their way to the program.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) partition: TopicPartition,
    topic: Arc<str>,
    /// What was asked for.
    pub(crate) version: u64,
    /// Behind what was handed out.
    pub(crate) position: Position,
    batches: BatchIter,
    opened: VecDeque<ConsumerRecord>,
    /// Behind the batch that is opened.
    behind: Position,
    aborted: VecDeque<AbortedTransaction>,
    /// Producers whose records are of an aborted transaction here.
    aborting: BTreeSet<i64>,
    reading: Reading,
    failed: Option<BatchError>,
    is_over: bool,
}

impl Fetched {
    pub(crate) fn new(
        partition: TopicPartition,
        version: u64,
        position: Position,
        records: Bytes,
        mut aborted: Vec<AbortedTransaction>,
        reading: Reading,
    ) -> Self {
        aborted.sort_by_key(|transaction| transaction.first_offset);
        Self {
            topic: partition.0.as_str().into(),
            partition,
            version,
            position,
            batches: closed_batches(records),
            opened: VecDeque::new(),
            behind: position,
            aborted: aborted.into(),
            aborting: BTreeSet::new(),
            reading,
            failed: None,
            is_over: false,
        }
    }

    /// The next records, `most` of them; none at the end. A batch that can't be read fails here each time, behind the
    /// records before it.
    pub(crate) fn take(&mut self, most: usize) -> Result<Vec<ConsumerRecord>, BatchError> {
        let mut taken = Vec::new();
        while taken.len() < most {
            if let Some(record) = self.opened.pop_front() {
                let leader_epoch = record.leader_epoch;
                self.position = Position { offset: record.offset.saturating_add(1), leader_epoch };
                taken.push(record);
            } else if self.failed.is_some() || !self.open_next_or_fail() {
                break;
            }
        }
        if self.opened.is_empty() {
            // Offsets without records belong to what was read: markers, and what compaction took.
            self.position = self.behind;
        }
        match &self.failed {
            Some(error) if taken.is_empty() => Err(error.clone()),
            _ => Ok(taken),
        }
    }

    /// Everything was handed out.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over && self.opened.is_empty() && self.failed.is_none()
    }

    fn open_next_or_fail(&mut self) -> bool {
        match self.open_next() {
            Ok(opened) => {
                self.is_over = !opened;
                opened
            }
            Err(error) => {
                self.failed = Some(error);
                false
            }
        }
    }

    /// Opens a batch; false at the end.
    fn open_next(&mut self) -> Result<bool, BatchError> {
        let Some(entry) = self.batches.next() else { return Ok(false) };
        match entry? {
            Entry::Closed(batch) => self.open_batch(&batch)?,
            Entry::Legacy(set) => {
                let records = set.open(OPENED_LIMIT)?;
                self.behind = self.after(set.last_offset().saturating_add(1), None);
                self.keep(records, None, false);
            }
        }
        Ok(true)
    }

    fn open_batch(&mut self, batch: &ClosedBatch) -> Result<(), BatchError> {
        let header = batch.header();
        let leader_epoch = Some(header.partition_leader_epoch).filter(|epoch| *epoch >= 0);
        if header.next_offset() > self.position.offset {
            if self.reading.check_crcs {
                batch.verify_crc()?;
            }
            if header.attributes.is_control() {
                self.on_marker(batch)?;
            } else if !self.is_aborted(batch) {
                let records = open(batch, OPENED_LIMIT)?;
                self.keep(records, leader_epoch, header.attributes.is_log_append_time());
            }
        }
        self.behind = self.after(header.next_offset(), leader_epoch);
        Ok(())
    }

    /// Places only go forward.
    fn after(&self, offset: i64, leader_epoch: Option<i32>) -> Position {
        match offset > self.behind.offset {
            true => Position { offset, leader_epoch },
            false => self.behind,
        }
    }

    fn on_marker(&mut self, batch: &ClosedBatch) -> Result<(), BatchError> {
        self.begin_aborted(batch.header().last_offset());
        if control_record(batch)?.kind == ControlKind::Abort {
            self.aborting.remove(&batch.header().producer_id);
        }
        Ok(())
    }

    fn is_aborted(&mut self, batch: &ClosedBatch) -> bool {
        let header = batch.header();
        self.begin_aborted(header.last_offset());
        self.reading.committed_only
            && header.attributes.is_transactional()
            && self.aborting.contains(&header.producer_id)
    }

    fn begin_aborted(&mut self, up_to: i64) {
        while let Some(begun) = self.aborted.pop_front_if(|transaction| transaction.first_offset <= up_to) {
            self.aborting.insert(begun.producer_id);
        }
    }

    fn keep(&mut self, records: Vec<Record>, leader_epoch: Option<i32>, is_append_time: bool) {
        let from = self.position.offset;
        let kept = records.into_iter().filter(|record| record.offset >= from).map(|record| ConsumerRecord {
            topic: self.topic.clone(),
            partition: self.partition.1,
            offset: record.offset,
            leader_epoch,
            timestamp_ms: record.timestamp,
            is_append_time,
            key: record.key,
            value: record.value,
            headers: record.headers,
        });
        self.opened.extend(kept);
    }
}

#[cfg(test)]
#[path = "fetched_tests.rs"]
mod tests;
