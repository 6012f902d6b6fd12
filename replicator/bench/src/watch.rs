//! The growth of a topic at the target while a copier runs.

use std::time::Duration;

use strait_client::{Cluster, IsolationLevel, ListOffsetsAt};
use strait_wire::batch::{Entry, closed_batches};
use tokio::time::{Instant, sleep};

use crate::clusters;
use crate::copier::Running;
use crate::dataset::Stored;
use crate::error::BenchError;
use crate::topic::{FetchLimits, Topic};

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(10);
/// Bound of one look. One that waited longer for its retries would see the first record late.
const LOOK_TIMEOUT: Duration = Duration::from_millis(100);
const SCAN_LIMITS: FetchLimits =
    FetchLimits { max_wait_ms: 500, max_bytes: 16 << 20, partition_max_bytes: 4 << 20 };

/// One look: records at the target, and what the copier had used by then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) at: Duration,
    pub(crate) records: u64,
    pub(crate) cpu_seconds: f64,
}

/// Looks at one topic of the target, which may not exist yet.
pub(crate) struct Watcher {
    cluster: Cluster,
    partitions: Vec<(String, i32)>,
}

impl Watcher {
    pub(crate) async fn new(address: &str, topic: &str, partitions: i32) -> Result<Self, BenchError> {
        let cluster = clusters::connect(address, LOOK_TIMEOUT).await?;
        let partitions = (0..partitions).map(|partition| (topic.to_owned(), partition)).collect();
        Ok(Self { cluster, partitions })
    }

    /// Offsets that the topic spans, all partitions together; none while it is not there.
    pub(crate) async fn records(&self) -> u64 {
        let (at, isolation) = (ListOffsetsAt::Latest, IsolationLevel::ReadUncommitted);
        let Ok(ends) = self.cluster.list_offsets(&self.partitions, at, isolation).await else { return 0 };
        let ends = ends.into_iter().filter_map(|(_, end)| u64::try_from(end.ok()?.offset).ok());
        ends.sum()
    }

    /// Samples from `begun` until there are `total` records.
    pub(crate) async fn until(
        &self,
        total: u64,
        running: &mut Running<'_>,
        begun: Instant,
        limit: Duration,
    ) -> Result<Vec<Sample>, BenchError> {
        let mut samples =
            vec![Sample { at: begun.elapsed(), records: 0, cpu_seconds: running.cpu_seconds()? }];
        loop {
            let records = self.records().await;
            running.check()?;
            samples.push(Sample { at: begun.elapsed(), records, cpu_seconds: running.cpu_seconds()? });
            if records >= total {
                return Ok(samples);
            }
            if begun.elapsed() > limit {
                let what = format!("{total} records copied by {}", running.name());
                return Err(BenchError::Deadline { what, after: limit, seen: format!("{records} records") });
            }
            sleep(INTERVAL).await;
        }
    }
}

/// Reads a topic to the end and adds up its batches; control batches do not count.
pub(crate) async fn scan(topic: &Topic, ends: u64) -> Result<Stored, BenchError> {
    let mut stored = Stored::default();
    let mut next = vec![0_i64; topic.partitions as usize];
    while next.iter().sum::<i64>().unsigned_abs() < ends {
        let positions = (0..).zip(next.iter().copied());
        let response = topic.fetch(positions, SCAN_LIMITS)?.await?;
        for answer in topic.fetched(response)? {
            for entry in closed_batches(answer.records.unwrap_or_default().into_bytes()) {
                let Entry::Closed(batch) = entry? else { continue };
                next[answer.partition_index as usize] = batch.header().next_offset();
                if !batch.header().attributes.is_control() {
                    stored.add(&batch);
                }
            }
        }
    }
    Ok(stored)
}
