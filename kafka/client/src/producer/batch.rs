//! A batch of records for one partition, and who waits for them.

use strait_wire::batch::{
    BatchBuilder, BatchError, ClosedBatch, Compression, DecompressionLimit, Record, Stamp, open,
};

use super::record::ProducerRecord;

/// A record in a batch; `W` is told what became of it.
#[derive(Debug)]
pub(crate) struct Waiting<W> {
    pub(crate) waiter: W,
    pub(crate) timestamp_ms: i64,
}

#[derive(Debug)]
enum Content {
    Open(BatchBuilder),
    Closed(ClosedBatch),
}

/// Records for one partition that travel together.
#[derive(Debug)]
pub(crate) struct Batch<W> {
    /// How many records of the partition came before: the batch's name and place.
    pub(crate) first: u64,
    /// Of all batches of the producer; parts of a batch share it.
    pub(crate) id: u64,
    pub(crate) created_ms: i64,
    pub(crate) attempts: i32,
    pub(crate) last_attempt_ms: i64,
    /// The leader's epoch at the last attempt.
    pub(crate) leader_epoch: i32,
    /// What the last attempt met.
    pub(crate) last_error: Option<String>,
    pub(crate) waiting: Vec<Waiting<W>>,
    content: Option<Content>,
}

impl<W> Batch<W> {
    pub(crate) fn new(first: u64, id: u64, compression: Compression, now_ms: i64, timestamp_ms: i64) -> Self {
        Self {
            first,
            id,
            created_ms: now_ms,
            attempts: 0,
            last_attempt_ms: now_ms,
            leader_epoch: -1,
            last_error: None,
            waiting: Vec::new(),
            content: Some(Content::Open(BatchBuilder::new(compression, timestamp_ms))),
        }
    }

    pub(crate) fn count(&self) -> i32 {
        i32::try_from(self.waiting.len()).unwrap_or(i32::MAX)
    }

    pub(crate) fn next(&self) -> u64 {
        self.first + self.waiting.len() as u64
    }

    /// Bytes: as they are when the batch is closed, before compression otherwise.
    pub(crate) fn size(&self) -> usize {
        match &self.content {
            Some(Content::Open(builder)) => builder.size_estimate(),
            Some(Content::Closed(batch)) => batch.size(),
            None => 0,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.content, Some(Content::Open(_)))
    }

    pub(crate) fn push(&mut self, record: &ProducerRecord, timestamp_ms: i64, waiter: W) {
        if let Some(Content::Open(builder)) = &mut self.content {
            builder.push(timestamp_ms, record.key.as_ref(), record.value.as_ref(), &record.headers);
            self.waiting.push(Waiting { waiter, timestamp_ms });
        }
    }

    /// Compresses the records, the first time.
    pub(crate) fn close(&mut self) -> Result<&ClosedBatch, BatchError> {
        let closed = match self.content.take() {
            Some(Content::Open(builder)) => builder.finish(Stamp::NONE, 0)?,
            Some(Content::Closed(batch)) => batch,
            None => return Err(BatchError::Empty),
        };
        match self.content.insert(Content::Closed(closed)) {
            Content::Closed(batch) => Ok(batch),
            Content::Open(_) => Err(BatchError::Empty),
        }
    }

    /// Takes the second half of the records away, as a batch behind this one.
    pub(crate) fn split_off(&mut self, compression: Compression) -> Result<Self, BatchError> {
        let records = open(self.close()?, DecompressionLimit(usize::MAX))?;
        let (left, right) = records.split_at(records.len() / 2);
        let (left_content, right_content) = (content_of(left, compression)?, content_of(right, compression)?);
        let first = self.first + left.len() as u64;
        let waiting = self.waiting.split_off(left.len());
        self.content = Some(left_content);
        Ok(Self {
            first,
            waiting,
            content: Some(right_content),
            id: self.id,
            created_ms: self.created_ms,
            attempts: self.attempts,
            last_attempt_ms: self.last_attempt_ms,
            leader_epoch: self.leader_epoch,
            last_error: self.last_error.clone(),
        })
    }
}

fn content_of(records: &[Record], compression: Compression) -> Result<Content, BatchError> {
    let mut builder = BatchBuilder::new(compression, records.first().map_or(0, |record| record.timestamp));
    for record in records {
        builder.push(record.timestamp, record.key.as_ref(), record.value.as_ref(), &record.headers);
    }
    Ok(Content::Closed(builder.finish(Stamp::NONE, 0)?))
}
