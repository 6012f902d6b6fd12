//! Produce requests that were encoded before, one after the other in a file: the kernel sends them from there, so that
//! a sender costs next to nothing.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use strait_wire::batch::ClosedBatch;
use strait_wire::codec::request_frame;
use strait_wire::message::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use strait_wire::record_data::RecordData;
use tempfile::NamedTempFile;

use crate::error::BenchError;

/// Last version with topics by name.
pub(super) const PRODUCE_VERSION: i16 = 12;
const TIMEOUT_MS: i32 = 30_000;

/// One request of the file.
#[derive(Clone, Debug)]
pub(super) struct Framed {
    /// Where it begins in the file.
    pub(super) begin: u64,
    /// Bytes of the whole frame.
    pub(super) length: u64,
    /// Records for each partition, from partition 0 on.
    records: Vec<u64>,
    /// Bytes of its batches.
    bytes: u64,
}

/// Requests with one batch for each partition, to be sent over and over.
#[derive(Debug)]
pub(super) struct Requests {
    file: NamedTempFile,
    pub(super) frames: Vec<Framed>,
    pub(super) topic: String,
    pub(super) partitions: i32,
}

/// What a number of requests brings.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub(super) bytes: u64,
    /// Records of each partition.
    pub(super) records: Vec<u64>,
}

impl Content {
    pub(super) fn all_records(&self) -> u64 {
        self.records.iter().sum()
    }
}

impl Requests {
    pub(super) fn encode(
        folder: &Path,
        topic: &str,
        partitions: i32,
        batches: &[ClosedBatch],
    ) -> Result<Self, BenchError> {
        let failed = |source| BenchError::File { path: folder.to_owned(), source };
        let file = NamedTempFile::new_in(folder).map_err(failed)?;
        let mut writer = BufWriter::new(file.as_file());
        let (mut begin, mut frames) = (0, Vec::new());
        for batches in batches.chunks(partitions.max(1) as usize) {
            let segments = request_frame(&request(topic, batches), PRODUCE_VERSION, 0, "strait-bench")?;
            for segment in &segments {
                writer.write_all(segment).map_err(failed)?;
            }
            let records =
                batches.iter().map(|batch| u64::try_from(batch.header().records_count).unwrap_or(0));
            let length = segments.iter().map(|segment| segment.len() as u64).sum();
            frames.push(Framed {
                begin,
                length,
                records: records.collect(),
                bytes: batches.iter().map(|batch| batch.size() as u64).sum(),
            });
            begin += length;
        }
        writer.flush().map_err(failed)?;
        drop(writer);
        Ok(Self { file, frames, topic: topic.to_owned(), partitions })
    }

    /// The file, for one sender.
    pub(super) fn open(&self) -> Result<File, BenchError> {
        self.file.reopen().map_err(|source| BenchError::File { path: self.path(), source })
    }

    fn path(&self) -> PathBuf {
        self.file.path().to_owned()
    }

    /// How many requests bring about `bytes`.
    pub(super) fn count_for(&self, bytes: u64) -> u64 {
        let all: u64 = self.frames.iter().map(|frame| frame.bytes).sum();
        bytes.saturating_mul(self.frames.len() as u64).div_ceil(all.max(1)).max(1)
    }

    /// What the first `count` requests bring.
    pub(super) fn content(&self, count: u64) -> Content {
        let mut content = Content { bytes: 0, records: vec![0; self.partitions.max(0) as usize] };
        for (index, frame) in self.frames.iter().enumerate() {
            let times = (count + self.frames.len() as u64 - 1 - index as u64) / self.frames.len() as u64;
            content.bytes += times * frame.bytes;
            for (all, records) in content.records.iter_mut().zip(&frame.records) {
                *all += times * records;
            }
        }
        content
    }
}

fn request(topic: &str, batches: &[ClosedBatch]) -> ProduceRequest {
    let partition_data = (0..).zip(batches).map(|(index, batch)| PartitionProduceData {
        index,
        records: Some(RecordData::single(batch.bytes().clone())),
    });
    let partition_data = partition_data.collect();
    let topic = TopicProduceData { name: topic.to_owned(), partition_data, ..TopicProduceData::default() };
    ProduceRequest { acks: -1, timeout_ms: TIMEOUT_MS, topic_data: vec![topic], ..ProduceRequest::default() }
}

#[cfg(test)]
mod tests {
    use strait_wire::batch::{BatchBuilder, Compression, Stamp};

    use super::*;

    fn batch(records: usize) -> ClosedBatch {
        let mut builder = BatchBuilder::new(Compression::None, 0);
        (0..records).for_each(|_| builder.push(0, None, Some(&bytes::Bytes::from_static(b"value")), &[]));
        builder.finish(Stamp::NONE, 0).unwrap()
    }

    #[test]
    fn what_requests_bring_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let batches = [batch(1), batch(2), batch(3)];
        let requests = Requests::encode(folder.path(), "topic", 2, &batches).unwrap();
        let size = |index: usize| batches[index].size() as u64;
        assert_eq!(requests.frames.len(), 2);
        let content = requests.content(3);
        assert_eq!((content.records.as_slice(), content.all_records()), ([5, 4].as_slice(), 9));
        assert_eq!(content.bytes, 2 * size(0) + 2 * size(1) + size(2));
        assert_eq!(requests.count_for(content.bytes), 4);
        let written: u64 = requests.frames.iter().map(|frame| frame.length).sum();
        assert_eq!(requests.open().unwrap().metadata().unwrap().len(), written);
    }
}
