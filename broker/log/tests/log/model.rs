//! What a log should hold: the batches in order, and up to where they were flushed.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use strait_broker_log::store::faulty::{FaultyStore, Random};
use strait_broker_log::{LastShutdown, LogConfig, LogError, PartitionLog, ReadLimits};
use strait_wire::batch::{AssignedBatch, BatchBuilder, Compression, Stamp};

use super::support::{NOW_MS, batches};

pub(crate) const FOLDER: &str = "/data/orders-0";

/// Batches and timestamps of a log that was never hurt.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) batches: Vec<AssignedBatch>,
    /// Offset and timestamp of each record.
    records: Vec<(i64, i64)>,
    pub(crate) flushed_end: i64,
    /// What the log said last; a checkpoint may hold less.
    pub(crate) recovery_point: i64,
    epoch: i32,
}

/// Small segments and dense indexes, so that few batches reach every edge.
pub(crate) fn small_config() -> LogConfig {
    LogConfig { segment_bytes: 2_000, index_interval_bytes: 200, tail_bytes: 1_000, ..LogConfig::default() }
}

pub(crate) fn open(store: &FaultyStore, recovery_point: i64) -> Result<PartitionLog, LogError> {
    open_with(store, recovery_point, small_config())
}

pub(crate) fn open_with(
    store: &FaultyStore,
    recovery_point: i64,
    config: LogConfig,
) -> Result<PartitionLog, LogError> {
    let shutdown = LastShutdown { recovery_point, ..LastShutdown::default() };
    let store = Arc::new(store.clone());
    PartitionLog::open_after(store, Path::new(FOLDER), config, shutdown, NOW_MS, &mut |_| {})
}

/// The same, perhaps after a clean stop.
pub(crate) fn reopen(
    store: &FaultyStore,
    recovery_point: i64,
    is_clean: bool,
) -> Result<PartitionLog, LogError> {
    let shutdown = LastShutdown { is_clean, recovery_point, log_start_offset: 0 };
    let store = Arc::new(store.clone());
    PartitionLog::open_after(store, Path::new(FOLDER), small_config(), shutdown, NOW_MS, &mut |_| {})
}

/// A log that is not opened where whole batches would have to leave it.
pub(crate) fn reopen_strictly(store: &FaultyStore) -> Result<PartitionLog, LogError> {
    let config = LogConfig { refuses_damage: true, ..small_config() };
    let store = Arc::new(store.clone());
    PartitionLog::open(store, Path::new(FOLDER), config, NOW_MS, &mut |_| {})
}

impl Model {
    pub(crate) fn end(&self) -> i64 {
        self.batches.last().map_or(0, |batch| batch.header.next_offset())
    }

    /// A batch that would come next: one to four records of up to 200 bytes, at timestamps that also go back.
    pub(crate) fn next_batch(&mut self, random: &mut Random) -> AssignedBatch {
        if random.one_in(20) {
            self.epoch += 1;
        }
        let base_timestamp = NOW_MS + self.end() + random.below(40) as i64 - 20;
        let codec = if random.one_in(2) { Compression::None } else { Compression::Lz4 };
        let mut builder = BatchBuilder::new(codec, base_timestamp);
        for _ in 0..=random.below(4) {
            let value: Bytes = (0..random.below(200)).map(|_| random.below(256) as u8).collect();
            builder.push(base_timestamp + random.below(5) as i64, None, Some(&value), &[]);
        }
        builder.finish(Stamp::NONE, 0).expect("a batch").assign(self.end(), self.epoch)
    }

    pub(crate) fn push(&mut self, batch: AssignedBatch) {
        let closed = strait_wire::batch::ClosedBatch::new(batch.segments.concat().into()).expect("a batch");
        let limit = strait_wire::batch::DecompressionLimit(1 << 20);
        let records = strait_wire::batch::open(&closed, limit).expect("opens");
        self.records.extend(records.iter().map(|record| (record.offset, record.timestamp)));
        self.batches.push(batch);
    }

    pub(crate) fn truncate_to(&mut self, offset: i64) {
        self.batches.retain(|batch| batch.header.next_offset() <= offset);
        self.records.retain(|(record, _)| *record < offset);
    }

    /// The log must hold a prefix of the model's batches, with all that was flushed. The model then ends there too.
    pub(crate) fn check_after_crash(&mut self, log: &PartitionLog) {
        assert!(log.end_offset() >= self.flushed_end, "{} was flushed", self.flushed_end);
        assert!(log.end_offset() <= self.end());
        self.recovery_point = log.recovery_point();
        self.truncate_to(log.end_offset());
        assert_eq!(self.end(), log.end_offset(), "a batch was torn");
        self.check(log);
    }

    /// Same bytes, and every offset and timestamp is found.
    pub(crate) fn check(&self, log: &PartitionLog) {
        assert_eq!(log.end_offset(), self.end());
        let found = batches(log, log.start_offset());
        let found: Vec<_> = found.iter().map(|batch| batch.bytes().to_vec()).collect();
        let expected: Vec<_> = self.batches.iter().map(|batch| batch.segments.concat()).collect();
        assert!(found == expected, "the log holds other bytes");
        for (offset, timestamp) in &self.records {
            let read = log.read(*offset, i64::MAX, ReadLimits::in_memory(1)).expect("read");
            let batch =
                &self.batches[self.batches.partition_point(|batch| batch.header.next_offset() <= *offset)];
            assert_eq!(read.batches.concat(), batch.segments.concat(), "offset {offset}");
            let first = self.records.iter().find(|(_, other)| other >= timestamp);
            let found = log.offset_for_timestamp(*timestamp, i64::MAX).expect("a lookup");
            assert_eq!(found.map(|found| (found.offset, found.timestamp)), first.copied(), "{timestamp}");
        }
        let largest = self.records.iter().map(|(_, timestamp)| *timestamp).max();
        assert_eq!(log.largest_timestamp(), largest.unwrap_or(-1));
        let first = self.records.iter().find(|(_, timestamp)| Some(*timestamp) == largest);
        let found = log.offset_of_max_timestamp(i64::MAX).expect("a lookup");
        assert_eq!(found.map(|found| (found.offset, found.timestamp)), first.copied());
        self.check_epochs(log);
    }

    fn check_epochs(&self, log: &PartitionLog) {
        for batch in &self.batches {
            let epoch = batch.header.partition_leader_epoch;
            let next = self.batches.iter().find(|other| other.header.partition_leader_epoch > epoch);
            let end = next.map_or(self.end(), |next| next.header.base_offset);
            assert_eq!(log.epoch_end_offset(epoch), (epoch, end));
        }
    }
}
