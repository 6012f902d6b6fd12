//! The driver that costs next to nothing: senders and readers in threads of their own.

use std::sync::Arc;
use std::thread;

use super::reader::{self, Part};
use super::requests::{Content, Requests};
use super::sender;
use crate::error::BenchError;

/// Senders and readers on a broker.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) address: String,
    pub(super) requests: Arc<Requests>,
    /// Each sender sends so many requests.
    pub(super) count: u64,
    pub(super) senders: usize,
    pub(super) readers: usize,
}

type Outcome<T> = Result<Vec<T>, BenchError>;

impl Load {
    /// What all senders together bring.
    pub(super) fn content(&self) -> Content {
        let one = self.requests.content(self.count);
        let times = self.senders as u64;
        Content {
            bytes: one.bytes * times,
            records: one.records.iter().map(|records| records * times).collect(),
        }
    }

    /// Produces everything; gives the times from requests to answers in milliseconds.
    pub(super) fn produce(&self) -> Outcome<f64> {
        let senders = |_| || sender::send(&self.address, &self.requests, self.count);
        Ok(in_threads((0..self.senders).map(senders))?.concat())
    }

    /// Fetches everything from the begin; gives the bytes.
    pub(super) fn consume(&self) -> Result<u64, BenchError> {
        let readers = self
            .parts()
            .into_iter()
            .map(|parts| move || reader::read(&self.address, &self.requests.topic, &parts));
        Ok(in_threads(readers)?.iter().sum())
    }

    /// Produces everything while readers follow.
    pub(super) fn produce_and_consume(&self) -> Outcome<f64> {
        thread::scope(|scope| {
            let readers = scope.spawn(|| self.consume());
            let times = self.produce();
            readers.join().map_err(|_| BenchError::DriverEnded)??;
            times
        })
    }

    /// The partitions of each reader.
    fn parts(&self) -> Vec<Vec<Part>> {
        let mut parts = vec![Vec::new(); self.readers];
        for (index, (partition, end)) in (0..).zip(self.content().records).enumerate() {
            parts[index % self.readers].push(Part { partition, end });
        }
        parts
    }
}

/// Runs each in a thread of its own; the first error is the outcome.
fn in_threads<T: Send, W>(works: impl Iterator<Item = W>) -> Outcome<T>
where
    W: FnOnce() -> Result<T, BenchError> + Send,
{
    thread::scope(|scope| {
        let threads: Vec<_> = works.map(|work| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(|thread| thread.join().map_err(|_| BenchError::DriverEnded)?);
        joined.collect()
    })
}
