//! What the tests of the log share.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use strait_broker_log::{AppendInfo, DiskStore, LogConfig, PartitionLog, ReadLimits};
use strait_wire::batch::{
    AssignedBatch, BatchBuilder, ClosedBatch, Compression, DecompressionLimit, Entry, Record, Stamp,
    closed_batches, open,
};
use tempfile::TempDir;

pub(crate) const NOW_MS: i64 = 1_700_000_000_000;

/// A partition folder of its own.
pub(crate) struct Folder {
    temporary: TempDir,
    pub(crate) config: LogConfig,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { temporary: TempDir::new().expect("a temporary folder"), config: LogConfig::default() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.temporary.path().join("orders-0")
    }

    pub(crate) fn open(&self) -> PartitionLog {
        PartitionLog::open(Arc::new(DiskStore), &self.path(), self.config.clone(), NOW_MS, &mut |_| {})
            .expect("the log opens")
    }
}

/// A batch of these values at `base_offset`, one millisecond apart from `timestamp` on.
pub(crate) fn batch(base_offset: i64, timestamp: i64, values: &[&str]) -> AssignedBatch {
    compressed(base_offset, timestamp, values, Compression::None)
}

pub(crate) fn compressed(
    base_offset: i64,
    timestamp: i64,
    values: &[&str],
    codec: Compression,
) -> AssignedBatch {
    let mut builder = BatchBuilder::new(codec, timestamp);
    for (index, value) in values.iter().enumerate() {
        let value = Bytes::copy_from_slice(value.as_bytes());
        builder.push(timestamp + index as i64, None, Some(&value), &[]);
    }
    builder.finish(Stamp::NONE, 0).expect("a batch").assign(base_offset, 0)
}

pub(crate) fn append(log: &mut PartitionLog, batch: &AssignedBatch) -> AppendInfo {
    log.append(&batch.segments, &batch.header, NOW_MS).expect("appended")
}

/// Appends a batch at the end of the log.
pub(crate) fn appended(log: &mut PartitionLog, values: &[&str]) -> AppendInfo {
    let batch = batch(log.end_offset(), NOW_MS, values);
    append(log, &batch)
}

/// All batches from `offset` on, each checked.
pub(crate) fn batches(log: &PartitionLog, offset: i64) -> Vec<ClosedBatch> {
    let (mut found, mut next) = (Vec::new(), offset);
    while next < log.end_offset() {
        let read = log.read(next, i64::MAX, ReadLimits::in_memory(1 << 20)).expect("read");
        if read.size == 0 {
            break;
        }
        let mut bytes = BytesMut::new();
        read.batches.iter().for_each(|slice| bytes.extend_from_slice(slice));
        for entry in closed_batches(bytes.freeze()) {
            let Ok(Entry::Closed(batch)) = entry else { panic!("no batch of format 2: {entry:?}") };
            batch.verify_crc().expect("a checksum that fits");
            found.push(batch);
        }
        assert!(read.next_offset > next, "a read goes on");
        next = read.next_offset;
    }
    found
}

pub(crate) fn records(log: &PartitionLog, offset: i64) -> Vec<Record> {
    let opened = batches(log, offset);
    let opened = opened.iter().flat_map(|batch| open(batch, DecompressionLimit(1 << 20)).expect("opens"));
    opened.filter(|record| record.offset >= offset).collect()
}

pub(crate) fn offsets(log: &PartitionLog, offset: i64) -> Vec<i64> {
    records(log, offset).iter().map(|record| record.offset).collect()
}

pub(crate) fn values(log: &PartitionLog, offset: i64) -> Vec<String> {
    let value =
        |record: &Record| String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned();
    records(log, offset).iter().map(value).collect()
}
