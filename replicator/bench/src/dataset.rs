//! The records of a benchmark: built as closed batches from a seed, produced to the source.

use std::collections::VecDeque;
use std::time::SystemTime;

use bytes::Bytes;
use serde::{Serialize, Serializer};
use strait_wire::batch::{BatchBuilder, ClosedBatch, Compression, Stamp};
use strait_wire::record_data::RecordData;

use crate::corpus::Corpus;
use crate::error::BenchError;
use crate::topic::Topic;

const REQUESTS_IN_FLIGHT: usize = 5;
const REQUEST_BYTES: usize = 4 << 20;
/// Records of one millisecond.
const RECORDS_PER_MILLISECOND: u64 = 8;

/// What to produce.
#[derive(Clone, Debug, Serialize)]
pub struct DataSet {
    pub records: u64,
    pub partitions: i32,
    #[serde(serialize_with = "name_of")]
    pub compression: Compression,
    /// Bytes of a value.
    pub record_size: usize,
    /// Bytes of a batch before compression.
    pub batch_bytes: usize,
    /// Most records of a batch.
    pub batch_records: Option<usize>,
    /// Whether records have keys.
    pub keys: bool,
    pub seed: u64,
    /// Of the last record, milliseconds since 1970.
    pub newest_timestamp: i64,
}

fn name_of<S: Serializer>(compression: &Compression, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(compression.name())
}

/// What a topic holds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Stored {
    pub records: u64,
    pub batches: u64,
    pub bytes: u64,
}

impl Stored {
    pub(crate) fn gibibytes(&self) -> f64 {
        self.bytes as f64 / f64::from(1 << 30)
    }

    pub(crate) fn add(&mut self, batch: &ClosedBatch) {
        self.records += u64::try_from(batch.header().records_count).unwrap_or(0);
        self.batches += 1;
        self.bytes += batch.size() as u64;
    }
}

impl DataSet {
    /// Produces all batches, each next one to the next partition.
    pub(crate) async fn fill(&self, topic: &Topic) -> Result<Stored, BenchError> {
        let corpus = Corpus { seed: self.seed, record_size: self.record_size };
        let mut stored = Stored::default();
        let mut in_flight = VecDeque::new();
        let mut partitions = (0..self.partitions).cycle();
        while stored.records < self.records {
            let mut request: Vec<(i32, RecordData)> = Vec::new();
            let mut bytes = 0;
            while request.len() < self.partitions as usize && bytes < REQUEST_BYTES {
                let Some(batch) = self.batch(&corpus, stored.records)? else { break };
                let Some(partition) = partitions.next() else { break };
                bytes += batch.size();
                stored.add(&batch);
                request.push((partition, RecordData::single(batch.bytes().clone())));
            }
            if in_flight.len() == REQUESTS_IN_FLIGHT
                && let Some(oldest) = in_flight.pop_front()
            {
                topic.produced(oldest.await?)?;
            }
            in_flight.push_back(topic.produce(request)?);
            tokio::task::yield_now().await;
        }
        for pending in in_flight {
            topic.produced(pending.await?)?;
        }
        Ok(stored)
    }

    /// All batches, to be sent more than once.
    pub(crate) fn encode(&self) -> Result<Vec<ClosedBatch>, BenchError> {
        let corpus = Corpus { seed: self.seed, record_size: self.record_size };
        let (mut batches, mut first) = (Vec::new(), 0);
        while let Some(batch) = self.batch(&corpus, first)? {
            first += u64::try_from(batch.header().records_count).unwrap_or(0);
            batches.push(batch);
        }
        Ok(batches)
    }

    /// The batch that begins with record `first`.
    fn batch(&self, corpus: &Corpus, first: u64) -> Result<Option<ClosedBatch>, BenchError> {
        let mut builder = BatchBuilder::new(self.compression, self.timestamp(first));
        for number in first..self.records {
            let key = self.keys.then(|| corpus.key(number));
            builder.push(self.timestamp(number), key.as_ref(), Some(&corpus.value(number)), &[]);
            // A record is about its value and 10 bytes.
            let full = builder.size_estimate() + self.record_size + 10 > self.batch_bytes;
            if full || self.batch_records.is_some_and(|limit| builder.len() >= limit) {
                break;
            }
        }
        if builder.is_empty() { Ok(None) } else { Ok(Some(builder.finish(Stamp::NONE, 0)?)) }
    }

    fn timestamp(&self, number: u64) -> i64 {
        let before_newest = (self.records - number) / RECORDS_PER_MILLISECOND;
        self.newest_timestamp - i64::try_from(before_newest).unwrap_or(0)
    }
}

/// One record of this moment as a batch of its own.
pub(crate) fn single(key: Option<&Bytes>, value: &Bytes) -> Result<RecordData, BenchError> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    let mut builder = BatchBuilder::new(Compression::None, now);
    builder.push(now, key, Some(value), &[]);
    Ok(RecordData::single(builder.finish(Stamp::NONE, 0)?.bytes().clone()))
}
