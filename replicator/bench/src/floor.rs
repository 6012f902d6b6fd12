//! The floor: fetched batches are produced as they are. Nothing is checked, remembered or repeated.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use strait_client::Pending;
use strait_wire::batch::{Entry, closed_batches};
use strait_wire::message::fetch::{FetchRequest, PartitionData};
use strait_wire::message::produce::ProduceRequest;
use strait_wire::record_data::RecordData;

use crate::clusters;
use crate::error::BenchError;
use crate::topic::{FetchLimits, Topic, answered};

const REQUESTS_IN_FLIGHT: usize = 5;
const REQUEST_BYTES: usize = 4 << 20;
/// Fetched and not yet sent; no fetch goes out above it.
const HELD_BYTES: usize = 16 << 20;
const LIMITS: FetchLimits =
    FetchLimits { max_wait_ms: 500, max_bytes: 4 << 20, partition_max_bytes: 1 << 20 };
/// Bytes of a batch's base offset, which must be zero in a produce request. No checksum covers it.
const OFFSET_BYTES: usize = 8;
const ZERO_OFFSET: Bytes = Bytes::from_static(&[0; OFFSET_BYTES]);

/// What to copy.
#[derive(Clone, Debug)]
pub struct FloorOptions {
    pub source: String,
    pub target: String,
    pub topic: String,
    /// An existing topic of the target.
    pub remote_topic: String,
    pub partitions: i32,
}

#[derive(Default)]
struct Queue {
    next_offset: i64,
    batches: VecDeque<Bytes>,
}

struct Floor {
    source: Topic,
    target: Topic,
    queues: Vec<Queue>,
    /// The partition that is asked for and sent first; moves on so that none waits for ever.
    first: usize,
    held_bytes: usize,
}

/// Copies until it is killed.
pub async fn copy(options: &FloorOptions) -> Result<(), BenchError> {
    let limit = Duration::from_secs(60);
    let source = clusters::connect(&options.source, limit).await?;
    let target = clusters::connect(&options.target, limit).await?;
    let queues = (0..options.partitions).map(|_| Queue::default()).collect();
    let floor = Floor {
        source: Topic::open(&source, &options.topic, options.partitions).await?,
        target: Topic::open(&target, &options.remote_topic, options.partitions).await?,
        queues,
        first: 0,
        held_bytes: 0,
    };
    floor.run().await
}

impl Floor {
    async fn run(mut self) -> Result<(), BenchError> {
        let mut fetching: Option<Pending<FetchRequest>> = None;
        let mut producing: VecDeque<Pending<ProduceRequest>> = VecDeque::new();
        loop {
            if fetching.is_none() && self.held_bytes < HELD_BYTES {
                fetching = Some(self.source.fetch(self.positions(), LIMITS)?);
            }
            while producing.len() < REQUESTS_IN_FLIGHT && self.held_bytes > 0 {
                let batches = self.take_batches();
                producing.push_back(self.target.produce(batches)?);
            }
            tokio::select! {
                response = answered(fetching.as_mut()) => {
                    fetching = None;
                    let answers = self.source.fetched(response?)?;
                    answers.into_iter().try_for_each(|answer| self.queue(answer))?;
                }
                response = answered(producing.front_mut()) => {
                    producing.pop_front();
                    self.target.produced(response?)?;
                }
            }
        }
    }

    /// All partitions, beginning with the one whose turn it is.
    fn order(&self) -> impl Iterator<Item = usize> + use<> {
        let (first, count) = (self.first, self.queues.len());
        (0..count).map(move |step| (first + step) % count)
    }

    fn positions(&self) -> impl Iterator<Item = (i32, i64)> {
        self.order().map(|index| (index as i32, self.queues[index].next_offset))
    }

    fn queue(&mut self, answer: PartitionData) -> Result<(), BenchError> {
        let (index, count) = (answer.partition_index as usize, self.queues.len());
        let queue = &mut self.queues[index];
        for entry in closed_batches(answer.records.unwrap_or_default().into_bytes()) {
            if let Entry::Closed(batch) = entry? {
                queue.next_offset = batch.header().next_offset();
                self.held_bytes += batch.size();
                queue.batches.push_back(batch.bytes().slice(OFFSET_BYTES..));
                self.first = (index + 1) % count;
            }
        }
        Ok(())
    }

    /// One batch of each partition that has any, up to the bytes of a request.
    fn take_batches(&mut self) -> Vec<(i32, RecordData)> {
        let mut taken = Vec::new();
        let mut bytes = 0;
        for index in self.order() {
            let Some(batch) = self.queues[index].batches.pop_front() else { continue };
            bytes += batch.len();
            self.held_bytes -= OFFSET_BYTES + batch.len();
            taken.push((index as i32, vec![ZERO_OFFSET, batch].into()));
            if bytes >= REQUEST_BYTES {
                break;
            }
        }
        taken
    }
}
