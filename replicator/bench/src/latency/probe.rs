//! A consumer that notes when it first read each numbered record.

use strait_wire::batch::{DecompressionLimit, Entry, closed_batches, open};
use strait_wire::message::fetch::PartitionData;
use tokio::time::Instant;

use crate::error::BenchError;
use crate::topic::{FetchLimits, Topic};

const LIMITS: FetchLimits =
    FetchLimits { max_wait_ms: 500, max_bytes: 16 << 20, partition_max_bytes: 1 << 20 };
const OPENED_BYTES: DecompressionLimit = DecompressionLimit(64 << 20);

pub(super) struct Probe {
    topic: Topic,
    next_offsets: Vec<i64>,
    seen: Vec<Option<Instant>>,
    count: usize,
}

impl Probe {
    pub(super) fn new(topic: Topic) -> Self {
        let next_offsets = vec![0; topic.partitions as usize];
        Self { topic, next_offsets, seen: Vec::new(), count: 0 }
    }

    pub(super) fn seen_at(&self, number: usize) -> Option<Instant> {
        self.seen.get(number).copied().flatten()
    }

    /// Reads until it has seen this many different numbers.
    pub(super) async fn run(&mut self, numbers: usize) -> Result<(), BenchError> {
        while self.count < numbers {
            let positions = (0..).zip(self.next_offsets.iter().copied());
            let response = self.topic.fetch(positions, LIMITS)?.await?;
            let now = Instant::now();
            for answer in self.topic.fetched(response)? {
                self.take(answer, now)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, answer: PartitionData, now: Instant) -> Result<(), BenchError> {
        for entry in closed_batches(answer.records.unwrap_or_default().into_bytes()) {
            let Entry::Closed(batch) = entry? else { continue };
            self.next_offsets[answer.partition_index as usize] = batch.header().next_offset();
            if batch.header().attributes.is_control() {
                continue;
            }
            for record in open(&batch, OPENED_BYTES)? {
                let number = record.key.as_deref().and_then(|key| key.first_chunk::<8>());
                if let Some(number) = number {
                    self.note(u64::from_be_bytes(*number) as usize, now);
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, number: usize, now: Instant) {
        if self.seen.len() <= number {
            self.seen.resize(number + 1, None);
        }
        if self.seen[number].is_none() {
            self.seen[number] = Some(now);
            self.count += 1;
        }
    }
}
