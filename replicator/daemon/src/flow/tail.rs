//! Where the target stands: the last batch of ours in a partition's log.

use bytes::Bytes;
use strait_client::{Connection, ConnectionError, UnsupportedApiError};
use strait_replicator_core::lane::{Sequence, Tail};
use strait_wire::batch::{BatchError, BatchHeader, Entry, closed_batches};
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchTopic};
use strait_wire::message::list_offsets::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};

use super::assignment::End;

/// Batches looked at before the search for ours is given up.
const SCAN_BATCHES: usize = 10_000;
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;

/// Why the tail could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum TailError {
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Unsupported(#[from] UnsupportedApiError),
    #[error("the target answers {code} for {topic}-{partition}")]
    Refused { topic: String, partition: i32, code: ErrorCode },
    #[error("a batch of {topic}-{partition} at the target can't be read: {source}")]
    Batch { topic: String, partition: i32, source: BatchError },
    #[error("the target left {topic}-{partition} out of its answer")]
    Missing { topic: String, partition: i32 },
    #[error("no batch of ours in the last {scanned} of {topic}-{partition}")]
    TooFarBack { topic: String, partition: i32, scanned: usize },
}

/// Reads one partition's tail at the target.
pub(super) struct TailReader {
    pub(super) connection: Connection,
    pub(super) target: End,
    pub(super) partition: i32,
    pub(super) producer_id: i64,
}

impl TailReader {
    pub(super) async fn read(&self) -> Result<Tail, TailError> {
        let log_end = self.offset_at(LATEST).await?;
        let log_start = self.offset_at(EARLIEST).await?;
        let mut before = log_end;
        for _ in 0..SCAN_BATCHES {
            if before <= log_start {
                return Ok(Tail::NothingOfOurs { log_end });
            }
            let Some(header) = self.batch_at(before - 1).await? else {
                return Ok(Tail::NothingOfOurs { log_end });
            };
            if header.producer_id == self.producer_id
                && let Some(base) = Sequence::new(header.base_sequence)
            {
                let next_sequence = base.advance(i64::from(header.last_offset_delta) + 1);
                return Ok(Tail::Ours { next_sequence, log_end });
            }
            before = header.base_offset.min(before - 1);
        }
        Err(TailError::TooFarBack {
            topic: self.target.topic.clone(),
            partition: self.partition,
            scanned: SCAN_BATCHES,
        })
    }

    async fn offset_at(&self, timestamp: i64) -> Result<i64, TailError> {
        let partition =
            ListOffsetsPartition { partition_index: self.partition, current_leader_epoch: -1, timestamp };
        let topic = ListOffsetsTopic { name: self.target.topic.clone(), partitions: vec![partition] };
        let request =
            ListOffsetsRequest { replica_id: -1, topics: vec![topic], ..ListOffsetsRequest::default() };
        let response = self.connection.call(&request).await?;
        let answer = response.topics.iter().flat_map(|topic| &topic.partitions).next();
        let answer = answer.ok_or_else(|| self.missing())?;
        self.check(ErrorCode(answer.error_code))?;
        Ok(answer.offset)
    }

    /// The header of the batch that holds `offset`, or `None` where the log ends before it.
    async fn batch_at(&self, offset: i64) -> Result<Option<BatchHeader>, TailError> {
        let highest = self.connection.version_of::<FetchRequest>()?;
        let by_id = highest >= 13 && self.target.topic_id != Uuid::ZERO;
        let version = if by_id { highest } else { highest.min(12) };
        let partition = FetchPartition {
            partition: self.partition,
            fetch_offset: offset,
            partition_max_bytes: 1,
            ..FetchPartition::default()
        };
        let topic = if by_id {
            FetchTopic { topic_id: self.target.topic_id, partitions: vec![partition], ..Default::default() }
        } else {
            FetchTopic { topic: self.target.topic.clone(), partitions: vec![partition], ..Default::default() }
        };
        let request = FetchRequest {
            max_wait_ms: 0,
            min_bytes: 0,
            max_bytes: 1,
            session_epoch: -1,
            topics: vec![topic],
            ..FetchRequest::default()
        };
        let response = self.connection.call_at(&request, version).await?;
        self.check(ErrorCode(response.error_code))?;
        let answer = response.responses.iter().flat_map(|topic| &topic.partitions).next();
        let answer = answer.ok_or_else(|| self.missing())?;
        self.check(ErrorCode(answer.error_code))?;
        let records = answer.records.clone().map_or_else(Bytes::new, |records| records.into_bytes());
        self.last_header(records)
    }

    fn last_header(&self, records: Bytes) -> Result<Option<BatchHeader>, TailError> {
        let mut last = None;
        for entry in closed_batches(records) {
            match entry {
                Ok(Entry::Closed(batch)) => last = Some(*batch.header()),
                Ok(Entry::Legacy(_)) => {}
                Err(source) => {
                    let topic = self.target.topic.clone();
                    return Err(TailError::Batch { topic, partition: self.partition, source });
                }
            }
        }
        Ok(last)
    }

    fn check(&self, code: ErrorCode) -> Result<(), TailError> {
        if code.is_ok() {
            return Ok(());
        }
        Err(TailError::Refused { topic: self.target.topic.clone(), partition: self.partition, code })
    }

    fn missing(&self) -> TailError {
        TailError::Missing { topic: self.target.topic.clone(), partition: self.partition }
    }
}
