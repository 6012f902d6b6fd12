//! Offsets by timestamp (ListOffsets). The batch in question is opened, since the answer is a record.

use strait_wire::batch::{ClosedBatch, DecompressionLimit, Record, open};

use super::PartitionLog;
use crate::error::LogError;
use crate::segment::Segment;

/// A record that was found by its timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimestampOffset {
    pub offset: i64,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    pub leader_epoch: i32,
}

/// Most that one batch may give when it is opened.
const OPENED: DecompressionLimit = DecompressionLimit(1 << 30);

impl PartitionLog {
    /// The first record with a timestamp of at least `timestamp`; none when it is at `upper_bound` or above.
    pub fn offset_for_timestamp(
        &self,
        timestamp: i64,
        upper_bound: i64,
    ) -> Result<Option<TimestampOffset>, LogError> {
        for segment in &self.segments {
            if segment.largest().is_none_or(|largest| largest.timestamp < timestamp) {
                continue;
            }
            let mut from = self.start_offset;
            // Records of a batch that lie before the log's start don't count.
            while let Some(batch) = segment.first_batch_since(timestamp, from)? {
                let matches =
                    |record: &Record| record.timestamp >= timestamp && record.offset >= self.start_offset;
                if let Some(found) = find(segment, &batch, matches)? {
                    return Ok(Some(found).filter(|found| found.offset < upper_bound));
                }
                from = batch.header().next_offset();
            }
        }
        Ok(None)
    }

    /// The first record with the largest timestamp of the log, as far as it is below `upper_bound`.
    pub fn offset_of_max_timestamp(&self, upper_bound: i64) -> Result<Option<TimestampOffset>, LogError> {
        let mut newest: Option<(&Segment, i64)> = None;
        for segment in &self.segments {
            let Some(largest) = segment.largest() else { continue };
            if newest.is_none_or(|(_, timestamp)| largest.timestamp > timestamp) {
                newest = Some((segment, largest.timestamp));
            }
        }
        let Some((_, timestamp)) = newest else { return Ok(None) };
        self.offset_for_timestamp(timestamp, upper_bound)
    }
}

fn find(
    segment: &Segment,
    batch: &ClosedBatch,
    matches: impl Fn(&Record) -> bool,
) -> Result<Option<TimestampOffset>, LogError> {
    let records = open(batch, OPENED).map_err(|source| LogError::CorruptBatch {
        path: segment.path().to_owned(),
        position: 0,
        source,
    })?;
    let leader_epoch = batch.header().partition_leader_epoch;
    Ok(records.iter().find(|record| matches(record)).map(|record| TimestampOffset {
        offset: record.offset,
        timestamp: record.timestamp,
        leader_epoch,
    }))
}
